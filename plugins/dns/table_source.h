// What a person writes to have it signed (SOURCE of `tharsis dns sign-table`), as the host has read it: see command_files in
// plugin.yaml.
#pragma once
#include "plugins/dns/core/address_table.h"
#include "sdk/async/host.h"

namespace tharsis::dns {

// `wall` is now, nanoseconds since 1970: what is not given begins there, and the serial is its second.
//   THARSIS_E_INVALID  what the schema cannot say is wrong; the sentence begins with the place in the file.
result<address_table> read_table_source(const host& tables, int64_t wall);

}  // namespace tharsis::dns

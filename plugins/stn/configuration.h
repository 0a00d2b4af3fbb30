// stn's part of the profile, read and checked beyond what the schema can say.
#pragma once
#include "plugins/stn/core/send_arguments.h"
#include "plugins/stn/core/settings.h"
#include "sdk/async/host.h"
#include "sdk/pure/error.h"

namespace tharsis::stn {

result<settings> read_settings(const host& tables);

// stn.http alone.
http_settings read_http(const host& tables);

// Of `tharsis stn send`: the files that its line names, absolute; empty: none.
struct send_files {
  std::string ca, certificate, key;
};
// One link, main, as its line says; the rest as --set says.
result<settings> read_settings(const host& tables, const send_arguments& line, const send_files& files);

}  // namespace tharsis::stn

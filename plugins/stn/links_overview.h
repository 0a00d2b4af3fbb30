// All long links of an instance together.
#pragma once
#include "plugins/stn/core/link_totals.h"
#include "plugins/stn/core/traffic.h"
#include "plugins/stn/link_directory.h"
#include "sdk/abi/stn_links.h"

namespace tharsis::stn {

link_totals totals_of(const link_directory& links, const traffic& all);

// `there`: there is a network at all.
tharsis_stn_network network_of(const link_directory& links, bool there);

}  // namespace tharsis::stn

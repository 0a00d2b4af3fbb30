// The keys of a plugin in a profile that belong to the runtime, not to the plugin: where it is, which
// thread it runs on, how long its steps and callbacks may take, what becomes of it when it fails.
#pragma once
#include <string_view>
#include <vector>

#include "runtime/restart_policy.h"
#include "runtime/schema.h"
#include "runtime/setting_value.h"
#include "runtime/settings.h"
#include "sdk/abi/platform.h"
#include "sdk/pure/time.h"

namespace tharsis::runtime {

// What happens when a callback blocks its thread, beside the report.
enum class stall_policy { report, restart, abort };

struct host_keys {
  uint32_t loop = THARSIS_STRAND_SHARED;
  duration start_deadline = runtime_settings{}.start_deadline;
  duration stop_deadline = runtime_settings{}.stop_deadline;
  duration stall_limit = runtime_settings{}.stall_limit;
  stall_policy stall = stall_policy::report;
  restart_policy restart;
};

const std::vector<setting>& host_settings();
// Those for which a plugin's manifest may have a default of its own; none has one here.
std::vector<setting> host_defaults();
bool is_host_key(std::string_view key);

// Moves the host's keys from a plugin's resolved tree to `taken`, and reads them.
host_keys take_host_keys(setting_value& tree, setting_value& taken);

}  // namespace tharsis::runtime

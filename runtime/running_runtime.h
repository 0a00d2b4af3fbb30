// The runtimes that run with a state folder, as another process sees them.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/metrics_report.h"
#include "runtime/os_control_linux.h"
#include "sdk/pure/error.h"

namespace tharsis::runtime {

struct running_status {
  struct plugin {
    std::string id, state, reason;
    int64_t since = 0, retry = 0;
    bool stuck = false;
    std::vector<std::string> leaks = {};
  };
  std::string json;  // As it came.
  std::string profile, process, state;
  std::vector<plugin> plugins;
};

// The one with this profile, or, when none is named, the only one.
//   THARSIS_E_NOT_FOUND  there is none.  THARSIS_E_INVALID  several run, and none was named.
result<std::unique_ptr<control_client>> reach_runtime(const std::string& state_folder, const std::optional<std::string>& profile);
// All of them; into `stuck` comes a sentence for each that runs and takes no questions.
std::vector<std::unique_ptr<control_client>> reach_all(const std::string& state_folder, std::vector<error>* stuck = nullptr);

// What is asked may fail for these reasons, too:
//   THARSIS_E_GONE  it has ended meanwhile.  THARSIS_E_TIMEOUT  it does not answer. What takes its time, a reload or a plugin's
//   command, is waited for as long as it answers others.
result<running_status> ask_status(control_client& runtime);

// What its profile changes, for a person; `json` is the answer as it came, empty if none did.
result<std::string> ask_reload(control_client& runtime, std::string& json);

struct running_level {
  std::string plugin, tag, level, origin;
};
// The levels of its log, once it has taken the changes {"stn/dialer": "debug"}; `json` is the answer as it came.
result<std::vector<running_level>> ask_levels(control_client& runtime, const std::map<std::string, std::string>& changes, std::string& json);

// What it has counted so far.
struct running_metrics {
  std::string json;  // As it came.
  std::vector<metric_reading> readings;
};
result<running_metrics> ask_metrics(control_client& runtime);

// A plugin's command, carried out by the plugin that runs there; nothing: it does not run there, or carries nothing out while it runs.
struct live_outcome {
  std::string printed, complained;
  int code = 0;
};
result<std::optional<live_outcome>> ask_command(control_client& runtime, const std::string& plugin, const std::vector<std::string>& words, const std::string& folder, bool colours);

// As `tharsis tell` has them: {"foreground": "0"}.
std::optional<error> tell(control_client& runtime, const std::map<std::string, std::string>& words);

}  // namespace tharsis::runtime

#include "runtime/metrics_command.h"

#include <cstdio>
#include <string>

#include "runtime/command_answer.h"
#include "runtime/metrics_report.h"
#include "runtime/os_main_wait.h"
#include "runtime/os_terminal.h"
#include "runtime/running_runtime.h"

namespace tharsis::runtime {
namespace {

constexpr auto watch_interval = std::chrono::seconds(1);  // A person reads no faster.
constexpr size_t width_for_meaning = 120;                 // Columns; below that the table would wrap.
constexpr const char* clear_screen = "\x1b[H\x1b[2J";

std::string shown(const command_line& line, const running_metrics& got) {
  if (line.json) return got.json + "\n";
  if (line.prometheus) return metrics_prometheus(got.readings);
  return metrics_table(got.readings, table_style_of(stdout));
}

// Until Ctrl-C, the end of the runtime, or nobody reads any more.
int watch(const command_line& line, control_client& runtime) {
  main_wait pause;
  const bool live = is_live_terminal(stdout) && !line.json;
  do {
    const auto got = ask_metrics(runtime);
    if (!got) return got.status() == THARSIS_E_GONE ? exit_done : complain(got.failure());
    if (const int code = say((live ? clear_screen : "") + shown(line, *got)); said_in_vain()) return code;
  } while (pause.wait(watch_interval) == main_wait::woken::deadline);
  return exit_done;
}

}  // namespace

table_style table_style_of(FILE* stream) {
  return {wants_colours(stream), !is_live_terminal(stream) || terminal_width(stream) >= width_for_meaning};
}

int metrics_command(const command_line& line) {
  if (line.json && line.prometheus) return refuse("tharsis: --json and --prometheus are two forms of the same; choose one\n");
  const auto runtime = reach_runtime(state_folder_of(line), line.arguments.empty() ? std::nullopt : std::optional(line.arguments[0]));
  if (!runtime) return complain(runtime.failure());
  if (line.watch) return watch(line, **runtime);
  const auto got = ask_metrics(**runtime);
  return got ? say(shown(line, *got)) : complain(got.failure());
}

}  // namespace tharsis::runtime

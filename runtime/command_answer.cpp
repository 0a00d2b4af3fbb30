#include "runtime/command_answer.h"

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "runtime/os_environment.h"
#include "runtime/os_profile_files.h"
#include "runtime/os_terminal.h"

namespace tharsis::runtime {

int say(const std::string& text) {
  if (std::fputs(text.c_str(), stdout) >= 0 && std::fflush(stdout) == 0) return exit_done;
  const int reason = errno;
  if (reason == EPIPE) return exit_done;
  refuse(std::string("tharsis: what there is to say cannot be written: ") + std::strerror(reason) + "\n");
  return exit_work_failed;
}

bool said_in_vain() { return std::ferror(stdout) != 0; }

int refuse(const std::string& text) {
  std::fputs(text.c_str(), stderr);
  return exit_input_wrong;
}

int refuse(const diagnostics& problems) {
  const std::string count = problems.count() == 1 ? "1 problem" : std::to_string(problems.count()) + " problems";
  return refuse(render(problems, {wants_colours(stderr)}) + count + "; nothing was started\n");
}

int complain(const error& e) {
  refuse("tharsis: " + e.text + "\n");
  return e.status == THARSIS_E_INVALID ? exit_input_wrong : exit_work_failed;
}

void warn(const diagnostics& warnings) { std::fputs(render(warnings, {wants_colours(stderr)}).c_str(), stderr); }

profile_request request_of(const command_line& line) {
  profile_request request;
  request.sets = line.sets;
  request.environment = process_environment();
  request.plugin_folders = line.plugin_folders;
  request.plugin_folders.push_back(program_folder() + "/../plugins");
  request.plugin_folders.push_back(program_folder() + "/" THARSIS_INSTALLED_PLUGINS);
  request.data_folder = line.state.value_or("");
  if (!line.arguments.empty()) request.file = line.arguments[0];
  return request;
}

std::string state_folder_of(const command_line& line) {
  return line.state ? absolute_path(*line.state) : user_data_folder();
}

}  // namespace tharsis::runtime

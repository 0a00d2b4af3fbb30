#include "runtime/os_terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string_view>

namespace tharsis::runtime {
namespace {
std::string_view environment(const char* name) {
  const char* const value = std::getenv(name);
  return value != nullptr ? value : "";
}
}  // namespace

bool is_live_terminal(FILE* stream) {
  return isatty(fileno(stream)) == 1 && !environment("TERM").empty() && environment("TERM") != "dumb";
}

bool wants_colours(FILE* stream) { return is_live_terminal(stream) && environment("NO_COLOR").empty(); }

size_t terminal_width(FILE* stream) {
  winsize size{};
  return ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

std::string program_folder() {
  std::error_code failure;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", failure);
  return failure ? "." : path.parent_path().string();
}

}  // namespace tharsis::runtime

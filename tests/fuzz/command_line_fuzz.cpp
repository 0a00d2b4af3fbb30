// The words typed after `tharsis`, one a line.
#include "runtime/command_line.h"

#include "tests/fuzz/harness.h"

using namespace tharsis;
using tharsis::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  std::vector<std::string> words;
  std::string_view left = fuzz::text_of(data, size);
  while (!left.empty()) {
    words.emplace_back(left.substr(0, left.find('\n')));
    left.remove_prefix(std::min(left.size(), words.back().size() + 1));
  }
  const auto line = runtime::parse_command_line(words);
  if (!line) {
    require(!line.failure().text.empty(), "a refused command line has a sentence");
  } else {
    require(line->sets.size() + line->plugin_folders.size() + line->arguments.size() <= words.size(), "no word counts twice");
  }
  return 0;
}

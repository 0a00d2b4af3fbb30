// What the runtime finds in its journal of starts after a crash, and what a child process that runs seeds tells, however it ended. The
// first byte chooses what it is.
#include "runtime/simulation/seed_runs.h"
#include "runtime/start_journal.h"
#include "tests/fuzz/harness.h"

using namespace tharsis;
using fuzz::require;

namespace {

void try_journal(std::string_view text) {
  for (const auto& [plugin, step] : runtime::read_start_journal(text)) {
    require(!plugin.empty() && !step.empty(), "somebody was interrupted in something");
    require(plugin.find('\n') == std::string::npos && step.find(' ') == std::string::npos, "a line is one step of one plugin");
  }
}

void try_outcome(const std::string& line) {
  const auto read = runtime::read_outcome(line);
  if (!read) return;
  const std::string said = runtime::outcome_line(read->first, read->second);
  const auto again = runtime::read_outcome(said);
  require(again && runtime::outcome_line(again->first, again->second) == said, "what is told is understood");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view all = fuzz::text_of(data, size);
  if (all.empty()) return 0;
  if (all[0] == 'j')
    try_journal(all.substr(1));
  else
    try_outcome(std::string(all.substr(1)));
  return 0;
}

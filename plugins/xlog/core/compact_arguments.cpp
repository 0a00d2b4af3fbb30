#include "plugins/xlog/core/compact_arguments.h"

#include "sdk/pure/nearest.h"

namespace tharsis::xlog {
namespace {

error wrong_word(std::string text) { return {THARSIS_E_INVALID, "xlog compact: " + std::move(text)}; }

}  // namespace

result<compact_arguments> parse_compact_arguments(const std::vector<std::string>& words) {
  compact_arguments parsed;
  for (const std::string& word : words) {
    if (word.empty()) return wrong_word("a path is empty");
    if (word[0] != '-') parsed.paths.push_back(word);
    else if (word == "--dry-run") parsed.dry_run = true;
    else if (word == "--json") parsed.json = true;
    else if (word == "--help" || word == "-h") parsed.help = true;
    else {
      const auto near = nearest(word, {"--dry-run", "--json", "--help"});
      return wrong_word("there is no option '" + word + "'" + (near ? "; did you mean " + *near + "?" : "") + " See tharsis xlog compact --help");
    }
  }
  if (parsed.paths.empty() && !parsed.help) return wrong_word("name at least one log file or folder. See tharsis xlog compact --help");
  return parsed;
}

const std::string_view compact_help =
    "tharsis xlog compact [--dry-run] [--json] PATH...\n"
    "  Puts the lines of closed log files (.tlog), or of all in a folder, into fewer and larger blocks. A program that says little\n"
    "  writes many small ones, which cost up to six times as much. All lines, their order and their times stay as they are.\n"
    "  A runtime with `compact: idle` does the same by itself.\n"
    "  --dry-run        say which files would be compacted, and touch nothing\n"
    "  --json           one JSON object a file\n"
    "  A file is replaced at once, by one that is whole: whoever is killed, or whose disk is full, leaves the old one. Files stay\n"
    "  as they are that somebody writes, that are damaged or sealed, and that would not become smaller by a tenth.\n"
    "  Exit codes: 0 done, also where there was nothing to do; 1 a file could not be compacted; 2 the input is wrong.\n"
    "  Example: tharsis xlog compact /var/log/app\n";

}  // namespace tharsis::xlog

#include "plugins/xlog/core/compact_arguments.h"

#include "sdk/pure/option_words.h"

namespace tharsis::xlog {

result<compact_arguments> parse_compact_arguments(const std::vector<std::string>& words) {
  compact_arguments parsed;
  option_words known("xlog compact");
  known.flag("--dry-run", parsed.dry_run).flag("--json", parsed.json).value("--key", parsed.key).words("a path", parsed.paths);
  if (error wrong = known.read(words); wrong.status != THARSIS_OK) return wrong;
  parsed.help = known.help();
  if (parsed.paths.empty() && !parsed.help) return known.wrong_see_help("name at least one log file or folder.");
  return parsed;
}

const std::string_view compact_help =
    "tharsis xlog compact [--key FILE] [--dry-run] [--json] PATH...\n"
    "  Puts the lines of closed log files (.tlog), or of all in a folder, into fewer and larger blocks. A program that says little\n"
    "  writes many small ones, which cost up to six times as much. All lines, their order and their times stay as they are.\n"
    "  A runtime with `compact: idle` does the same by itself.\n"
    "  --key FILE       a private key that opens sealed files; their lines are sealed again, for all who could read them\n"
    "  --dry-run        say which files would be compacted, and touch nothing\n"
    "  --json           one JSON object a file\n"
    "  A file is replaced at once, by one that is whole: whoever is killed, or whose disk is full, leaves the old one. Files stay\n"
    "  as they are that somebody writes, that are damaged, that are sealed and whose key was not given, and that would not become smaller by a tenth.\n"
    "  Exit codes: 0 done, also where there was nothing to do; 1 a file could not be compacted; 2 the input is wrong.\n"
    "  Example: tharsis xlog compact /var/log/app\n";

}  // namespace tharsis::xlog

#include "plugins/xlog/core/cat_arguments.h"

#include "plugins/xlog/core/level.h"
#include "sdk/pure/nearest.h"

namespace tharsis::xlog {
namespace {

error wrong(std::string text) { return {THARSIS_E_INVALID, "xlog cat: " + std::move(text)}; }

// Takes one option with its value; empty: done.
error take_option(cat_arguments& into, std::string_view option, const std::string& value, int64_t now) {
  const std::string said = std::string(option) + ": '" + value + "' ";
  if (option == "--key") {
    into.key = value;
  } else if (option == "--plugin") {
    into.wanted.plugins.push_back(value);
  } else if (option == "--tag") {
    into.wanted.tags.push_back(value);
  } else if (option == "--grep") {
    into.wanted.texts.push_back(value);
  } else if (option == "--level") {
    const auto level = level_from(value);
    if (!level || *level == THARSIS_LOG_OFF)
      return wrong(said + "is no level; levels are verbose, debug, info, warning, error, fatal, or their first letters V D I W E F");
    into.wanted.level = *level;
  } else {
    const auto moment = parse_moment(value, now);
    if (!moment)
      return wrong(said + "is no time; write 2026-11-25, 2026-11-25T10:11:12 (UTC), or 10m for ten minutes ago");
    (option == "--since" ? into.wanted.since : into.wanted.until) = *moment;
  }
  return {THARSIS_OK, {}};
}

error unknown(std::string_view option) {
  const auto near =
      nearest(option, {"--level", "--plugin", "--tag", "--grep", "--since", "--until", "--key", "--json", "--help"});
  return wrong("there is no option '" + std::string(option) + "'" + (near ? "; did you mean " + *near + "?" : "") +
               " See tharsis xlog cat --help");
}

}  // namespace

result<cat_arguments> parse_cat_arguments(const std::vector<std::string>& words, int64_t now) {
  cat_arguments parsed;
  bool options = true;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (!options || word.empty() || word[0] != '-') {
      if (word.empty()) return wrong("a path is empty");
      parsed.paths.push_back(word);
      continue;
    }
    const size_t equals = word.find('=');
    const std::string option = word.substr(0, equals);
    const bool flag = option == "--json" || option == "--help" || option == "-h" || option == "--";
    if (flag && equals != std::string::npos) return wrong("option " + option + " takes no value");
    if (option == "--json") parsed.json = true;
    else if (option == "--help" || option == "-h") parsed.help = true;
    else if (option == "--") options = false;
    if (flag) continue;
    if (option != "--level" && option != "--plugin" && option != "--tag" && option != "--grep" && option != "--since" && option != "--until" &&
        option != "--key")
      return unknown(option);
    if (equals == std::string::npos && i + 1 == words.size()) return wrong("option " + option + " needs a value behind it");
    const error failure =
        take_option(parsed, option, equals == std::string::npos ? words[++i] : word.substr(equals + 1), now);
    if (failure.status != THARSIS_OK) return failure;
  }
  if (parsed.paths.empty() && !parsed.help)
    return wrong("name at least one log file or folder with log files. See tharsis xlog cat --help");
  return parsed;
}

const std::string_view cat_help =
    "tharsis xlog cat [OPTION]... PATH...\n"
    "  Prints the lines of log files, or of all log files in a folder, in the order of their times (UTC).\n"
    "  --level LEVEL    this level and worse: verbose, debug, info, warning, error, fatal, or V D I W E F\n"
    "  --plugin ID      lines of this plugin; may be repeated\n"
    "  --tag TAG        lines with this tag; may be repeated\n"
    "  --grep TEXT      lines that hold TEXT; when repeated, all of them\n"
    "  --since TIME     from then on: 2026-11-25, 2026-11-25T10:11:12 (UTC), or 10m for ten minutes ago\n"
    "  --until TIME     before then\n"
    "  --key FILE       the private key that opens sealed files; tharsis xlog keygen makes one\n"
    "  --json           one JSON object a line: time, level, thread, plugin, tag, file, line, text, and fields, the values\n"
    "                   in the text by their names, or their numbers from 0 (durations in nanoseconds, bytes in hexadecimal)\n"
    "  What cannot be read is named on stderr with its place and the reason; the rest is printed.\n"
    "  Exit codes: 0 all was read, 1 something could not be read, 2 the input is wrong.\n";

}  // namespace tharsis::xlog

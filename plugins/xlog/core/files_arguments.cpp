#include "plugins/xlog/core/files_arguments.h"

#include "plugins/xlog/core/utc.h"
#include "sdk/pure/nearest.h"

namespace tharsis::xlog {
namespace {

error wrong_word(std::string text) { return {THARSIS_E_INVALID, "xlog files: " + std::move(text)}; }

// "2026-11-25", or as it stands in the names: "20261125".
std::optional<int64_t> parse_day(const std::string& text, int64_t now) {
  if (const auto day = parse_utc_day(text)) return day;
  const auto moment = text.size() == 10 ? parse_moment(text, now) : std::nullopt;
  return moment ? std::optional(utc_day(*moment)) : std::nullopt;
}

error take_value(files_arguments& into, const std::string& option, const std::string& value, int64_t now) {
  const std::string said = option + ": '" + value + "' ";
  if (option == "--day") {
    into.wanted.day = parse_day(value, now);
    if (!into.wanted.day) return wrong_word(said + "is no day; write 2026-11-25 or 20261125");
    return {THARSIS_OK, {}};
  }
  const auto moment = parse_moment(value, now);
  if (!moment) return wrong_word(said + "is no time; write 2026-11-25, 2026-11-25T10:11:12 (UTC), or 10m for ten minutes ago");
  (option == "--since" ? into.wanted.since : into.wanted.until) = *moment;
  return {THARSIS_OK, {}};
}

}  // namespace

result<files_arguments> parse_files_arguments(const std::vector<std::string>& words, int64_t now) {
  files_arguments parsed;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    if (word.empty()) return wrong_word("a folder's name is empty");
    if (word[0] != '-') {
      parsed.folders.push_back(word);
      continue;
    }
    const size_t equals = word.find('=');
    const std::string option = word.substr(0, equals);
    if (word == "--json") parsed.json = true;
    else if (word == "--help" || word == "-h") parsed.help = true;
    else if (option == "--day" || option == "--since" || option == "--until") {
      if (equals == std::string::npos && i + 1 == words.size()) return wrong_word("option " + option + " needs a value behind it");
      const error failure = take_value(parsed, option, equals == std::string::npos ? words[++i] : word.substr(equals + 1), now);
      if (failure.status != THARSIS_OK) return failure;
    } else {
      const auto near = nearest(option, {"--day", "--since", "--until", "--json", "--help"});
      return wrong_word("there is no option '" + word + "'" + (near ? "; did you mean " + *near + "?" : "") + " See tharsis xlog files --help");
    }
  }
  if (parsed.folders.empty() && !parsed.help) return wrong_word("name at least one folder with log files. See tharsis xlog files --help");
  return parsed;
}

const std::string_view files_help =
    "tharsis xlog files [--day DAY] [--since TIME] [--until TIME] [--json] DIR...\n"
    "  Lists the log files in folders: how many lines they have, of which levels and from when to when (UTC), and whether\n"
    "  somebody writes them. No key is needed, and no line is read.\n"
    "  --day DAY        files that are named by this day: 2026-11-25 or 20261125\n"
    "  --since TIME     files that may have lines from then on: 2026-11-25, 2026-11-25T10:11:12, or 10m for ten minutes ago\n"
    "  --until TIME     files that may have lines before then\n"
    "  --json           one JSON object a file\n"
    "  Levels: V D I W E F. State: open, complete, not closed (its writer died), torn (it was cut, or damaged: see\n"
    "  tharsis xlog verify); 'older' where lines of a dead process are in it too, which are not counted here.\n"
    "  A file that is on its way from one of the folders to another is listed once.\n"
    "  Exit codes: 0 all was listed, 1 a folder could not be, 2 the input is wrong.\n"
    "  Example: tharsis xlog files --since 1d /var/log/app\n";

}  // namespace tharsis::xlog

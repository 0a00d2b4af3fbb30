#include "plugins/xlog/core/files_arguments.h"

#include "sdk/pure/option_words.h"
#include "sdk/pure/utc.h"

namespace tharsis::xlog {
namespace {

// "2026-11-25", or as it stands in the names: "20261125".
std::optional<int64_t> parse_day(const std::string& text, int64_t now) {
  if (const auto day = parse_utc_day(text)) return day;
  const auto moment = text.size() == 10 ? parse_moment(text, now) : std::nullopt;
  return moment ? std::optional(utc_day(*moment)) : std::nullopt;
}

}  // namespace

result<files_arguments> parse_files_arguments(const std::vector<std::string>& words, int64_t now) {
  files_arguments parsed;
  const auto take_day = [&](const std::string& text) {
    parsed.wanted.day = parse_day(text, now);
    return std::string(parsed.wanted.day ? "" : "is no day; write 2026-11-25 or 20261125");
  };
  option_words known("xlog files");
  known.flag("--json", parsed.json).value("--day", take_day).words("a folder's name", parsed.folders);
  known.value("--since", take_moment(parsed.wanted.since, now)).value("--until", take_moment(parsed.wanted.until, now));
  if (error wrong = known.read(words); wrong.status != THARSIS_OK) return wrong;
  parsed.help = known.help();
  if (parsed.folders.empty() && !parsed.help) return known.wrong_see_help("name at least one folder with log files.");
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
    "  tharsis xlog verify), shipped while open (what came later is not here); 'in part' where some was left out when it was\n"
    "  shipped; 'older' where lines of a dead process are in it too, which are not counted here.\n"
    "  A file that is on its way from one of the folders to another is listed once.\n"
    "  Exit codes: 0 all was listed, 1 a folder could not be, 2 the input is wrong.\n"
    "  Example: tharsis xlog files --since 1d /var/log/app\n";

}  // namespace tharsis::xlog

#include "plugins/gateway/core/wish_arguments.h"

#include "sdk/pure/option_words.h"
#include "sdk/pure/shipping.h"
#include "sdk/pure/units.h"
#include "sdk/pure/utc.h"

namespace tharsis::gateway {
namespace {

std::string take_source(const std::string& word, std::string& to) {
  if (!shipping::is_name(word)) return "'" + word + "' is no name of a source: letters, digits, '.', '_' and '-', up to 128";
  if (!to.empty()) return "one source at a time: '" + to + "' or '" + word + "'?";
  to = word;
  return {};
}

std::string take_level(const std::string& text, std::string& to) {
  if (!shipping::level_of(text)) return "is no level; levels are verbose, debug, info, warning, error, fatal";
  to = text;
  return {};
}

std::string take_last(const std::string& text, std::optional<int64_t>& to, int64_t now) {
  const auto length = parse_duration(text);
  if (!length) return "is no duration; write 30s, 5m, 2h or 1d";
  to = now - length->count();
  return {};
}

option_words::taker take_time(std::optional<int64_t>& to, int64_t now) {
  return [&to, now](const std::string& text) {
    int64_t moment = 0;
    std::string why = take_moment(moment, now)(text);
    if (why.empty()) to = moment;
    return why;
  };
}

}  // namespace

result<wish_arguments> parse_wish_arguments(const std::vector<std::string>& words, int64_t now) {
  wish_arguments parsed;
  option_words known("gateway wish");
  known.value("--last", [&](const std::string& text) { return take_last(text, parsed.since, now); });
  known.value("--since", take_time(parsed.since, now)).value("--until", take_time(parsed.until, now));
  known.value("--level", [&](const std::string& text) { return take_level(text, parsed.level); });
  known.value("--cancel", parsed.cancel).value("--folder", parsed.folder).flag("--list", parsed.list);
  known.words("a source's name", [&](const std::string& word) { return take_source(word, parsed.source); });
  if (error wrong = known.read(words); wrong.status != THARSIS_OK) return wrong;
  parsed.help = known.help();
  if (parsed.help) return parsed;
  const bool wishes = !parsed.line().empty();
  if (parsed.list + wishes + !parsed.cancel.empty() > 1) return known.wrong_see_help("a wish is made, cancelled, or listed: one at a time.");
  if (parsed.list) return parsed;
  if (parsed.source.empty()) return known.wrong_see_help("say of whom: the name of a source, such as phone-7; --list shows what is asked for.");
  if (!wishes && parsed.cancel.empty()) return known.wrong_see_help("say which lines: --last 2h, --since, --until or --level.");
  if (parsed.since && parsed.until && *parsed.since >= *parsed.until) return known.wrong("no line is from " + moment_text(*parsed.since) + " on and before " + moment_text(*parsed.until));
  return parsed;
}

std::string wish_arguments::line() const {
  std::string text;
  const auto add = [&](const std::string& word) { text += (text.empty() ? "" : " ") + word; };
  if (since) add("since=" + moment_text(*since));
  if (until) add("until=" + moment_text(*until));
  if (!level.empty()) add("level=" + level);
  return text;
}

const std::string_view wish_help =
    "tharsis gateway wish [OPTION]... SOURCE\n"
    "tharsis gateway wish --cancel ID SOURCE\n"
    "tharsis gateway wish --list [SOURCE]\n"
    "  Asks a sender of logs for more than it sends by itself. A program whose setting xlog.ship.when has `request` is told when it\n"
    "  comes next, sends what it has of that, and the wish is gone. After a week nobody is told any more.\n"
    "  --last DURATION  lines since so long ago: 30s, 5m, 2h, 1d\n"
    "  --since TIME     lines from then on: 2026-11-25, 2026-11-25T10:11:12 (UTC), or 10m for ten minutes ago\n"
    "  --until TIME     lines before then; without it, whatever there is when it comes\n"
    "  --level LEVEL    this level and worse: verbose, debug, info, warning, error, fatal; without it, all\n"
    "  --cancel ID      takes a wish away; its id is in the list\n"
    "  --list           shows what is asked for, of SOURCE or of all\n"
    "  --state DIR      the gateway's, which may be running\n"
    "  --folder DIR     where it keeps log files, if its setting gateway.logs.folder says so; else gateway/logs in its state\n"
    "  Exit codes: 0 done, 1 not (the reason is told), 2 the input is wrong.\n"
    "  Examples:\n"
    "  tharsis gateway wish --last 2h --level debug phone-7\n"
    "  tharsis gateway wish --since 2026-11-26T10:00 --until 2026-11-26T11:00 phone-7\n"
    "  tharsis gateway wish --list\n";

}  // namespace tharsis::gateway

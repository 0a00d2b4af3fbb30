#include "plugins/xlog/core/push_arguments.h"

#include "plugins/xlog/core/level.h"
#include "sdk/pure/address.h"
#include "sdk/pure/option_words.h"
#include "sdk/pure/units.h"
#include "sdk/pure/utc.h"

namespace tharsis::xlog {
namespace {

std::string take_level(const std::string& text, uint32_t& to) {
  const auto level = level_from(text);
  if (!level || *level >= levels_count) return "is no level; levels are verbose, debug, info, warning, error, fatal";
  to = *level;
  return {};
}

std::string take_duration(const std::string& text, std::optional<duration>& to) {
  const auto length = parse_duration(text);
  if (!length) return "is no duration; write 30s, 5m, 2h or 1d";
  to = *length;
  return {};
}

std::string take_rate(const std::string& text, std::optional<uint64_t>& to) {
  const auto rate = parse_size(text);
  if (!rate || *rate <= 0) return "is no number of bytes a second; write 200KiB";
  to = static_cast<uint64_t>(*rate);
  return {};
}

std::string take_source(const std::string& text, std::string& to) {
  if (!shipping::is_name(text)) return "is no name for a source: letters, digits, '.', '_' and '-', up to 128";
  to = text;
  return {};
}

}  // namespace

result<push_arguments> parse_push_arguments(const std::vector<std::string>& words, int64_t now) {
  push_arguments parsed;
  bool has_url = false;
  const auto take_word = [&](const std::string& word) {
    if (has_url) return parsed.paths.push_back(word), std::string();
    auto to = parse_url(word);
    if (!to) return to.failure().text;
    parsed.to = std::move(*to);
    has_url = true;
    return std::string();
  };
  const auto take_last = [&](const std::string& text) {
    std::optional<duration> length;
    std::string why = take_duration(text, length);
    if (length) parsed.wanted.since = now - length->count();
    return why;
  };
  option_words known("xlog push");
  known.flag("--json", parsed.json).flag("--dry-run", parsed.dry).flag("--plain", parsed.plain).words("a path", take_word);
  known.value("--since", take_moment(parsed.wanted.since, now)).value("--until", take_moment(parsed.wanted.until, now)).value("--last", take_last);
  known.value("--level", [&](const std::string& text) { return take_level(text, parsed.wanted.level); });
  known.value("--rate", [&](const std::string& text) { return take_rate(text, parsed.rate); });
  known.value("--deadline", [&](const std::string& text) { return take_duration(text, parsed.deadline); });
  known.value("--source", [&](const std::string& text) { return take_source(text, parsed.source); });
  known.value("--ca", parsed.ca).value("--token-file", parsed.token_file);
  if (error wrong = known.read(words); wrong.status != THARSIS_OK) return wrong;
  parsed.help = known.help();
  if (parsed.help) return parsed;
  if (!has_url || parsed.paths.empty()) return known.wrong_see_help("say where to, and what: tharsis xlog push https://logs.example.com DIR.");
  const error allowed = may_ship_to(parsed.to, parsed.plain);
  if (allowed.status != THARSIS_OK) return known.wrong(allowed.text + ", or say --plain");
  return parsed;
}

error may_ship_to(const url& to, bool plain_allowed) {
  const auto address = parse_ip(to.host);
  const bool stays_here = to.host == "localhost" || (address && is_loopback(*address));
  if (to.secure || stays_here || plain_allowed) return {THARSIS_OK, {}};
  return {THARSIS_E_DENIED, to.origin() + " would send everything unencrypted, the token too; use https://"};
}

const std::string_view push_help =
    "tharsis xlog push URL [OPTION]... PATH...\n"
    "  Sends log files, or the log files in folders, to a receiver such as the gateway plugin. The receiver says what it\n"
    "  lacks, and only that goes: call it again after any interruption, as often as you like. Sealed files go as they are;\n"
    "  neither side needs a key. A file that is being written goes as far as it is there.\n"
    "  --since TIME, --until TIME, --last DURATION\n"
    "                   blocks that may have lines of that time: 2026-11-25, 2026-11-25T10:11:12 (UTC), 10m\n"
    "  --level LEVEL    blocks with lines of this level or worse: verbose, debug, info, warning, error, fatal\n"
    "                   What is left out is told by xlog verify and cat; a later push may bring it. Files of other formats\n"
    "                   go whole, unless they were written last before --since.\n"
    "  --source NAME    who we are at the receiver (the machine's name)\n"
    "  --token-file F   the receiver's token for this source; else setting ship.token_file, or ship.token\n"
    "  --ca FILE        whose certificates are trusted, PEM; without it those that the system trusts\n"
    "  --plain          http:// also to other machines: everybody between can read the token and what is not sealed\n"
    "  --rate BYTES     a second, at most: 200KiB\n"
    "  --deadline TIME  for all of it (1h); after two minutes without a useful answer it gives up anyway\n"
    "  --dry-run        asks what the receiver has, and says what would be offered; sends nothing\n"
    "  --json           the summary as one JSON object\n"
    "  Exit codes: 0 the receiver has everything, 1 not (the reason is told; what it took stays there), 2 the input is wrong.\n"
    "  Examples:\n"
    "  tharsis xlog push https://logs.example.com --token-file token --ca ca.pem logs/\n"
    "  tharsis xlog push https://logs.example.com --token-file token --level warning --last 1d logs/\n";

}  // namespace tharsis::xlog

#include "plugins/xlog/core/push_arguments.h"

#include <algorithm>
#include <array>

#include "plugins/xlog/core/level.h"
#include "plugins/xlog/core/utc.h"
#include "sdk/pure/address.h"
#include "sdk/pure/nearest.h"
#include "sdk/pure/units.h"

namespace tharsis::xlog {
namespace {

constexpr std::array<std::string_view, 9> valued = {"--since", "--until", "--last", "--level", "--source", "--ca", "--token-file", "--rate", "--deadline"};

error wrong_word(std::string text) { return {THARSIS_E_INVALID, "xlog push: " + std::move(text)}; }
const error fine{THARSIS_OK, {}};

error take_value(push_arguments& into, const std::string& option, const std::string& value, int64_t now) {
  const std::string said = option + ": '" + value + "' ";
  if (option == "--level") {
    const auto level = level_from(value);
    if (!level || *level >= levels_count) return wrong_word(said + "is no level; levels are verbose, debug, info, warning, error, fatal");
    into.wanted.level = *level;
  } else if (option == "--since" || option == "--until") {
    const auto moment = parse_moment(value, now);
    if (!moment) return wrong_word(said + "is no time; write 2026-11-25, 2026-11-25T10:11:12 (UTC), or 10m for ten minutes ago");
    (option == "--since" ? into.wanted.since : into.wanted.until) = *moment;
  } else if (option == "--last" || option == "--deadline") {
    const auto length = parse_duration(value);
    if (!length) return wrong_word(said + "is no duration; write 30s, 5m, 2h or 1d");
    if (option == "--last") into.wanted.since = now - length->count();
    else into.deadline = *length;
  } else if (option == "--rate") {
    const auto rate = parse_size(value);
    if (!rate || *rate <= 0) return wrong_word(said + "is no number of bytes a second; write 200KiB");
    into.rate = static_cast<uint64_t>(*rate);
  } else if (option == "--source") {
    if (!shipping::is_name(value)) return wrong_word(said + "is no name for a source: letters, digits, '.', '_' and '-', up to 128");
    into.source = value;
  } else {
    (option == "--ca" ? into.ca : into.token_file) = value;
  }
  return fine;
}

error take_word(push_arguments& into, bool& has_url, const std::string& word) {
  if (has_url) {
    into.paths.push_back(word);
    return fine;
  }
  auto to = parse_url(word);
  if (!to) return wrong_word(to.failure().text);
  into.to = std::move(*to);
  has_url = true;
  return fine;
}

bool take_flag(push_arguments& into, const std::string& word) {
  if (word == "--json") into.json = true;
  else if (word == "--dry-run") into.dry = true;
  else if (word == "--plain") into.plain = true;
  else if (word == "--help" || word == "-h") into.help = true;
  else return false;
  return true;
}

}  // namespace

result<push_arguments> parse_push_arguments(const std::vector<std::string>& words, int64_t now) {
  push_arguments parsed;
  bool has_url = false;
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    error failure = fine;
    if (word.empty()) return wrong_word("an empty word is no path");
    if (word[0] != '-') {
      failure = take_word(parsed, has_url, word);
    } else if (!take_flag(parsed, word)) {
      const size_t equals = word.find('=');
      const std::string option = word.substr(0, equals);
      if (std::find(valued.begin(), valued.end(), option) == valued.end()) {
        std::vector<std::string> names(valued.begin(), valued.end());
        names.insert(names.end(), {"--json", "--dry-run", "--plain", "--help"});
        const auto near = nearest(option, names);
        return wrong_word("there is no option '" + option + "'" + (near ? "; did you mean " + *near + "?" : "") + " See tharsis xlog push --help");
      }
      if (equals == std::string::npos && i + 1 == words.size()) return wrong_word("option " + option + " needs a value behind it");
      failure = take_value(parsed, option, equals == std::string::npos ? words[++i] : word.substr(equals + 1), now);
    }
    if (failure.status != THARSIS_OK) return failure;
  }
  if (parsed.help) return parsed;
  if (!has_url || parsed.paths.empty()) return wrong_word("say where to, and what: tharsis xlog push https://logs.example.com DIR. See tharsis xlog push --help");
  const error allowed = may_ship_to(parsed.to, parsed.plain);
  if (allowed.status != THARSIS_OK) return wrong_word(allowed.text + ", or say --plain");
  return parsed;
}

error may_ship_to(const url& to, bool plain_allowed) {
  const auto address = parse_ip(to.host);
  const bool stays_here = to.host == "localhost" || (address && is_loopback(*address));
  if (to.secure || stays_here || plain_allowed) return fine;
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

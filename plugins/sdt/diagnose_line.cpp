#include "plugins/sdt/diagnose_line.h"

#include <algorithm>

#include "plugins/sdt/core/name_reply.h"
#include "sdk/pure/address.h"
#include "sdk/pure/option_values.h"

namespace tharsis::sdt {
namespace {

// A host that takes connections: IP:PORT.
std::string take_control(wish& w, const std::string& text) {
  const auto at = parse_place(text);
  if (!at || at->port == 0) return "'" + text.substr(0, 100) + "' is no control; write IP:PORT";
  w.controls.push_back(*at);
  return {};
}
std::string take_closed(wish& w, const std::string& text) {
  const auto at = parse_place(text);
  if (!at || at->port == 0) return "'" + text.substr(0, 100) + "' is no port on which nobody listens; write IP:PORT";
  w.closed = *at;
  return {};
}
std::string take_identity(wish& w, const std::string& text) {
  if (!question_of(text, record_type::a, 0)) return "'" + text.substr(0, 100) + "' is no name; write one whose authority answers with the address of whoever asked it";
  w.identity_name = text;
  return {};
}
std::string take_resolver(wish& w, const std::string& text) {
  auto r = parse_resolver(text);
  if (!r) return r.failure().text;
  w.resolvers.push_back(std::move(*r));
  return {};
}
std::string take_canary(wish& w, const std::string& text) {
  auto c = parse_canary(text);
  if (!c) return c.failure().text;
  w.canaries.push_back(std::move(*c));
  return {};
}
std::string take_download(wish& w, const std::string& text) {
  auto c = parse_canary(text);
  if (!c) return "'" + text.substr(0, 100) + "' is no large page; write http://HOST/PAGE@IP";
  if (c->at.empty()) return "'" + text.substr(0, 100) + "' says no address for it, so that no name has to be asked for; write http://HOST/PAGE@IP";
  if (c->page.secure) return "'" + text.substr(0, 100) + "' is over TLS; the load of what comes down takes a page over http";
  w.download = std::move(*c);
  return {};
}
std::string take_pin(wish& w, const std::string& text) {
  const auto pin = parse_pin(text);
  if (!pin) return pin.failure().text;
  w.pins.push_back(*pin);
  return {};
}

std::string take_proxy(wish& w, const std::string& text) {
  auto through = parse_proxy(text);
  if (!through) return through.failure().text;
  w.through = std::move(*through);
  return {};
}

using reader = std::string (*)(wish&, const std::string&);

}  // namespace

const std::string_view diagnose_help =
    "usage: tharsis sdt diagnose [TARGET] [OPTION...]\n"
    "What is broken, where, who is to blame, how surely, and what to do. Needs no privileges.\n"
    "  TARGET               NAME, IP:PORT, tcp://HOST:PORT, tcps://HOST:PORT, http://HOST/PAGE, https://HOST/PAGE; without one the\n"
    "                       network as a whole\n"
    "  --depth DEPTH        passive: nothing is sent; light: a few packets to each; medium: also sizes and losses, below 300 KB\n"
    "                       (the default); heavy: also under load, up to 20 MB\n"
    "  --deadline TIME      5s; of heavy 10s\n"
    "  --budget BYTES       300000; 0: any number\n"
    "  --resolver SERVER    one that proves its name, https://IP/dns-query#NAME or tls://IP#NAME; udp://IP, tcp://IP; as often as you like\n"
    "  --canary URL@IP      a page over http whose true answer is known, and where it is: http://host/generate_204@192.0.2.7\n"
    "  --canary-key KEY     of a gateway's pages, http://host/canary/@192.0.2.7, which are refused without it\n"
    "  --download URL@IP    with --depth heavy: a large page over http; without it the gateway's of the first --canary\n"
    "  --control IP:PORT    another host that takes connections, best one that is no name server\n"
    "  --closed IP:PORT     a port of a host of yours on which nobody listens: if a connection to it stands, somebody on the way has taken it\n"
    "  --identity NAME      a name whose authority answers with the address of whoever asked: with a --resolver that proves its name it shows\n"
    "                       who takes questions for names\n"
    "  --proxy URL          is it needed? http://HOST:PORT, socks5://HOST:PORT\n"
    "  --pin sha256/...     a key of the target's certificates\n"
    "  --ca FILE            who vouches for servers, instead of those whom the system trusts\n"
    "  --json               one line of JSON, last\n"
    "  --html FILE          a page with everything, to be opened in a browser\n"
    "  --no-redact          addresses and names as they are in FILE and JSON, too; text always has them as they are\n"
    "exit code: 0 all is well, 1 something is not, 2 the command is wrong";

const std::string_view watch_help =
    "usage: tharsis sdt watch [TARGET] [--every 30s] [--rounds N] [OPTION...]\n"
    "Diagnoses it again and again, and prints a line each time that something else is wrong. The options are those of sdt diagnose\n"
    "but --json and --html; --depth is light where nothing is said.\n"
    "exit code: 0 after N rounds, 2 the command is wrong";

std::optional<depth> depth_named(std::string_view word) {
  constexpr std::string_view names[] = {"passive", "light", "medium", "heavy"};
  for (size_t i = 0; i < std::size(names); ++i)
    if (word == names[i]) return static_cast<depth>(i);
  return std::nullopt;
}

namespace {

// Nobody can tell a gateway's page from a forged one without the key it is marked with.
std::string lacks_key(const wish& w) {
  for (const canary& c : w.canaries)
    if (is_of_gateway(c.page) && w.canary_key.empty()) return "the canary '" + c.page.text() + "' is a gateway's page, and nothing says its key";
  return {};
}

result<wish> wish_of(const settings::diagnose_settings& s) {
  wish w;
  w.deadline = s.deadline;
  w.budget = s.budget;
  w.canary_key = s.canary_key;
  struct list {
    std::string_view key;
    const std::vector<std::string>& texts;
    reader read;
  };
  const list lists[] = {{"canaries", s.canaries, take_canary}, {"controls", s.controls, take_control}, {"resolvers", s.resolvers, take_resolver}, {"pins", s.pins, take_pin}};
  for (const list& l : lists)
    for (const std::string& text : l.texts)
      if (const std::string wrong = l.read(w, text); !wrong.empty()) return error{THARSIS_E_INVALID, "sdt.diagnose." + std::string(l.key) + ": " + wrong};
  struct one {
    std::string_view key;
    const std::string& text;
    reader read;
  };
  const one ones[] = {{"download", s.download, take_download}, {"closed", s.closed, take_closed}, {"identity_name", s.identity_name, take_identity}};
  for (const one& o : ones) {
    const std::string wrong = o.text.empty() ? std::string() : o.read(w, o.text);
    if (!wrong.empty()) return error{THARSIS_E_INVALID, "sdt.diagnose." + std::string(o.key) + ": " + wrong};
  }
  return w;
}

}  // namespace

result<wish> wish_from(const settings::diagnose_settings& s) {
  auto w = wish_of(s);
  if (!w) return w;
  if (const std::string wrong = lacks_key(*w); !wrong.empty()) return error{THARSIS_E_INVALID, "sdt.diagnose.canaries: " + wrong + "; set sdt.diagnose.canary_key to the gateway's canary.key"};
  return w;
}

result<diagnose_line> parse_diagnose_line(const std::vector<std::string>& words, const settings::diagnose_settings& s, bool again) {
  auto known_before = wish_of(s);
  if (!known_before) return known_before.failure();
  diagnose_line line;
  line.asked = std::move(*known_before);
  line.ca = s.tls.ca;
  std::vector<std::string> targets;
  option_words known(again ? "sdt watch" : "sdt diagnose");
  known.words("a target", targets).value("--ca", take_file(line.ca));
  if (again) known.value("--every", take_patience(line.every)).value("--rounds", take_whole(line.rounds, 1, 1'000'000));
  else known.flag("--json", line.json).flag("--no-redact", line.open).value("--html", take_file(line.html));
  std::optional<duration> deadline;
  std::optional<uint64_t> budget;
  depth how_deep = again ? depth::light : depth::medium;
  known.value("--deadline", [&](const std::string& text) { return deadline.emplace(), take_patience(*deadline)(text); });
  known.value("--budget", take_whole(budget, 0, 1'000'000'000));
  known.value("--depth", [&](const std::string& text) -> std::string {
    const auto d = depth_named(text);
    how_deep = d.value_or(depth::medium);
    return d ? "" : "is no depth; there are passive, light, medium and heavy";
  });
  const std::pair<std::string_view, reader> more[] = {
      {"--resolver", take_resolver}, {"--canary", take_canary}, {"--download", take_download}, {"--control", take_control}, {"--pin", take_pin}, {"--proxy", take_proxy}, {"--closed", take_closed}, {"--identity", take_identity}};
  known.quiet_value("--canary-key", [&](const std::string& text) { return line.asked.canary_key = text, std::string(); });
  for (const auto& [name, read] : more) known.quiet_value(name, [&line, read = read](const std::string& text) { return read(line.asked, text); });
  if (const error wrong = known.read(words); wrong.status != THARSIS_OK) return wrong;
  line.help = known.help();
  if (line.help) return line;
  if (const std::string wrong = lacks_key(line.asked); !wrong.empty()) return known.wrong(wrong + "; give it with --canary-key, or as sdt.diagnose.canary_key");
  line.asked.go(how_deep);
  line.asked.deadline = deadline.value_or(line.asked.deadline);
  line.asked.budget = budget.value_or(line.asked.budget);
  if (targets.size() > 1) return known.wrong_see_help("it takes one target, got '" + targets[0] + "' and '" + targets[1] + "'.");
  if (targets.empty()) return line;
  auto at = parse_aim(targets[0]);
  if (!at) return known.wrong(at.failure().text);
  line.asked.at = std::move(*at);
  return line;
}

}  // namespace tharsis::sdt

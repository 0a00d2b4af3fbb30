#include "plugins/stn/core/send_arguments.h"

#include <algorithm>
#include <array>
#include <limits>

#include "plugins/stn/core/settings.h"
#include "sdk/pure/nearest.h"
#include "sdk/pure/units.h"

namespace tharsis::stn {
namespace {

constexpr std::array<std::string_view, 16> valued = {"--codec", "--command",  "--body",           "--body-file",
                                                     "--count", "--in-flight", "--rate",          "--deadline",
                                                     "--ca",    "--user",      "--client-version", "--address", "--proxy", "--pin", "--cert", "--key"};
constexpr std::array<std::string_view, 6> flags = {"--plain", "--keys", "--hash", "--json", "--help", "-h"};

error wrong(std::string text) { return {THARSIS_E_INVALID, "stn send: " + std::move(text)}; }

// Goes from word to word. Whatever is wrong first is kept in failure().
class reader {
 public:
  explicit reader(const std::vector<std::string>& words) : words_(words) {}

  result<send_arguments> read() {
    for (size_t i = 0; i < words_.size() && !failure_; ++i) {
      const std::string& word = words_[i];
      if (!word.starts_with('-')) {
        add_endpoint(word);
        continue;
      }
      const size_t equals = word.find('=');
      const std::string name = word.substr(0, equals);
      if (std::find(flags.begin(), flags.end(), name) != flags.end()) {
        if (equals != std::string::npos) complain("option " + name + " takes no value");
        take_flag(name);
      } else if (std::find(valued.begin(), valued.end(), name) == valued.end()) {
        unknown(name);
      } else if (equals == std::string::npos && i + 1 == words_.size()) {
        complain("option " + name + " needs a value behind it");
      } else {
        take(name, equals == std::string::npos ? words_[++i] : word.substr(equals + 1));
      }
    }
    if (!failure_ && !out_.help) check_whole();
    if (failure_) return *failure_;
    return std::move(out_);
  }

 private:
  void complain(std::string text) {
    if (!failure_) failure_ = wrong(std::move(text));
  }

  void unknown(const std::string& name) {
    std::vector<std::string> names(valued.begin(), valued.end());
    names.insert(names.end(), flags.begin(), flags.end());
    const auto near = nearest(name, names);
    complain("there is no option '" + name + "'" + (near ? "; did you mean " + *near + "?" : "") +
             " See tharsis stn send --help");
  }

  void add_endpoint(const std::string& word) {
    const auto parsed = parse_endpoint(word);
    if (!parsed) return complain(parsed.failure().text);
    if (parsed->scheme != "tcp" && parsed->scheme != "tcps")
      return complain("'" + word + "' is neither tcps:// nor tcp://");
    out_.endpoints.push_back(*parsed);
  }

  void add_address(const std::string& value) {
    const auto address = parse_place(value);
    if (!address) return complain("--address: " + address.failure().text);
    out_.addresses.push_back(*address);
  }

  void take_proxy(const std::string& value) {
    auto through = parse_proxy(value);
    if (!through) return complain("--proxy: " + through.failure().text);
    out_.through = std::move(*through);
  }

  void add_pin(const std::string& value) {
    const auto pin = parse_pin(value);
    if (!pin) return complain("--pin: " + pin.failure().text);
    out_.pins.push_back(*pin);
  }

  void take_flag(const std::string& name) {
    if (name == "--plain") out_.plain = true;
    else if (name == "--keys") out_.keys = true;
    else if (name == "--hash") out_.hash = true;
    else if (name == "--json") out_.json = true;
    else out_.help = true;
  }

  void take(const std::string& name, const std::string& value) {
    if (name == "--body") out_.body = value;
    else if (name == "--body-file") out_.body_file = value;
    else if (name == "--user") out_.user = value;
    else if (name == "--ca") out_.ca = value;
    else if (name == "--cert") out_.certificate = value;
    else if (name == "--key") out_.key = value;
    else if (name == "--address") add_address(value);
    else if (name == "--proxy") take_proxy(value);
    else if (name == "--pin") add_pin(value);
    else if (name == "--rate") take_rate(value);
    else if (name == "--deadline") take_deadline(value);
    else if (name == "--command") out_.command = static_cast<uint32_t>(whole(name, value, 1, uint32_max));
    else if (name == "--client-version") out_.client_version = static_cast<uint32_t>(whole(name, value, 0, uint32_max));
    else if (name == "--count") out_.plan.count = whole(name, value, 1, send_count_max);
    else if (name == "--in-flight") out_.plan.in_flight = whole(name, value, 1, send_count_max), in_flight_ = true;
    else out_.codec = value;
    if ((name == "--ca" || name == "--cert" || name == "--key" || name == "--body-file") && value.empty()) complain("option " + name + " needs the name of a file");
    if (name == "--codec" && !is_codec_name(value)) complain("--codec: a codec's name is a lower-case word, like mars or length-prefixed, not '" + value + "'");
    if (name == "--command" && out_.command == mars::command_noop)
      complain("--command: 6 is the heartbeat's, no task may have it");
  }

  int64_t whole(const std::string& name, const std::string& value, int64_t least, int64_t most) {
    const auto number = parse_integer(value);
    if (number && *number >= least && *number <= most) return *number;
    complain(name + ": expected a whole number from " + std::to_string(least) + " to " + std::to_string(most) + ", got '" +
             value + "'");
    return least;
  }

  void take_rate(const std::string& value) {
    const auto rate = parse_real(value.ends_with("/s") ? value.substr(0, value.size() - 2) : value);
    if (!rate || *rate < send_rate_min || *rate > send_rate_max)
      return complain("--rate: expected tasks a second, like '5' or '0.5/s', from 0.001 to 1000000, got '" + value + "'");
    out_.plan.rate = *rate;
  }

  void take_deadline(const std::string& value) {
    const auto deadline = parse_duration(value);
    if (!deadline || *deadline < 1ms || *deadline > 24h)
      return complain("--deadline: expected a time from 1ms to 1d, like '15s', got '" + value + "'");
    out_.plan.deadline = *deadline;
  }

  void check_whole() {
    if (out_.endpoints.empty()) return complain("name at least one endpoint, like tcps://im.example.com:443");
    if (out_.command == 0) return complain("--command N is missing: what the server is asked for");
    if (!out_.body && !out_.body_file) return complain("--body TEXT or --body-file FILE is missing");
    if (out_.certificate.empty() != out_.key.empty()) return complain("--cert FILE and --key FILE belong together");
    if (out_.body && out_.body_file) return complain("--body and --body-file exclude each other");
    if (in_flight_ && out_.plan.rate > 0)
      complain("--in-flight (the next task when one is answered) and --rate (the next task when its time has come) "
               "exclude each other");
  }

  static constexpr int64_t uint32_max = std::numeric_limits<uint32_t>::max();

  const std::vector<std::string>& words_;
  send_arguments out_;
  bool in_flight_ = false;
  std::optional<error> failure_;
};

}  // namespace

result<send_arguments> parse_send_arguments(const std::vector<std::string>& words) { return reader(words).read(); }

const std::string_view send_help =
    "tharsis stn send ENDPOINT... --command N (--body TEXT | --body-file FILE) [OPTION]...\n"
    "  Opens one long link, sends tasks, and prints one JSON object: how many were answered, how fast, and why the\n"
    "  others were not. Each ENDPOINT is tcps://host:port or tcp://host:port; a later one is tried when the one\n"
    "  before fails. Nothing else is sent but what shows that the link lives.\n"
    "  --command N         the message type, in every frame\n"
    "  --body TEXT         what each task carries; --body-file FILE: the bytes of a file\n"
    "  --count N           so many tasks (1)\n"
    "  --in-flight K       so many tasks without an answer at a time (1); the next one starts when one is over\n"
    "  --rate R            instead: R tasks a second, like 5, 0.5 or 5/s, whatever becomes of them; the time of each is\n"
    "                      counted from the moment when it was due\n"
    "  --deadline TIME     the total time of each task (15s)\n"
    "  --ca FILE           trust the authority in this PEM file, and no other\n"
    "  --pin sha256/BASE64 the server's key, or one of its issuers', must be this; several may be given\n"
    "  --cert FILE         show this certificate to the server; --key FILE: its private key\n"
    "  --proxy URL         go through http://[USER:PASSWORD@]HOST:PORT, https://... or socks5://...; others can read the\n"
    "                      password in the list of processes: --set links.main.proxy=... can, too\n"
    "  --address IP[:PORT] dial this address, whatever the endpoint's name resolves to; several may be given\n"
    "  --plain             tcp:// may leave this machine, unencrypted\n"
    "  --user NAME         say hello as NAME; without it a ping's pong proves that the server is there\n"
    "  --keys              give each task an idempotency key: when the link breaks it is sent again. Without one, a task\n"
    "                      that was sent fails with its link.\n"
    "  --client-version N  stands in every frame (200)\n"
    "  --codec NAME        how messages stand on the wire: mars (the default), length-prefixed, or a plugin's; then\n"
    "                      --plugins DIR where that plugin is, unless it lies beside the others\n"
    "  --hash              add sha256: of the answers' bodies, one behind the other in the order of the tasks\n"
    "  --json              print the JSON object only\n"
    "  --set KEY=VALUE     a setting of stn, like links.main.answer_timeout=2s or tasks.waiting_max=10000\n"
    "  The JSON: sent = ok + failed; reasons: how often each; p50_us, p95_us, p99_us, max_us: of the answered;\n"
    "  first_answer_us: since the start, connecting included; elapsed_us: from the first answer to the last; connects:\n"
    "  how often the link came up; bytes_sent and bytes_received: inside TLS. Times are null when nothing was answered.\n"
    "  Exit codes: 0 all tasks were answered, 1 some were not, 2 the command is wrong.\n";

}  // namespace tharsis::stn

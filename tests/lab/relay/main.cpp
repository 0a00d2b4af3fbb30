// lab_relay: carries packets between TUN devices of two network namespaces and does to them what its
// plan says. The only part with a clock; relay.h decides.
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <iterator>

#include "runtime/os_profile_files.h"
#include "runtime/yaml_tree.h"
#include "sdk/pure/units.h"
#include "tests/lab/relay/relay.h"
#include "tests/lab/relay/tun.h"

namespace tharsis::lab {
namespace {

constexpr const char* usage =
    "lab_relay --seed N --plan FILE --inside NETNS:DEVICE --outside NETNS:DEVICE\n"
    "\n"
    "Makes a TUN device in each of two network namespaces (paths like /run/netns/router), prints\n"
    "{\"ready\":true}, and carries IP packets between them as the plan says. Reads commands, one a line:\n"
    "  start   time zero of the plan; before, its first state holds\n"
    "  forget  the NAT forgets every flow it knows\n"
    "  reset   every known TCP flow is reset at both ends\n"
    "  stats   prints the counters as a line of JSON\n"
    "At the end of its input, or on SIGTERM, it prints the counters and ends with 0. Ends with 2 for a mistake\n"
    "in the plan or in these words, with 1 when the system refuses something. The plan: tests/lab/relay/README.md\n";

constexpr int wrong_use = 2, refused = 1;

instant now() {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return instant_from(t.tv_sec * 1'000'000'000 + t.tv_nsec);
}

void print_line(const std::string& line) {
  std::fputs((line + "\n").c_str(), stdout);
  std::fflush(stdout);
}

struct words {
  uint64_t seed = 0;
  std::string plan;
  tun_place inside, outside;
};

result<words> parse_words(int count, char** given) {
  words made;
  unsigned seen = 0;
  for (int i = 1; i < count; i += 2) {
    const std::string_view name = given[i];
    if (i + 1 == count) return error{THARSIS_E_INVALID, "'" + std::string(name) + "' needs a value"};
    const std::string_view value = given[i + 1];
    if (name == "--seed") {
      const auto seed = parse_integer(value);
      if (!seed) return error{THARSIS_E_INVALID, "--seed: " + seed.failure().text};
      made.seed = static_cast<uint64_t>(*seed);
      seen |= 1;
    } else if (name == "--plan") {
      made.plan = value;
      seen |= 2;
    } else if (name == "--inside" || name == "--outside") {
      auto place = parse_tun_place(value);
      if (!place) return error{THARSIS_E_INVALID, std::string(name) + ": " + place.failure().text};
      (name == "--inside" ? made.inside : made.outside) = *place;
      seen |= name == "--inside" ? 4 : 8;
    } else {
      return error{THARSIS_E_INVALID, "unknown option '" + std::string(name) + "'"};
    }
  }
  if (seen != 15) return error{THARSIS_E_INVALID, "--seed, --plan, --inside and --outside are all needed"};
  return made;
}

// Complete lines out of a descriptor that may bring any pieces of them.
class command_reader {
 public:
  // False at the end.
  bool read_more(int from) {
    char piece[512];
    const ssize_t n = read(from, piece, sizeof piece);
    if (n < 0) return errno == EINTR || errno == EAGAIN;
    text_.append(piece, static_cast<size_t>(n));
    return n > 0;
  }
  std::optional<std::string> take_line() {
    const size_t end = text_.find('\n');
    if (end == std::string::npos) return {};
    std::string line = text_.substr(0, end);
    text_.erase(0, end + 1);
    return line;
  }

 private:
  std::string text_;
};

class shuttle {
 public:
  shuttle(relay& carries, int inside, int outside, int signals) : relay_(carries), ends_{inside, outside}, signals_(signals) {}

  // Until the end is asked for. False: a device is gone.
  bool run() {
    pollfd watched[] = {{STDIN_FILENO, POLLIN, 0}, {ends_[0], POLLIN, 0}, {ends_[1], POLLIN, 0}, {signals_, POLLIN, 0}};
    for (;;) {
      const duration wait = std::max(relay_.next_due() - now(), duration::zero());
      const timespec limit{static_cast<time_t>(wait.count() / 1'000'000'000), static_cast<long>(wait.count() % 1'000'000'000)};
      if (ppoll(watched, std::size(watched), &limit, nullptr) < 0) continue;
      if (watched[3].revents != 0 || (watched[0].revents != 0 && !obey())) return true;
      if (((watched[1].revents | watched[2].revents) & POLLERR) != 0) return false;
      if (watched[1].revents != 0) take_in(direction::up);
      if (watched[2].revents != 0) take_in(direction::down);
      hand_out();
    }
  }

 private:
  bool obey() {
    const bool more = commands_.read_more(STDIN_FILENO);
    while (const auto line = commands_.take_line()) {
      if (*line == "start") relay_.start(now());
      else if (*line == "forget") relay_.forget();
      else if (*line == "reset") relay_.reset(now());
      else if (*line == "stats") print_line(json_of(relay_.counted(), relay_.connections()));
      else std::fprintf(stderr, "lab_relay: unknown command '%s'; there are start, forget, reset and stats\n", line->c_str());
    }
    return more;
  }

  // A bounded number, so that one direction's flood does not delay what is due in the other.
  void take_in(direction way) {
    constexpr int most = 64;
    for (int i = 0; i < most; ++i) {
      const ssize_t size = read(ends_[static_cast<size_t>(way)], packet_, sizeof packet_);
      if (size <= 0) return;
      relay_.on_packet(way, {packet_, static_cast<size_t>(size)}, now());
    }
  }

  void hand_out() {
    while (const auto due = relay_.take_due(now())) {
      const bytes& packet = due->packet;
      if (write(ends_[static_cast<size_t>(opposite(due->way))], packet.data(), packet.size()) < 0)
        relay_.on_refused(*due);  // The device is down, or the system wants no such packet.
    }
  }

  relay& relay_;
  int ends_[2];  // By the direction that is read from it.
  int signals_;
  command_reader commands_;
  uint8_t packet_[65536];
};

// Answers a descriptor that is readable when somebody asks for the end.
int prepare_process() {
  prctl(PR_SET_TIMERSLACK, 1);  // Wakes are as exact as the kernel can.
  // A busy machine must not add to the plan's delays: with eight loops beside it on two processors, round
  // trips of 40 ms took 48 by a nice value and 40.2 so. Where neither is allowed it does without.
  const sched_param first{1};
  if (sched_setscheduler(0, SCHED_FIFO, &first) != 0) setpriority(PRIO_PROCESS, 0, -15);
  std::signal(SIGPIPE, SIG_IGN);
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGTERM);
  sigaddset(&ends, SIGINT);
  sigprocmask(SIG_BLOCK, &ends, nullptr);
  return signalfd(-1, &ends, SFD_CLOEXEC);
}

int fail(int code, const std::string& text) {
  std::fprintf(stderr, "lab_relay: %s\n", text.c_str());
  return code;
}

int run(const words& given) {
  runtime::diagnostics problems;
  const auto in = std::make_shared<runtime::source>(runtime::source{given.plan, {}, runtime::source::kind::profile, {}});
  const auto text = runtime::read_text_file(given.plan, runtime::yaml_text_largest);
  if (!text) return fail(wrong_use, given.plan + ": " + text.failure().text);
  in->text = *text;
  plan states = parse_plan(in, problems);
  if (!problems.empty()) return std::fputs(render(problems).c_str(), stderr), wrong_use;
  const auto inside = open_tun(given.inside);
  if (!inside) return fail(refused, inside.failure().text);
  const auto outside = open_tun(given.outside);
  if (!outside) return fail(refused, outside.failure().text);
  const int signals = prepare_process();
  relay carries(std::move(states), given.seed);
  print_line("{\"ready\":true}");
  const bool ended_well = shuttle(carries, *inside, *outside, signals).run();
  print_line(json_of(carries.counted(), carries.connections()));
  return ended_well ? 0 : fail(refused, "a TUN device is gone; was its namespace taken away?");
}

}  // namespace
}  // namespace tharsis::lab

int main(int count, char** given) {
  using namespace tharsis::lab;
  if (count == 2 && std::strcmp(given[1], "--help") == 0) return std::fputs(usage, stdout), 0;
  const auto parsed = parse_words(count, given);
  if (parsed) return run(*parsed);
  std::fprintf(stderr, "lab_relay: %s\n\n%s", parsed.failure().text.c_str(), usage);
  return wrong_use;
}

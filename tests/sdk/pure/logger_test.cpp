// Lines written through the logger: byte for byte in a ring, and in words where there is none.
#include "sdk/pure/logger.h"

#include <gtest/gtest.h>

#include <csignal>
#include <random>
#include <thread>
#include <utility>

#include "tests/sdk/pure/ring_log.h"

using namespace tharsis;
using test::ring_log;
using lines = std::vector<std::string>;

namespace {

enum class colour : uint8_t { red = 3 };
enum plain_enum { low = -2 };

struct point {
  int x, y;
};
std::string to_text(const point& p) { return std::to_string(p.x) + ";" + std::to_string(p.y); }

struct trap {};
std::string to_text(const trap&) {
  errno = ERANGE;
  throw std::runtime_error("no text today");
}

std::vector<uint8_t> bytes_in_order(std::initializer_list<std::vector<uint8_t>> parts, size_t size) {
  std::vector<uint8_t> all;
  for (const auto& p : parts) all.insert(all.end(), p.begin(), p.end());
  all.resize(size);
  return all;
}
std::vector<uint8_t> text_bytes(std::string_view t) { return {t.begin(), t.end()}; }

// The arguments' bytes without what fills up to a multiple of eight, which may be anything.
std::vector<uint8_t> meant(const test::plain_rings::line& l, size_t size) {
  EXPECT_LE(size, l.arguments.size());
  EXPECT_LT(l.arguments.size() - size, 8u);
  return {l.arguments.begin(), l.arguments.begin() + static_cast<std::ptrdiff_t>(size)};
}

template <class... A>
constexpr format_mistake mistake(std::string_view text) {
  return check_format(text, {log_detail::codes<A...>.data(), sizeof...(A)});
}
template <class T>
constexpr char code_of = log_detail::wire_of<T>::code;

}  // namespace

static_assert(code_of<bool> == 'b' && code_of<char> == 'c' && code_of<int8_t> == 'i' && code_of<unsigned char> == 'u');
static_assert(code_of<short> == 'i' && code_of<unsigned> == 'u' && code_of<long> == 'l' && code_of<unsigned long long> == 'm');
static_assert(code_of<float> == 'd' && code_of<double> == 'd' && code_of<colour> == 'u' && code_of<plain_enum> == 'i');
static_assert(code_of<int*> == 'p' && code_of<std::nullptr_t> == 's' && code_of<void (*)(int)> == 'p' && code_of<const volatile int*> == 'p');
static_assert(code_of<char[5]> == 's' && code_of<const char*> == 's' && code_of<std::string> == 's' && code_of<std::string_view> == 's');
static_assert(code_of<std::span<uint8_t>> == 'x' && code_of<std::vector<uint8_t>> == 'x' && code_of<const uint8_t[4]> == 'x');
static_assert(code_of<std::chrono::seconds> == 't' && code_of<std::chrono::duration<double>> == 't' && code_of<point> == 's');
static_assert(code_of<std::chrono::system_clock::time_point> == 'w' && code_of<secret_argument> == 'z');

static_assert(mistake<int, std::string>("{} {}") == format_mistake::none);
static_assert(mistake<int, std::string>("{}") == format_mistake::too_many_arguments);
static_assert(mistake<int>("{} {}") == format_mistake::too_few_arguments);
static_assert(mistake<std::string>("{:d}") == format_mistake::spec_does_not_fit);
static_assert(mistake<int>("{:.3f}") == format_mistake::spec_does_not_fit);
static_assert(mistake<>("{") == format_mistake::broken && mistake<int>("{one two}") == format_mistake::broken);

static_assert(log_detail::nanoseconds_of(std::chrono::hours(3)) == 10'800'000'000'000);
static_assert(log_detail::nanoseconds_of(std::chrono::hours::max()) == INT64_MAX);
static_assert(log_detail::nanoseconds_of(std::chrono::hours::min()) == INT64_MIN);
static_assert(log_detail::nanoseconds_of(std::chrono::duration<double>(0.5)) == 500'000'000);
static_assert(log_detail::nanoseconds_of(std::chrono::duration<double>(1e30)) == INT64_MAX);

TEST(Logger, ALineStandsInTheRingByteForByte) {
  ring_log host;
  const logger log(&host.table, "net");
  log.info("{} {name} {:x} {}", uint16_t{0x0102}, "Bob", 0x0304050607080910, true);
  const auto written = host.rings->take();
  ASSERT_EQ(written.size(), 1u);
  EXPECT_EQ(meant(written[0], 20), bytes_in_order({{2, 1, 0, 0}, {3, 0, 0, 0}, {0x10, 9, 8, 7, 6, 5, 4, 3}, {1}, text_bytes("Bob")}, 20));
  EXPECT_EQ(written[0].tick, ring_log::clock);
  EXPECT_EQ(written[0].text(), "258 Bob 304050607080910 true");
  const auto& site = written[0].of;
  EXPECT_EQ(site.level, static_cast<uint32_t>(THARSIS_LOG_INFO));
  EXPECT_EQ(site.text, "{} {name} {:x} {}");
  EXPECT_EQ(site.codes, "uslb");
  EXPECT_EQ(site.tag, "net");
  EXPECT_EQ(site.plugin, "plugin");
  EXPECT_TRUE(site.file.ends_with("logger_test.cpp")) << site.file;
  EXPECT_EQ(site.line, static_cast<uint32_t>(__LINE__ - 13));
}

TEST(Logger, EveryTypeComesOutAsItWentIn) {
  ring_log host;
  const logger log(&host.table);
  const uint8_t raw[] = {0xab, 0x01};
  const std::string name = "Zoe";
  const int* const nowhere = nullptr;
  log.verbose("{} {} {} {}", 'c', false, colour::red, low);
  log.debug("{} {} {} {}", int8_t{-1}, uint8_t{255}, int64_t{-5}, 1.5f);
  log.info("{} {} {} {}", name, std::string_view("view"), static_cast<const char*>(nullptr), nowhere);
  log.warning("{} {} {}", raw, std::vector<uint8_t>{1, 2}, secret(name));
  log.error("{} {} {}", std::chrono::milliseconds(20), std::chrono::system_clock::time_point(std::chrono::seconds(5)), point{1, -2});
  log.fatal("nothing");
  EXPECT_EQ(host.rings->take_texts(), (lines{"c false 3 -2", "-1 255 -5 1.5", "Zoe view (null) 0x0", "ab01 0102 (secret)",
                                             "20 ms 5.000000000 1;-2", "nothing"}));
  EXPECT_TRUE(host.words.empty());
}

// Texts are copied eight bytes at a time: no length comes out short, and no byte of a neighbour is touched.
TEST(Logger, TextsOfEveryLength) {
  ring_log host;
  const logger log(&host.table);
  lines expected;
  for (size_t n = 0; n < 300; ++n) {
    std::string text(n, ' ');
    for (size_t i = 0; i < n; ++i) text[i] = static_cast<char>('a' + (i + n) % 26);
    log.info("{}|{}|{}", text, n, text.substr(n / 2));
    expected.push_back(text + "|" + std::to_string(n) + "|" + text.substr(n / 2));
  }
  EXPECT_EQ(host.rings->take_texts(), expected);
}

TEST(Logger, SixtyFourArguments) {
  ring_log host;
  const logger log(&host.table);
#define EIGHT(m) m, m, m, m, m, m, m, m
  log.info("{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}{}",
           EIGHT(1), EIGHT('a'), EIGHT("xy"), EIGHT(2u), EIGHT(true), EIGHT(3L), EIGHT("z"), EIGHT(0.5));
#undef EIGHT
  EXPECT_EQ(host.rings->take_texts(), lines{"11111111aaaaaaaaxyxyxyxyxyxyxyxy22222222truetruetruetruetruetruetruetrue33333333zzzzzzzz"
                                            "0.50.50.50.50.50.50.50.5"});
}

TEST(Logger, PlacesAreToldApart) {
  ring_log host;
  const logger log(&host.table);
  const auto in_a_template = [&log](auto value) { log.info("t {}", value); };
  for (int round = 0; round < 2; ++round) {
    log.info("a {}", 1);
    log.info("b {}", 1); log.info("c {}", 1);
    in_a_template(1);
    in_a_template(1L);
    log.debug("b {}", 1);
  }
  EXPECT_EQ(host.rings->take_texts(), (lines{"a 1", "b 1", "c 1", "t 1", "t 1", "b 1", "a 1", "b 1", "c 1", "t 1", "t 1", "b 1"}));
  EXPECT_EQ(host.rings->asked_sites, 6) << "each asks once";
  EXPECT_EQ(host.rings->asked_rings, 1);
}

TEST(Logger, TwoTagsAtOnePlaceAreTwoSites) {
  ring_log host;
  const logger one(&host.table, "one"), two(&host.table, "two");
  for (int n = 0; n < 4; ++n) (n % 2 == 0 ? one : two).info("line {}", n);
  const auto written = host.rings->take();
  ASSERT_EQ(written.size(), 4u);
  for (size_t n = 0; n < 4; ++n) {
    EXPECT_EQ(written[n].text(), "line " + std::to_string(n));
    EXPECT_EQ(written[n].of.tag, n % 2 == 0 ? "one" : "two");
  }
}

TEST(Logger, ALevelIsReadAgainForEachLine) {
  ring_log host;
  const logger log(&host.table), tagged(&host.table, "tagged");
  int made = 0;
  const auto say = [&](const logger& to) {
    to.info("{}", ++made);
    if (to.logs(THARSIS_LOG_ERROR)) to.error("{}", ++made);
  };
  say(tagged);
  EXPECT_EQ(host.rings->take_texts(), lines{"2"});
  host.tagged_level = THARSIS_LOG_OFF;
  say(tagged);
  host.level = THARSIS_LOG_ERROR;
  say(log);
  host.level = THARSIS_LOG_VERBOSE;
  say(log);
  EXPECT_EQ(host.rings->take_texts(), (lines{"5", "6", "7"}));
}

TEST(Logger, AFullRingAsksForRoomAndALineWithoutRoomIsDropped) {
  ring_log host(1 << 10);
  const logger log(&host.table);
  for (int n = 0; n < 500; ++n) log.info("line {} of {}", n, "five hundred");
  const auto all = host.rings->take_texts();
  ASSERT_EQ(all.size(), 500u);
  for (int n = 0; n < 500; ++n) EXPECT_EQ(all[static_cast<size_t>(n)], "line " + std::to_string(n) + " of five hundred");
  EXPECT_GT(host.rings->asked_room, 5);
  host.rings->reads_when_full = false;
  for (int n = 0; n < 100; ++n) log.info("line {} of {}", n, "five hundred");
  const auto kept = host.rings->take_texts();
  EXPECT_EQ(kept.size() + static_cast<size_t>(host.rings->dropped), 100u);
  EXPECT_GT(host.rings->dropped, 0);
  log.info("goes {}", "on");
  EXPECT_EQ(host.rings->take_texts(), lines{"goes on"});
  EXPECT_TRUE(host.words.empty());
}

TEST(Logger, ALineLargerThanHalfARingGoesInWords) {
  ring_log host(1 << 10);
  const logger log(&host.table, "net");
  const std::string just(512 - 16 - 4, 'j'), large(512 - 16 - 3, 'l');
  log.info("{}", just);
  log.info("{}", large);
  log.info("{}", "after");
  EXPECT_EQ(host.rings->take_texts(), (lines{just, "after"}));
  EXPECT_EQ(host.words, lines{"2 [net] " + large});
}

TEST(Logger, WithoutRingOrSiteALineGoesInWords) {
  ring_log host;
  const logger log(&host.table);
  const auto say = [&log](int n) { log.warning("{:>4}", n); };
  host.rings->has_sites = false;
  say(1);
  say(2);
  EXPECT_EQ(host.words, (lines{"3    1", "3    2"})) << "0 is no number of a site";
  host.rings->has_sites = true;
  say(3);
  EXPECT_EQ(host.rings->take_texts(), lines{"   3"});
  ring_log ringless;
  ringless.rings->has_rings = false;
  const logger other(&ringless.table);
  for (int n = 0; n < 3; ++n) other.info("{}", n);
  EXPECT_EQ(ringless.words, (lines{"2 0", "2 1", "2 2"}));
  EXPECT_EQ(ringless.rings->asked_rings, 1) << "asked once for each sink";
}

TEST(Logger, AHostOfThePastHasNoRings) {
  ring_log now, past;
  past.table.size = offsetof(tharsis_log, generation);
  past.table.generation = nullptr;
  const logger newer(&now.table), older(&past.table, "tagged");
  for (int n = 0; n < 2; ++n) {
    newer.info("new {}", n);
    older.info("old {}", n);
  }
  EXPECT_EQ(now.rings->take_texts(), (lines{"new 0", "new 1"}));
  EXPECT_EQ(past.words, (lines{"2 [tagged] old 0", "2 [tagged] old 1"}));
}

TEST(Logger, AnotherSinkHasOtherRingsAndOtherNumbers) {
  ring_log host;
  const logger log(&host.table);
  const auto say = [&log](int n) { log.info("line {}", n); };
  log.info("first");
  say(1);
  EXPECT_EQ(host.rings->take_texts(), (lines{"first", "line 1"}));
  host.renew();
  say(2);
  EXPECT_EQ(host.rings->take_texts(), lines{"line 2"});
  EXPECT_EQ(host.rings->site_count(), 1u);
  host.generation = 0;
  say(3);
  EXPECT_EQ(host.words, lines{"2 line 3"});
}

TEST(Logger, ASinkThatGoesWhileALineIsBegunGetsNothingOfIt) {
  ring_log host;
  static bool first = true;
  host.table.ring = [](void* s) {
    auto& self = ring_log::of(s);
    tharsis_log_ring* const found = self.rings->ring();
    if (std::exchange(first, false)) self.renew();
    return found;
  };
  logger(&host.table).info("line {}", 1);
  EXPECT_EQ(host.rings->take_texts(), lines{"line 1"}) << "in the ring of the new one";
}

TEST(Logger, TwoRuntimesTakeTurnsOnOneThread) {
  ring_log first, second;
  const logger one(&first.table, "x"), two(&second.table, "x");
  lines odd, even;
  for (int n = 0; n < 50; ++n) {
    (n % 2 == 0 ? one : two).info("line {}", n);
    (n % 2 == 0 ? even : odd).push_back("line " + std::to_string(n));
  }
  EXPECT_EQ(first.rings->take_texts(), even);
  EXPECT_EQ(second.rings->take_texts(), odd);
}

TEST(Logger, EachThreadHasItsOwnRing) {
  ring_log host;
  const logger log(&host.table);
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&log, t] {
      for (int n = 0; n < 500; ++n) log.info("{} {}", t, n);
    });
  for (auto& t : threads) t.join();
  std::array<int, 4> next{};
  for (const auto& line : host.rings->take()) {
    int t = 0, n = 0;
    std::memcpy(&t, line.arguments.data(), 4);
    std::memcpy(&n, line.arguments.data() + 4, 4);
    EXPECT_EQ(n, next[static_cast<size_t>(t)]++);
  }
  EXPECT_EQ(next, (std::array<int, 4>{500, 500, 500, 500}));
}

namespace {
const logger* in_handler = nullptr;
void log_in_handler(int) { in_handler->warning("from a signal {}", 1); }
std::array<char, 64> heard_in_handler;
void hear_in_handler(void*, uint32_t, tharsis_text text) { std::memcpy(heard_in_handler.data(), text.data, text.size + 1); }
}  // namespace

TEST(Logger, ASignalBetweenLinesUsesTheRingAndInsideALineWords) {
  ring_log host(1 << 10);
  const logger log(&host.table);
  in_handler = &log;
  host.table.write = hear_in_handler;
  log_in_handler(0);
  const auto before = std::signal(SIGUSR1, log_in_handler);
  log.info("one");
  std::raise(SIGUSR1);
  EXPECT_EQ(host.rings->take_texts(), (lines{"from a signal 1", "one", "from a signal 1"}));
  host.table.room = [](void* s, tharsis_log_ring* r, uint64_t bytes, uint32_t level) {
    std::raise(SIGUSR1);
    return ring_log::of(s).rings->room(r, bytes, level);
  };
  const std::string filler(400, 'f');
  for (int n = 0; n < 3; ++n) log.info("{}", filler);
  EXPECT_STREQ(heard_in_handler.data(), "from a signal {}") << "it may not even ask for memory";
  heard_in_handler.fill(0);
  EXPECT_EQ(host.rings->take_texts(), (lines{filler, filler, filler}));
  host.table.ring = [](void* s) {
    std::raise(SIGUSR1);
    return ring_log::of(s).rings->ring();
  };
  host.generation = ring_log::next_generation();
  log.info("asked for a ring");
  EXPECT_STREQ(heard_in_handler.data(), "from a signal {}") << "nobody asks for a ring twice at once";
  EXPECT_EQ(host.rings->take_texts(), lines{"asked for a ring"});
  std::signal(SIGUSR1, before);
}

TEST(Logger, ALineThatFoundNoRoomInASinkThatWentIsSaidInWords) {
  ring_log host(1 << 10);
  const logger log(&host.table);
  host.table.room = [](void* s, tharsis_log_ring*, uint64_t, uint32_t) {
    ring_log::of(s).generation = ring_log::next_generation();
    return 0;
  };
  const std::string filler(400, 'f');
  for (int n = 0; n < 3; ++n) log.info("{}", filler);
  EXPECT_EQ(host.rings->take_texts().size() + host.words.size(), 3u);
  EXPECT_GT(host.words.size(), 0u);
}

TEST(Logger, SignalsAtAnyMomentHarmNoLine) {
  ring_log host;
  const logger log(&host.table);
  in_handler = &log;
  host.table.write = [](void*, uint32_t, tharsis_text) {};
  host.table.room = [](void*, tharsis_log_ring*, uint64_t, uint32_t) { return 0; };
  sigset_t usr1;
  sigemptyset(&usr1);
  sigaddset(&usr1, SIGUSR1);
  const auto before = std::signal(SIGUSR1, log_in_handler);
  log_in_handler(0);
  const pthread_t writer = pthread_self();
  std::atomic<bool> ending = false;
  std::thread sender([&] {
    while (!ending) pthread_kill(writer, SIGUSR1);
  });
  int said = 0, seen = -1, from_signals = 0;
  for (int round = 0; round < 200; ++round) {
    for (int n = 0; n < 200; ++n) log.info("{} {}", said++, "text");
    pthread_sigmask(SIG_BLOCK, &usr1, nullptr);
    for (const auto& line : host.rings->take()) {
      int n = 0;
      std::memcpy(&n, line.arguments.data(), 4);
      if (line.of.level == THARSIS_LOG_INFO) {
        EXPECT_GT(n, seen);
        EXPECT_EQ(line.text(), std::to_string(n) + " text");
        seen = n;
      } else {
        EXPECT_EQ(line.text(), "from a signal 1");
        ++from_signals;
      }
    }
    tharsis_log_ring* const ring = host.rings->ring();
    ring->limit = ring->position + ring->mask + 1;
    pthread_sigmask(SIG_UNBLOCK, &usr1, nullptr);
  }
  ending = true;
  sender.join();
  std::signal(SIGUSR1, before);
  EXPECT_GT(from_signals, 0);
  EXPECT_GE(seen, 0);
}

TEST(Logger, ASleepingSinkIsWokenAndErrnoIsKept) {
  ring_log host(1 << 10);
  const logger log(&host.table);
  errno = EAGAIN;
  log.info("first: all is asked for");
  EXPECT_EQ(errno, EAGAIN);
  EXPECT_EQ(host.rings->woken, 0);
  host.rings->set_asleep(true);
  for (int n = 0; n < 3; ++n) log.info("line {}", n);
  EXPECT_EQ(errno, EAGAIN);
  EXPECT_EQ(host.rings->woken, 1);
  for (int n = 0; n < 100; ++n) log.info("until {} is full", n);
  EXPECT_EQ(errno, EAGAIN);
}

TEST(Logger, NoExceptionComesOut) {
  ring_log host;
  const logger log(&host.table);
  errno = EAGAIN;
  log.info("{} {}", 1, trap{});
  host.generation = 0;
  log.info("{} {}", 2, trap{});
  EXPECT_EQ(errno, EAGAIN);
  EXPECT_EQ(host.rings->take_texts(), lines{"1 (to_text threw)"});
  EXPECT_EQ(host.words, lines{"2 2 (to_text threw)"});
}

TEST(Logger, FinishedTextPassesAsItIs) {
  ring_log host;
  const logger log(&host.table);
  log.write(THARSIS_LOG_INFO, "{} as it is");
  host.level = THARSIS_LOG_WARNING;
  log.write(THARSIS_LOG_INFO, "too low");
  EXPECT_EQ(host.words, lines{"2 {} as it is"});
}

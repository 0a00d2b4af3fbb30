// Goal: whatever happens to a process while it writes its proven names, the next start finds them whole, of one moment, and never what
// nobody proved. Method: real processes write one generation of names after the other through kept_file; they are read all the time,
// killed in the middle of it, and begun again on what they have left; and one whose disk takes no more.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <memory>
#include <sstream>
#include <string>

#include "plugins/dns/core/proven_file.h"
#include "plugins/dns/service.h"
#include "runtime/real_platform.h"
#include "sdk/async/kept_file.h"
#include "sdk/async/signal.h"
#include "sdk/pure/address.h"
#include "sdk/pure/dice.h"
#include "tests/plugins/host_on_strand.h"

using namespace tharsis;
using namespace tharsis::dns;

namespace {

namespace fs = std::filesystem;
constexpr int kills = 25;
constexpr const char* source = "tls://192.0.2.53#dns.test";

tharsis_address address_of(uint32_t generation) {
  tharsis_address a = *parse_ip("45.0.0.0");
  for (int i = 0; i < 3; ++i) a.ip[3 - i] = static_cast<uint8_t>(generation >> 8 * i);
  return a;
}
uint32_t generation_of(const tharsis_address& a) { return uint32_t{a.ip[1]} << 16 | uint32_t{a.ip[2]} << 8 | a.ip[3]; }

answer says(const tharsis_address& at, bool proven) {
  answer a{THARSIS_OK, THARSIS_DNS_SERVERS, {at}, {}};
  a.candidates = {{at, proven ? source : "udp://192.0.2.54", proven, "it says so"}};
  a.trusted = proven;
  a.verdict = proven ? "proven" : "single";
  a.life = 1h;
  return a;
}

// dns' names and their file, in a process of its own.
class writer {
 public:
  // `heard` gets a byte once the file has been written; `count` names.
  writer(const std::string& path, int heard, size_t count)
      : heard_(heard), count_(count), box_(platform_.table(), "dns"), known_(roomy()), turn_(*box_.place), work_(*box_.place) {
    kept_file::terms t{.path = path, .what = "a file of proven names", .loss = "names are missing", .never_kept = "proven names cannot be kept"};
    file_ = std::make_unique<kept_file>(*box_.place, box_.tables(), std::move(t), kept_file::content{[this](std::string_view text) { return read(text); }, [this] { return text(); }});
  }
  void run(task<void> (writer::*how)()) {
    box_.send([this, how] { work_.spawn((this->*how)()); });
    for (;;) pause();
  }
  task<void> write_for_ever() {
    file_->open([this] { turn_.raise(); });
    co_await turn_.wait();
    for (;;) {
      fill(++generation_, count_);
      file_->change();
      co_await turn_.wait(later(box_.place->now(), 100us));
    }
  }
  // First it fits, then nothing larger than that is taken, then everything is.
  task<void> write_to_a_full_disk() {
    file_->open([this] { turn_.raise(); });
    co_await turn_.wait();
    fill(++generation_, 10);
    co_await save();
    limit(text().size());
    fill(++generation_, count_);
    co_await save();
    (void)::raise(SIGSTOP);  // The test looks at the file. Of the process another thread might take it, while this one goes on.
    if (std::none_of(box_.lines.begin(), box_.lines.end(), [](const std::string& l) { return l.find("proven names cannot be kept") != std::string::npos; })) _exit(3);
    limit(RLIM_INFINITY);
    fill(++generation_, count_);
    co_await save();
    _exit(0);
  }

 private:
  static settings::cache_settings roomy() {
    settings::cache_settings s;
    s.entries = 10'000;
    s.memory = size_t{16} << 20;
    return s;
  }
  void fill(uint32_t generation, size_t count) {
    const instant now = box_.place->now();
    for (size_t i = 0; i < count; ++i) {
      const std::string name = "name" + std::to_string(i) + ".example.com";
      (void)known_.put({name, 4}, says(address_of(generation), true), now, true);
      (void)known_.put({name, 6}, says(*parse_ip("2001:db8::bad"), false), now, true);
    }
    (void)known_.put({"liar.example.com", 4}, says(*parse_ip("203.0.113.66"), false), now, true);
  }
  error read(std::string_view text) {
    proven_records r = read_proven(text, box_.place->now(), wall());
    for (const auto& p : r.whole) generation_ = std::max(generation_, generation_of(p.what.addresses[0]));
    return std::move(r.damage);
  }
  // Asked for once more, the one before lies on the disk.
  std::string text() {
    if (++texts_ == 2) tell();
    return write_proven(known_, {}, box_.place->now(), wall());
  }
  task<void> save() {
    file_->change();
    const size_t before = texts_;
    while (texts_ == before) co_await turn_.wait(later(box_.place->now(), 1ms));
    // What is changed meanwhile is written when this has been, or has failed.
    file_->change();
    while (texts_ == before + 1) co_await turn_.wait(later(box_.place->now(), 1ms));
  }
  void tell() const {
    const char byte = 'x';
    if (::write(heard_, &byte, 1) != 1) _exit(4);
  }
  static void limit(rlim_t bytes) {
    rlimit l{};
    getrlimit(RLIMIT_FSIZE, &l);
    l.rlim_cur = bytes;
    if (setrlimit(RLIMIT_FSIZE, &l) != 0) _exit(5);
  }
  int64_t wall() const { return box_.place->wall() / 1'000'000'000; }

  const int heard_;
  const size_t count_;
  runtime::real_platform platform_{{}};
  tharsis::test::host_on_strand box_;
  cache known_;
  uint32_t generation_ = 0;
  size_t texts_ = 0;
  std::unique_ptr<kept_file> file_;
  tharsis::signal turn_;
  task_set work_;
};

// dns itself, on names that an earlier start has left; it forgets some, or all, tells once that is on the disk, and goes on.
class forgetter {
 public:
  forgetter(const std::string& folder, int heard, bool all) : heard_(heard), all_(all), box_(platform_.table(), "dns"), dns_(box_.tables(), *box_.place, own(), folder), turn_(*box_.place), work_(*box_.place) {}
  void run(size_t count) {
    box_.send([this, count] {
      dns_.open(0);
      work_.spawn(forget(count));
    });
    for (;;) pause();
  }

 private:
  static settings own() {
    settings s;
    s.servers = {*parse_server(source)};
    s.tls.system_store = false;
    return s;
  }
  task<void> forget(size_t count) {
    while (dns_.known().size() < count) co_await turn_.wait(later(box_.place->now(), 1ms));
    (void)dns_.forget_now("name0.example.com");
    (void)co_await dns_.settle();
    // One write may be under way, and the next one is not due for five seconds.
    if (all_) (void)dns_.forget_now("name1.example.com");
    (void)dns_.forget_now(all_ ? "" : "name2.example.com");
    const error failure = co_await dns_.settle();
    const char byte = failure.status == THARSIS_OK ? 'x' : '!';
    if (::write(heard_, &byte, 1) != 1) _exit(4);
  }

  const int heard_;
  const bool all_;
  runtime::real_platform platform_{{}};
  tharsis::test::host_on_strand box_;
  service dns_;
  tharsis::signal turn_;
  task_set work_;
};

class ProvenKill : public ::testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/tharsis-proven-XXXXXX";
    ASSERT_NE(mkdtemp(pattern), nullptr);
    folder = pattern;
  }
  void TearDown() override { fs::remove_all(folder); }

  std::string path() const { return folder + "/dns/proven"; }
  // Of the file as it lies there: all of one generation, or none.
  uint32_t generation(size_t count) const {
    std::ifstream in(path(), std::ios::binary);
    std::stringstream text;
    text << in.rdbuf();
    const proven_records r = read_proven(text.view(), instant{1h}, 1'800'000'000);
    EXPECT_EQ(r.damage.status, THARSIS_OK) << r.damage.text << ", of " << text.view().size() << " bytes";
    EXPECT_EQ(r.whole.size(), count);
    EXPECT_EQ(text.view().find("2001:db8::bad"), std::string_view::npos) << "nobody proved it";
    EXPECT_EQ(text.view().find("203.0.113.66"), std::string_view::npos) << "nobody proved it";
    if (r.whole.empty()) return 0;
    const uint32_t first = generation_of(r.whole[0].what.addresses[0]);
    for (const auto& p : r.whole) {
      EXPECT_EQ(generation_of(p.what.addresses[0]), first) << "of two moments";
      EXPECT_TRUE(p.what.candidates[0].proven);
      EXPECT_EQ(p.what.candidates[0].source, source);
    }
    return first;
  }
  void leave_names(size_t count) const {
    cache known{settings::cache_settings()};
    const instant now{1h};
    for (size_t i = 0; i < count; ++i) (void)known.put({"name" + std::to_string(i) + ".example.com", 4}, says(address_of(1), true), now, true);
    fs::create_directories(folder + "/dns");
    std::ofstream(path(), std::ios::binary) << write_proven(known, {}, now, std::time(nullptr));
  }
  // Forgets in a process of its own, which is killed as soon as it has told.
  void forget_and_die(bool all, size_t count) const {
    std::array<int, 2> ends{};
    ASSERT_EQ(pipe(ends.data()), 0);
    const pid_t child = fork();
    if (child == 0) {
      close(ends[0]);
      forgetter(folder + "/dns", ends[1], all).run(count);
      _exit(6);
    }
    close(ends[1]);
    char byte = 0;
    EXPECT_EQ(read(ends[0], &byte, 1), 1);
    EXPECT_EQ(byte, 'x');
    EXPECT_EQ(kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFSIGNALED(status));
    close(ends[0]);
  }
  // Answers its number, once it has told.
  pid_t begin(task<void> (writer::*how)(), size_t count) const {
    std::array<int, 2> ends{};
    EXPECT_EQ(pipe(ends.data()), 0);
    const pid_t child = fork();
    if (child == 0) {
      std::signal(SIGXFSZ, SIG_IGN);
      close(ends[0]);
      writer(path(), ends[1], count).run(how);
      _exit(6);
    }
    close(ends[1]);
    char byte = 0;
    EXPECT_EQ(read(ends[0], &byte, 1), 1);
    close(ends[0]);
    return child;
  }

  std::string folder;
};

}  // namespace

TEST_F(ProvenKill, WhoIsKilledWhileHeWritesLeavesTheFileWholeAndOfOneMoment) {
  constexpr size_t count = 60;
  dice d(4711);
  uint32_t last = 0;
  for (int i = 0; i < kills; ++i) {
    const pid_t child = begin(&writer::write_for_ever, count);
    // Who reads it meanwhile finds it whole too.
    for (uint64_t looks = d.below(12); looks > 0; --looks) EXPECT_GE(generation(count), last);
    ASSERT_EQ(kill(child, SIGKILL), 0);
    int status = 0;
    ASSERT_EQ(waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status)) << "it ended by itself with " << WEXITSTATUS(status);
    const uint32_t now = generation(count);
    EXPECT_GT(now, last) << "it went on from what the one before had left";
    last = now;
    ASSERT_FALSE(HasFailure()) << "kill " << i;
  }
  EXPECT_FALSE(fs::exists(path() + ".damaged"));
}

TEST_F(ProvenKill, ADiskThatTakesNoMoreLeavesTheFileBeforeAndIsToldOfAndIsWrittenToAgain) {
  constexpr size_t count = 400;
  const pid_t child = begin(&writer::write_to_a_full_disk, count);
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, WUNTRACED), child);
  ASSERT_TRUE(WIFSTOPPED(status)) << "it ended with " << WEXITSTATUS(status);
  EXPECT_EQ(generation(10), 1u);
  ASSERT_EQ(kill(child, SIGCONT), 0);
  ASSERT_EQ(waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(generation(count), 3u);
}

TEST_F(ProvenKill, WhatWasFlushedIsGoneAlsoWhereTheProgramIsKilledAtOnce) {
  constexpr size_t count = 60;
  for (int i = 0; i < kills; ++i) {
    const bool all = i % 2 == 0;
    leave_names(count);
    forget_and_die(all, count);
    ASSERT_EQ(generation(all ? 0 : count - 2), all ? 0u : 1u) << "kill " << i;
    ASSERT_FALSE(HasFailure()) << "kill " << i;
  }
  EXPECT_FALSE(fs::exists(path() + ".damaged"));
}

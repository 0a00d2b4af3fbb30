// Goal: a process is killed at any moment, in the middle of lines and of hand-overs of blocks; each line of which
// the call had returned is found exactly once, in its thread's order, in the "file" or in the segment. Method: a child
// writes at full speed with a drain that appends numbers and the ranges they fill to a file, as the real one appends
// blocks; it is killed with SIGKILL after a random while.
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/wait.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <random>
#include <thread>

#include <gtest/gtest.h>

#include "tests/plugins/xlog/ring_line.h"

using namespace tharsis;
using namespace tharsis::xlog;

namespace {

constexpr segment_geometry geometry{9, 64 << 10, 64 << 10};

// One write() each: a block is whole or it is not there.
struct block {
  uint32_t ring, count;
  uint64_t from, to;
  uint64_t numbers[60];  // From its first line on.
};

// What the child shares with us: how many calls have returned, for each thread.
struct acknowledged {
  std::atomic<uint64_t> lines[8];
};

// Reads a block's worth of each ring, appends it, and only then commits.
void drain_once(ring_set& rings, std::vector<ring_cursor>& cursors, int file) {
  for (uint32_t i = 1; i < rings.count(); ++i) {
    if (!rings.is_open(i)) continue;
    while (cursors.size() <= i) cursors.emplace_back(ring_bytes{}, 0, 0);
    if (cursors[i].head() == 0) cursors[i] = ring_cursor(rings.bytes(i), 0, rings.record_max());
    cursors[i].look_up_to(rings.head(i));
    block b{i, 0, cursors[i].position(), 0, {}};
    ring_record r;
    for (; b.count < 60 && cursors[i].next(r, 2) == ring_cursor::found::record; cursors[i].pass(r))
      b.numbers[b.count++] = number_of(r);
    b.to = cursors[i].position();
    if (b.count == 0) continue;
    if (write(file, &b, sizeof b) != sizeof b) _exit(3);
    rings.commit(i, b.to);
  }
}

[[noreturn]] void live(const std::string& folder, int threads, bool sealed, acknowledged& done) {
  living_rings l(folder, geometry, sealed);
  const int file = open((folder + "/blocks").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  for (int t = 0; t < threads; ++t)
    std::thread([&l, &done, t] {
      tharsis_log_ring* r = l.rings->ring();
      if (r == nullptr) _exit(2);
      for (uint64_t i = 0;; ++i) {
        if (!write_number(*l.rings, *r, i << 3 | static_cast<uint64_t>(t))) _exit(4);
        done.lines[t].store(i + 1, std::memory_order_release);
      }
    }).detach();
  std::vector<ring_cursor> cursors;
  for (;;) drain_once(*l.rings, cursors, file);
}

struct survivors {
  std::vector<uint64_t> lines[8];
  void add(uint64_t number) { lines[number & 7].push_back(number >> 3); }
};

// As the next start does: what the files hold, then what the segment holds beyond it.
void collect(const std::string& folder, survivors& found) {
  std::vector<ring_range> done;
  const int file = open((folder + "/blocks").c_str(), O_RDONLY);
  for (block b{}; file >= 0 && read(file, &b, sizeof b) == sizeof b;) {
    for (uint32_t i = 0; i < b.count; ++i) found.add(b.numbers[i]);
    done.push_back({b.ring, b.from, b.to});
  }
  if (file >= 0) close(file);
  const auto store = system_segments();
  const auto paths = store->list(folder);
  ASSERT_TRUE(paths.ok());
  for (const std::string& path : *paths) {
    auto dead = store->open(path);
    ASSERT_TRUE(dead.ok()) << dead.failure().text;
    auto image = image_of(**dead, done);
    ASSERT_TRUE(image.ok()) << image.failure().text;
    EXPECT_TRUE(image->damaged.empty());
    for (const auto& payload : recovered_payloads(*image)) {
      const auto again = read_recovered(payload.bytes);
      ASSERT_TRUE(again.ok()) << again.failure().text;
      recovered_records records(*again, paper_keystream, 2);
      for (recovered_record r; records.next(r);) found.add(number_of(r.record));
      EXPECT_EQ(records.unreadable(), 0u);
    }
    EXPECT_EQ((*dead)->remove().status, THARSIS_OK);
  }
}

#ifdef THARSIS_SANITIZED
constexpr int deaths = 20;
#else
constexpr int deaths = 300;
#endif

void die_often(bool sealed) {
  auto* done = static_cast<acknowledged*>(
      mmap(nullptr, sizeof(acknowledged), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  std::mt19937_64 random(sealed ? 2 : 1);
  uint64_t all = 0;
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  for (int i = 0; i < deaths / 2 && std::chrono::steady_clock::now() < until; ++i) {
    const own_folder folder;
    for (auto& l : done->lines) l = 0;
    const int threads = 1 + static_cast<int>(random() % 8);
    const pid_t child = fork();
    if (child == 0) live(folder.path, threads, sealed, *done);
    int status = 0;
    while (done->lines[0] == 0) {  // Until it lives.
      ASSERT_EQ(waitpid(child, &status, WNOHANG), 0) << "the child ended by itself: " << status;
      std::this_thread::yield();
    }
    const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(random() % 30'000);
    while (std::chrono::steady_clock::now() < end) std::this_thread::yield();
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself: " << status;
    survivors found;
    collect(folder.path, found);
    for (int t = 0; t < 8; ++t) {
      ASSERT_GE(found.lines[t].size(), done->lines[t]) << "death " << i << " thread " << t;
      for (size_t k = 0; k < found.lines[t].size(); ++k) ASSERT_EQ(found.lines[t][k], k) << "death " << i << " thread " << t;
      all += found.lines[t].size();
    }
  }
  munmap(done, sizeof(acknowledged));
  EXPECT_GT(all, 1'000u);
}

}  // namespace

TEST(RingCrash, NothingAcknowledgedIsMissingOrDoubledAfterAnyDeath) { die_often(false); }
TEST(RingCrash, NothingAcknowledgedIsMissingOrDoubledAfterAnyDeathOfASealedOne) { die_often(true); }

TEST(RingCrash, TheSegmentOfALivingProcessIsLeftAlone) {
  const own_folder folder;
  const living_rings l(folder.path);
  const auto paths = l.store->list(folder.path);
  ASSERT_EQ(paths->size(), 1u);
  EXPECT_EQ(l.store->open(paths->front()).status(), THARSIS_E_IN_USE);
}

TEST(RingCrash, AChildThatLivesOnDoesNotHoldItsParentsSegment) {
  const own_folder folder;
  int ends[2], lives[2];
  ASSERT_EQ(pipe(ends), 0);
  ASSERT_EQ(pipe(lives), 0);
  const pid_t parent = fork();
  if (parent == 0) {
    close(ends[1]);
    const living_rings l(folder.path);
    write_number(*l.rings, *l.rings->ring(), 0);
    char c = 0;
    if (fork() == 0) {
      if (write(lives[1], &c, 1) != 1) _exit(1);
      _exit(read(ends[0], &c, 1) > 0);  // Until the test closes its end.
    }
    raise(SIGKILL);
  }
  waitpid(parent, nullptr, 0);
  char c = 0;
  ASSERT_EQ(read(lives[0], &c, 1), 1);  // The lock is let go while the child is made, not before.
  survivors found;
  collect(folder.path, found);
  EXPECT_EQ(found.lines[0].size(), 1u);
  for (const int end : {ends[0], ends[1], lives[0], lives[1]}) close(end);
}

TEST(RingCrash, WhatIsNoSegmentIsSetAside) {
  const own_folder folder;
  const auto store = system_segments();
  const auto write_file = [&](const std::string& name, size_t size) {
    const int file = open((folder.path + "/" + name).c_str(), O_WRONLY | O_CREAT, 0600);
    EXPECT_EQ(ftruncate(file, static_cast<off_t>(size)), 0);
    close(file);
  };
  write_file("half.1-1.ring", 1'000);
  write_file("died.1-1.ring.new", 1'000);
  const auto paths = store->list(folder.path);
  ASSERT_EQ(paths->size(), 1u);
  EXPECT_FALSE(std::filesystem::exists(folder.path + "/died.1-1.ring.new"));
  auto dead = store->open(paths->front());
  ASSERT_TRUE(dead.ok());
  EXPECT_FALSE(image_of(**dead).ok());
  const auto aside = (*dead)->set_aside();
  ASSERT_TRUE(aside) << aside.failure().text;
  EXPECT_EQ(*aside, folder.path + "/half.1-1.ring.bad");
  EXPECT_TRUE(store->list(folder.path)->empty());
  EXPECT_TRUE(std::filesystem::exists(folder.path + "/half.1-1.ring.bad"));
}

TEST(RingCrash, AFileThatIsNotOursStaysAsItIs) {
  const own_folder folder;
  const auto store = system_segments();
  const auto path_of = [&](const std::string& name) { return folder.path + "/" + name; };
  const auto names = {"wedding.ring", "wedding.2026-11.ring.old", "precious.ring.new", "a.b.1-1.ring.new", "a.1.ring.new", "a.1-x.ring.new", "a.1-1-1-1.ring.new",
                      "a.1-1-.ring.new", ".1-1.ring.new", "named.1-1.ring.new"};
  for (const char* name : names) std::ofstream(path_of(name)) << "a picture of ours";
  const auto paths = store->list(folder.path);
  EXPECT_TRUE(paths->empty()) << paths->front();
  for (const char* name : names) EXPECT_TRUE(std::filesystem::exists(path_of(name))) << name;
}

TEST(RingCrash, WhatIsSetAsideTakesNobodysName) {
  const own_folder folder;
  const auto store = system_segments();
  const std::string path = folder.path + "/half.1-1-2.ring";
  for (const std::string& name : {path, path + ".bad", path + ".bad.2"}) std::ofstream(name) << name;
  const auto paths = store->list(folder.path);
  ASSERT_EQ(*paths, std::vector<std::string>{path});
  auto dead = store->open(path);
  ASSERT_TRUE(dead.ok());
  const auto aside = (*dead)->set_aside();
  ASSERT_TRUE(aside) << aside.failure().text;
  EXPECT_EQ(*aside, path + ".bad.3");
  for (const auto& [name, content] : {std::pair(path + ".bad", path + ".bad"), std::pair(path + ".bad.2", path + ".bad.2"), std::pair(path + ".bad.3", path)}) {
    std::string text;
    std::ifstream(name) >> text;
    EXPECT_EQ(text, content);
  }
}

TEST(RingCrash, SegmentsOfOneProcessHaveDifferentNames) {
  const own_folder folder;
  const living_rings a(folder.path), b(folder.path);
  EXPECT_NE(a.rings->memory().path(), b.rings->memory().path());
  EXPECT_FALSE(system_segments()->create(folder.path + "/nowhere", "test", info_for_test(geometry, false), {}).ok());
}

TEST(RingCrash, AFullDiskIsAFailureAndNoSignal) {
  const own_folder folder;
  const pid_t child = fork();
  if (child == 0) {  // In mounts of its own, which go with it.
    if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        mount("none", folder.path.c_str(), "tmpfs", 0, "size=300k") != 0)
      _exit(2);
    // The first bytes, the shared ring and another one of 64 KiB fit; then nothing does.
    living_rings l(folder.path, {4, 64 << 10, 64 << 10});
    EXPECT_NE(l.rings->ring(), nullptr);
    std::thread([&] { EXPECT_EQ(l.rings->ring(), nullptr); }).join();
    EXPECT_NE(ring_set::shared_line(*l.rings).ring(), nullptr);
    for (uint64_t i = 0; i < 1'000; ++i) EXPECT_TRUE(write_number(*l.rings, *l.rings->ring(), i));
    const auto none = l.store->create(folder.path, "more", info_for_test(geometry, false), {});
    EXPECT_EQ(none.status(), THARSIS_E_FULL);
    EXPECT_EQ(l.store->list(folder.path)->size(), 1u);
    _exit(testing::Test::HasFailure() ? 1 : 0);
  }
  int status = 0;
  waitpid(child, &status, 0);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 2) GTEST_SKIP() << "may not mount a tmpfs here";
  EXPECT_EQ(status, 0);
}

TEST(RingCrash, OnlyItsKeyOpensASealedSegment) {
  const own_folder folder;
  std::string path;
  const std::string secret = "nobody may read this on the disk";
  {
    living_rings l(folder.path, geometry, true);
    path = l.rings->memory().path();
    ASSERT_TRUE(l.rings->append_to_dictionary(as_bytes(secret)));
    ASSERT_TRUE(write_line(*l.rings, *l.rings->ring(), 1, 1, as_bytes(secret)));
  }
  std::string bytes(segment_file::size(geometry), '\0');
  const int file = open(path.c_str(), O_RDONLY);
  ASSERT_EQ(read(file, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  close(file);
  EXPECT_EQ(bytes.find(secret.substr(4, 8)), std::string::npos);
  auto dead = system_segments()->open(path);
  const auto image = image_of(**dead);
  const std::vector<uint8_t> dictionary = open_dictionary(*image, paper_keystream);
  EXPECT_EQ(as_text(dictionary), secret);
  recovered_records records(*image, paper_keystream, 2);
  recovered_record r;
  ASSERT_TRUE(records.next(r));
  EXPECT_EQ(as_text(r.record.arguments), secret);
  recovered_records none(*image, [](uint64_t, std::span<uint8_t>) { return false; }, 2);
  EXPECT_FALSE(none.next(r));
  EXPECT_GT(none.unreadable(), 0u);
}

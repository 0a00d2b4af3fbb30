// Goal: files go as the limits say, and nothing else is touched; young files move on, once and whole, whoever is killed when.
// Method: the simulated disk; for deaths, each operation in turn is the last one.
#include "plugins/xlog/keeper.h"

#include <gtest/gtest.h>

#include <limits>

#include "plugins/xlog/frame_maker.h"
#include "sdk/pure/views.h"
#include "sdk/sim/disk.h"
#include "sdk/sim/files.h"
#include "tests/plugins/xlog/failing_files.h"
#include "tests/plugins/xlog/sealing.h"
#include "tests/sdk/sim/seeds.h"

using namespace tharsis;
using namespace tharsis::xlog;
using list = std::vector<std::string>;

namespace {

constexpr int64_t today = 20'000 * day_length + day_length / 2;

struct XlogKeeper : testing::Test {
  XlogKeeper() {
    s.directory = "/log";
    for (const char* folder : {"/log", "/young", "/elsewhere"}) disk->make_folder(folder, nullptr);
  }
  std::string name(int64_t days_ago, uint32_t number = 0, const std::string& of = "xlog") { return name_text({20'000 - days_ago, number, of}); }
  // Last written so many days ago.
  std::string put(const std::string& path, int64_t days_ago, const std::string& bytes = "0123456789") {
    disk->replace(path, bytes, nullptr, today - days_ago * day_length);
    return path;
  }
  std::string put_log(int64_t days_ago, uint32_t number = 0) { return put("/log/" + name(days_ago, number), days_ago); }
  // A log file whose worst line has that level.
  std::string put_lines(int64_t days_ago, uint32_t level) {
    auto made = frame_maker::make({0, 0, 1e9}, {}, 0, {}, random_table);
    return put("/log/" + name(days_ago), days_ago, made->file_header() + *made->note(0, "x", level));
  }
  list paths() {
    list all;
    for (const std::string& path : disk->paths())
      if (path.find('/', 1) != std::string::npos) all.push_back(path);
    return all;
  }
  keeper::outcome look() { return keeper(files.table(), s).look(today); }

  std::shared_ptr<sim::disk> disk = std::make_shared<sim::disk>();
  sim::files files{disk, [] { return today; }};
  seeded_random random{1};
  tharsis_random random_table = random;
  settings s;
};

}  // namespace

TEST_F(XlogKeeper, OldFilesGoAndAreTold) {
  s.keep.keep_at_least = 1;
  const std::string oldest = put_log(30), old = put_log(11), young = put_log(9);
  const auto o = look();
  EXPECT_EQ(paths(), list{young});
  EXPECT_EQ(o.files, 2u);
  EXPECT_EQ(o.bytes, 20u);
  EXPECT_EQ(o.told, (list{"removed " + oldest + ": older than keep_for", "removed " + old + ": older than keep_for"}));
  EXPECT_EQ(o.complaints, list{});
  EXPECT_EQ(look().files, 0u);
}

TEST_F(XlogKeeper, OnlyPlainFilesOfItsOwnNameThatNobodyWritesAreTouched) {
  s.keep = {1h, 1, uint64_t{1} << 50, 0};
  const list others = {put("/log/" + name(30, 0, "other"), 30), put("/log/xlog_20200101.txt", 30), put("/log/xlog_20200101.tlog.part", 30),
                       put("/log/xlog_2020011.tlog", 30),       put("/log/notes", 30),             put("/elsewhere/" + name(30), 30)};
  const std::string link = put_log(31), folder = "/log/" + name(32), written = put_log(33);
  (*disk->find(link))->link = true;
  disk->make_folder(folder, nullptr);
  tharsis_handle lock = 0;
  ASSERT_EQ(files.table()->lock(files.table()->self, text_of(written), &lock, nullptr), THARSIS_OK);
  list left = others;
  left.insert(left.end(), {link, folder, written});
  put_log(40);
  put_log(0);
  EXPECT_EQ(look().files, 2u);
  std::sort(left.begin(), left.end());
  EXPECT_EQ(paths(), left);
  EXPECT_EQ(keeper(files.table(), s).make_room(today).files, 0u);
  EXPECT_EQ(paths(), left);
  files.table()->close(files.table()->self, lock);
  EXPECT_EQ(look().files, 1u) << "its writer has gone";
}

TEST_F(XlogKeeper, AllTogetherStayWithinTheirBytesWithWhatIsStillToCome) {
  s.keep = {0h, 64 << 10, 0, 2};
  EXPECT_EQ(s.whole_file(), 16u << 10);
  for (int64_t n = 0; n < 8; ++n) put("/log/" + name(n), n, std::string(16 << 10, 'x'));
  look();
  EXPECT_EQ(paths().size(), 3u);
  EXPECT_LE(disk->used() + s.whole_file(), s.keep.keep_bytes);
}

TEST_F(XlogKeeper, AnEmptyFileThatSomebodyMayJustHaveMadeStays) {
  s.keep = {1h, 0, 0, 0};
  const std::string fresh = put("/log/" + name(0), 0, "");
  put("/log/" + name(1), 1, "");
  look();
  EXPECT_EQ(paths(), list{fresh});
}

TEST_F(XlogKeeper, TheFloorOfFreeRoomTakesTheLeastSevereFirst) {
  s.keep = {0h, 0, 0, 1};
  const std::string error = put_lines(5, THARSIS_LOG_ERROR), warning = put_lines(4, THARSIS_LOG_WARNING), info = put_lines(3, THARSIS_LOG_INFO),
                    newest = put_lines(0, THARSIS_LOG_INFO);
  disk->capacity = disk->used() + 100;
  s.keep.keep_free = 101;
  EXPECT_EQ(look().told, list{"removed " + info + ": less than keep_free was free"});
  disk->capacity = disk->used();
  EXPECT_EQ(keeper(files.table(), s).make_room(today).told, list{"removed " + warning + ": the disk is full"});
  EXPECT_EQ(keeper(files.table(), s).make_room(today).told, list{"removed " + error + ": the disk is full"});
  EXPECT_EQ(keeper(files.table(), s).make_room(today).files, 0u) << "the newest stays";
  EXPECT_EQ(paths(), list{newest});
}

TEST_F(XlogKeeper, FilesWithoutALineGoWithTheOneThatIsMissedLeast) {
  s.keep = {0h, 0, 0, 1};
  auto made = frame_maker::make({0, 0, 1e9}, {}, 0, {}, random_table);
  for (const int64_t days : {0, 1, 3}) put("/log/" + name(days, 1), days, made->file_header());
  const std::string older = put_lines(4, THARSIS_LOG_ERROR), newest = put_lines(2, THARSIS_LOG_INFO);
  EXPECT_EQ(keeper(files.table(), s).make_room(today).told, list{"removed " + older + ": the disk is full"}) << "they are no lines that stay";
  EXPECT_EQ(paths(), list{newest});
  put("/log/" + name(0, 1), 0, made->file_header());
  EXPECT_FALSE(keeper(files.table(), s).make_room(today).made_room) << "whoever writes again would find no more than before";
  EXPECT_EQ(paths(), list{newest});
}

TEST_F(XlogKeeper, WhatCannotBeDoneIsComplainedOf) {
  put_log(30);
  s.keep.keep_at_least = 0;
  disk->broken = true;
  EXPECT_EQ(look().complaints.size(), 1u);
  disk->broken = false;
  EXPECT_EQ(look().files, 1u);
}

TEST_F(XlogKeeper, YoungFilesMoveWhenTheyAreOldEnough) {
  s.cache_directory = "/young";
  s.cache_days = 2;
  const std::string older = put("/young/" + name(2), 2, "old"), young = put("/young/" + name(1), 1), other = put("/young/" + name(9, 0, "other"), 9),
                    written = put("/young/" + name(3), 3);
  tharsis_handle lock = 0;
  ASSERT_EQ(files.table()->lock(files.table()->self, text_of(written), &lock, nullptr), THARSIS_OK);
  EXPECT_EQ(look().moved, 1u);
  list left = {"/log/" + name(2), written, young, other};
  std::sort(left.begin(), left.end());
  EXPECT_EQ(paths(), left);
  EXPECT_EQ(disk->content("/log/" + name(2)), "old");
}

// What the undefined sanitizer looks at: an age is a difference, and file systems tell any time.
TEST_F(XlogKeeper, AFileOfTheFarthestTimesHasAnAge) {
  s.cache_directory = "/young";
  s.cache_days = 2;
  for (const int64_t when : {std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max()}) {
    const std::string path = "/young/" + name(3);
    disk->replace(path, "old", nullptr, when);
    disk->replace("/log/" + name(4), "", nullptr, when);
    EXPECT_EQ(look().moved, when < 0 ? 1u : 0u);
  }
}

TEST_F(XlogKeeper, AnotherFileWithTheNameIsNotOverwritten) {
  s.cache_directory = "/young";
  const std::string young = put("/young/" + name(2), 2, "mine"), there = put("/log/" + name(2), 2, "other");
  auto o = look();
  EXPECT_EQ(o.moved, 0u);
  ASSERT_EQ(o.complaints.size(), 1u);
  EXPECT_NE(o.complaints[0].find("is another file"), std::string::npos) << o.complaints[0];
  put(there, 2, "yyyy");
  EXPECT_EQ(look().moved, 0u) << "of the same size";
  EXPECT_EQ(disk->content(young), "mine");
  EXPECT_EQ(disk->content(there), "yyyy");
}

// Between file systems and on one, killed before each operation: a whole file is in one of the folders, or the same one in both, and
// the next one to come leaves it in the second only.
TEST_F(XlogKeeper, WhoeverIsKilledWhileMovingLosesAndDoublesNothing) {
  THARSIS_ONE_THREAD();
  const std::string content(3 << 20, 'z'), file = name(2);
  s.cache_directory = "/young";
  for (const std::string mount : {"", "/young"}) {
    uint64_t deaths = 0;
    for (uint64_t last = 0, all = 1; last < all; ++last, ++deaths) {
      auto storage = std::make_shared<sim::disk>();
      for (const char* folder : {"/log", "/young"}) storage->make_folder(folder, nullptr);
      storage->mount = mount;
      storage->replace("/young/" + file, content, nullptr, today - 2 * day_length);
      {
        sim::files mine(storage, [] { return today; });
        failing_files dying(mine.table());
        dying.first = last;
        dying.count = failing_files::never;
        dying.status = THARSIS_E_IO;
        keeper(&dying.table, s).look(today);
        all = dying.operations;
      }
      SCOPED_TRACE("killed at operation " + std::to_string(last) + " of " + std::to_string(all));
      const auto one = storage->content("/young/" + file), other = storage->content("/log/" + file);
      EXPECT_TRUE(one == content || other == content);
      for (const auto& found : {one, other}) EXPECT_TRUE(!found || found->empty() || *found == content) << "a part of it that has its name";
      sim::files next(storage, [] { return today; });
      EXPECT_EQ(keeper(next.table(), s).look(today).complaints, list{});
      EXPECT_EQ(storage->content("/log/" + file), content);
      EXPECT_EQ(storage->paths(), (list{"/", "/log", "/log/" + file, "/young"}));
      if (HasFailure()) return;
    }
    EXPECT_GT(deaths, mount.empty() ? 4u : 10u) << "nothing was tested";
  }
}

TEST_F(XlogKeeper, AFullDiskLeavesAYoungFileWhereItIs) {
  s.cache_directory = "/young";
  disk->mount = "/young";
  const std::string young = put("/young/" + name(2), 2, std::string(3 << 20, 'z'));
  disk->capacity = disk->used() + (2 << 20);
  EXPECT_EQ(look().complaints.size(), 1u);
  EXPECT_EQ(paths(), list{young});
  disk->capacity.reset();
  EXPECT_EQ(look().moved, 1u);
}

// Goal: the next start knows exactly whom a death interrupted, whatever the death left of the file. Method:
// real files in a folder of the test's own; every prefix of a journal is a death.
#include "runtime/start_journal.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "runtime/os_files_linux.h"

namespace fs = std::filesystem;
using namespace tharsis::runtime;

namespace {

class StartJournal : public ::testing::Test {
 protected:
  StartJournal() {
    folder_ = fs::temp_directory_path().string() + "/tharsis.journal.XXXXXX";
    if (mkdtemp(folder_.data()) == nullptr) folder_.clear();
  }
  ~StartJournal() override { fs::remove_all(folder_); }

  // One process: what it finds, and what it does before it dies.
  template <class Work>
  interrupted_steps run(Work work) {
    real_files files;
    start_journal journal(files.table());
    const interrupted_steps found = journal.open(folder_, "one");
    work(journal);
    return found;
  }
  interrupted_steps look() {
    return run([](start_journal&) {});
  }

  std::string folder_;
};

}  // namespace

TEST_F(StartJournal, AGoodStartLeavesNobodyUnderSuspicion) {
  run([](start_journal& j) {
    j.begin("stn", "load");
    j.end("stn");
    j.begin("stn", "create");
    j.begin("stn", "start");
    j.end("stn");
  });
  EXPECT_TRUE(look().empty());
}

TEST_F(StartJournal, WhoeverWasInAStepIsNamedOnce) {
  run([](start_journal& j) {
    j.begin("xlog", "create");
    j.begin("stn", "create");
    j.begin("xlog", "start");
    j.end("xlog");
  });
  EXPECT_EQ(look(), (interrupted_steps{{"stn", "create"}}));
  EXPECT_TRUE(look().empty()) << "the second start after the death tries it again";
}

TEST_F(StartJournal, AStopThatWasAskedForIsNoDeath) {
  run([](start_journal& j) {
    j.begin("stn", "start");
    j.forget();
    j.begin("xlog", "create");  // Comes too late to matter.
  });
  EXPECT_TRUE(look().empty());
}

TEST_F(StartJournal, WhatIsBeingKeptByAnotherIsNotRead) {
  run([&](start_journal& j) {
    j.begin("stn", "start");
    EXPECT_TRUE(look().empty());
    run([](start_journal& other) { other.forget(); });
    j.begin("xlog", "start");
  });
  EXPECT_EQ(look().size(), 2u) << "the one that only looked has disturbed nothing";
}

TEST_F(StartJournal, WithoutAPlaceNothingIsRememberedAndNothingFails) {
  std::ofstream(folder_ + "/.starting") << "a file where the folder should be";
  run([](start_journal& j) { j.begin("stn", "start"); });
  EXPECT_TRUE(look().empty());
}

TEST_F(StartJournal, ManyRestartsDoNotMakeItGrow) {
  run([&](start_journal& j) {
    for (int i = 0; i < 20'000; ++i) {
      j.begin("stn", "create");
      j.begin("stn", "start");
      j.end("stn");
      j.end("stn");
    }
    EXPECT_LT(fs::file_size(folder_ + "/.starting/one"), 100'000u);
    j.begin("stn", "start");
  });
  EXPECT_EQ(look(), (interrupted_steps{{"stn", "start"}}));
}

TEST(StartJournalText, EveryPrefixMeansWhatItsWholeLinesSay) {
  const std::string text = "load a\n- a\ncreate a\ncreate b\nstart a\n- b\n- a\n";
  const std::map<size_t, interrupted_steps> after = {{7, {{"a", "load"}}},        {11, {}},
                                                     {20, {{"a", "create"}}},      {29, {{"a", "create"}, {"b", "create"}}},
                                                     {37, {{"a", "start"}, {"b", "create"}}}, {41, {{"a", "start"}}},
                                                     {45, {}}};
  for (size_t cut = 0; cut <= text.size(); ++cut) {
    const auto next = after.upper_bound(cut);
    const interrupted_steps expected = next == after.begin() ? interrupted_steps{} : std::prev(next)->second;
    EXPECT_EQ(read_start_journal(std::string_view(text).substr(0, cut)), expected) << cut;
  }
}

TEST(StartJournalText, NonsenseNamesNobody) {
  using namespace std::string_view_literals;
  for (const std::string_view text : {"\n\n"sv, " a\n"sv, "create\n"sv, "create \n"sv, "- never begun\n"sv, "\0\0\0\n"sv})
    EXPECT_TRUE(read_start_journal(text).empty()) << text;
}

// Goal: processes share a folder of logs whatever their names, and what one of them died of stands in the next one's log.
// Method: `tharsis xlog write` as children that are killed.
#include <filesystem>
#include <memory>
#include <set>
#include <sstream>

#include "tests/e2e/program_stage.h"

namespace {

using tharsis::test::child_process;

class XlogProcesses : public tharsis::test::program_stage {
 protected:
  std::vector<std::string> writes(std::vector<std::string> more) const {
    std::vector<std::string> words = {THARSIS_PROGRAM, "xlog", "write", logs_, "--state", folder_ + "/state"};
    words.insert(words.end(), more.begin(), more.end());
    return words;
  }
  int xlog(std::vector<std::string> words) {
    words.insert(words.begin(), "xlog");
    return ask(std::move(words));
  }
  // Until it has written a file that holds something.
  bool lives(const std::string& acked) const {
    const auto end = std::chrono::steady_clock::now() + child_process::limit;
    while (std::chrono::steady_clock::now() < end) {
      uint64_t count = 0;
      std::ifstream(acked, std::ios::binary).read(reinterpret_cast<char*>(&count), sizeof count);
      if (count > 0) return true;
    }
    return false;
  }
  size_t rings() const {
    size_t n = 0;
    for (const auto& e : std::filesystem::directory_iterator(logs_)) n += e.path().extension() == ".ring" ? 1 : 0;
    return n;
  }

  const std::string logs_ = folder_ + "/logs";
};

}  // namespace

TEST_F(XlogProcesses, EightOfOneNameAtOnceAndWhatOneOfThemLeavesTheNextKeeps) {
  constexpr int lines = 500;
  std::vector<std::unique_ptr<child_process>> all;
  for (int i = 0; i < 7; ++i) all.push_back(std::make_unique<child_process>(writes({"--lines", std::to_string(lines)})));
  child_process killed(writes({"--lines", "1000000000", "--rate", "1000", "--acked", folder_ + "/acked"}));
  ASSERT_TRUE(lives(folder_ + "/acked"));
  killed.signal(SIGKILL);
  EXPECT_EQ(killed.wait(), -1);
  uint64_t acked = 0;
  std::ifstream(folder_ + "/acked", std::ios::binary).read(reinterpret_cast<char*>(&acked), sizeof acked);
  for (const auto& child : all) EXPECT_EQ(child->wait(), 0) << child->err;
  EXPECT_EQ(xlog({"recover", logs_, "--set", "name=other"}), 0) << err_;
  EXPECT_EQ(rings(), 0u);
  EXPECT_EQ(xlog({"cat", logs_}), 0) << err_;
  std::istringstream text(out_);
  uint64_t first = 0, last = 0;
  const std::string number = " line 0 " + std::to_string(acked - 1);
  for (std::string line; std::getline(text, line);) {
    first += line.ends_with(" line 0 0") ? 1 : 0;
    last += line.ends_with(number) ? 1 : 0;
  }
  EXPECT_EQ(first, 8u);
  EXPECT_GE(last, 1u) << number;
  std::set<std::string> names;
  for (const auto& e : std::filesystem::directory_iterator(logs_)) names.insert(e.path().filename().string().substr(0, 5));
  EXPECT_EQ(names, (std::set<std::string>{"other", "xlog_"})) << "each name has files of its own, and all are read";
}

TEST_F(XlogProcesses, ANameThatNoFileCanHaveIsRefused) {
  EXPECT_NE(run_child(writes({"--set", "name=a/b"})), 0);
  EXPECT_NE(err_.find("xlog.name: 'a/b' is no name for files; letters, digits and - are"), std::string::npos) << err_;
}

TEST_F(XlogProcesses, WhatAProcessDiedOfIsInTheNextLogPlainAndSealed) {
  ASSERT_EQ(xlog({"keygen", folder_ + "/key"}), 0) << err_;
  for (const bool sealed : {false, true}) {
    std::filesystem::remove_all(logs_);
    const std::string to = sealed ? "encrypt.to=[\"" + folder_ + "/key.pub\"]" : "rings=16";
    child_process dying(writes({"--lines", "1000000000", "--rate", "1000", "--acked", folder_ + "/acked", "--set", to, "--set", "crash_handler=true"}));
    ASSERT_TRUE(lives(folder_ + "/acked")) << dying.err;
    dying.signal(SIGSEGV);
#ifdef THARSIS_SANITIZED
    dying.wait();  // A sanitizer handles the signal, and exits.
#else
    EXPECT_EQ(dying.wait(), -1) << "by the signal";
#endif
    EXPECT_EQ(xlog({"recover", logs_, "--set", to}), 0) << err_;
    EXPECT_EQ(xlog({"cat", logs_, "--key", folder_ + "/key", "--level", "fatal"}), 0) << err_;
    EXPECT_NE(out_.find(" F "), std::string::npos) << out_;
    EXPECT_NE(out_.find(" died of SIGSEGV, in thread "), std::string::npos) << out_;
    EXPECT_EQ(rings(), 0u);
    std::filesystem::remove(folder_ + "/acked");
  }
}

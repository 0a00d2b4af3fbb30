// Goal: a child that the host forks at any moment logs without harm to its parent: its lines are kept and, if they are
// warnings or worse, printed; none comes to the parent's file, and none of the parent's is lost. A child with a runtime
// of its own has a log of its own. Method: real children, while four threads log at full speed.
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include "sdk/pure/logger.h"
#include "tests/hosts/host.h"
#include "tests/hosts/log_lines.h"

using namespace tharsis;
using namespace tharsis::test;

namespace {

// A full ring waits, so that none is dropped on a busy machine.
const std::string with_xlog = "  xlog: { full_wait: 1m }\n";

std::map<std::string, int> how_often(const std::vector<std::string>& lines) {
  std::map<std::string, int> times;
  for (const std::string& line : lines) ++times[line];
  return times;
}

// Four threads that log until it ends.
class talkers {
 public:
  explicit talkers(const tharsis_log* log) {
    for (size_t t = 0; t < said_.size(); ++t)
      threads_.emplace_back([this, log, t] {
        const logger mine(log);
        for (uint64_t i = 0; !end_; ++i) {
          mine.info("thread {} line {}", t, i);
          if (i % 64 == 0) log->write(log->self, THARSIS_LOG_INFO, text_of(std::string_view("as text")));
          said_[t] = i + 1;
        }
      });
  }
  ~talkers() { end(); }
  void end() {
    end_ = true;
    for (std::thread& t : threads_) t.join();
    threads_.clear();
  }
  void wait_for_more() const {
    for (const auto& s : said_)
      for (const uint64_t before = s; s == before;) std::this_thread::yield();
  }
  uint64_t said(size_t t) const { return said_[t]; }
  size_t count() const { return said_.size(); }

 private:
  std::atomic<bool> end_{false};
  std::vector<std::atomic<uint64_t>> said_ = std::vector<std::atomic<uint64_t>>(4);
  std::vector<std::thread> threads_;
};

int status_of(pid_t child) {
  int status = -1;
  waitpid(child, &status, 0);
  return status;
}

class HostLogFork : public ::testing::Test {
 protected:
  void SetUp() override {
    ASSERT_TRUE(host_.settle());
    log_ = tharsis_runtime_log(host_.runtime);
  }

  host host_{with_xlog};
  const tharsis_log* log_ = nullptr;
};

}  // namespace

TEST_F(HostLogFork, ChildrenLogAndTheirParentLosesNothing) {
  const logger mine(log_);
  mine.info("from here on this thread has a ring");
  testing::internal::CaptureStderr();
  talkers parents(log_);
  constexpr int children = 8;
  for (int c = 0; c < children; ++c) {
    parents.wait_for_more();
    const pid_t child = fork();
    if (child == 0) {
      alarm(60);  // A child that hangs is a failure, not a test that hangs.
      for (int i = 0; i < 1000; ++i) mine.info("child line {}", i);
      const logger other(log_, "late");
      other.debug("below the level");
      other.error("child {} ends", c);
      _exit(0);
    }
    ASSERT_EQ(status_of(child), 0);
  }
  parents.end();
  mine.info("and the parent goes on");
  EXPECT_EQ(tharsis_runtime_stop(host_.runtime, 30 * host::second), THARSIS_OK);
  std::string expected;
  for (int c = 0; c < children; ++c) expected += "error: host: [late] child " + std::to_string(c) + " ends\n";
  EXPECT_EQ(testing::internal::GetCapturedStderr(), expected);
  auto times = how_often(lines_in(host_.state() + "/xlog"));
  for (size_t t = 0; t < parents.count(); ++t)
    for (uint64_t i = 0; i < parents.said(t); ++i)
      ASSERT_EQ(times["host: thread " + std::to_string(t) + " line " + std::to_string(i)], 1) << t << " " << i;
  EXPECT_EQ(times["host: and the parent goes on"], 1);
  for (const auto& [line, count] : times) ASSERT_EQ(line.find("child"), std::string::npos) << line;
}

TEST_F(HostLogFork, AChildWithARuntimeOfItsOwnHasALogOfItsOwn) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "this sanitizer starts no threads in a child of several";
#endif
  const logger mine(log_);
  mine.info("of the parent");
  const state_folder folder;
  {
    talkers parents(log_);
    parents.wait_for_more();
    const pid_t child = fork();
    if (child == 0) {
      alarm(60);
      host own(with_xlog);
      own.options.state = folder.path().c_str();
      if (!own.settle()) _exit(1);
      const logger log(tharsis_runtime_log(own.runtime));
      mine.info("into what was the parent's");
      for (int i = 0; i < 1000; ++i) log.info("of the child {}", i);
      _exit(tharsis_runtime_stop(own.runtime, 30 * host::second) == THARSIS_OK ? 0 : 2);
    }
    ASSERT_EQ(status_of(child), 0);
  }
  EXPECT_EQ(tharsis_runtime_stop(host_.runtime, 30 * host::second), THARSIS_OK);
  auto times = how_often(lines_in(folder.path() + "/xlog"));
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(times["host: of the child " + std::to_string(i)], 1);
  EXPECT_EQ(times["host: into what was the parent's"], 0);
  EXPECT_EQ(how_often(lines_in(host_.state() + "/xlog"))["host: of the parent"], 1);
}

TEST_F(HostLogFork, AChildOfAChildAndOneOfAThreadThatLogs) {
  std::thread([this] {
    const logger mine(log_);
    mine.info("one");
    const pid_t child = fork();
    if (child == 0) {
      alarm(60);
      mine.info("two");
      const pid_t grandchild = fork();
      if (grandchild == 0) {
        mine.info("three");
        _exit(0);
      }
      _exit(status_of(grandchild) == 0 ? 0 : 1);
    }
    EXPECT_EQ(status_of(child), 0);
  }).join();
  EXPECT_EQ(tharsis_runtime_stop(host_.runtime, 30 * host::second), THARSIS_OK);
  auto times = how_often(lines_in(host_.state() + "/xlog"));
  EXPECT_EQ(times["host: one"], 1);
  EXPECT_EQ(times["host: two"] + times["host: three"], 0);
}

#include <atomic>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <thread>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sdk/pure/views.h"
#include "tests/runtime/real_stage.h"

using namespace tharsis;
namespace fs = std::filesystem;

namespace {

class RealFiles : public ::testing::Test {
 protected:
  void SetUp() override {
    char pattern[] = "/tmp/tharsis-files-XXXXXX";
    ASSERT_NE(mkdtemp(pattern), nullptr);
    folder = pattern;
  }
  void TearDown() override {
    fs::permissions(folder, fs::perms::owner_all);
    fs::remove_all(folder);
  }

  std::string path(const std::string& name) const { return folder + "/" + name; }
  tharsis_status open(const std::string& name, uint32_t mode, tharsis_handle& id) {
    return files.open(files.self, text_of(name), mode, &id, fresh());
  }
  tharsis_status append(tharsis_handle id, std::string_view text) {
    return files.append(files.self, id, bytes_of(as_bytes(text)), fresh());
  }
  tharsis_status replace(const std::string& name, std::string_view text) {
    return files.replace(files.self, text_of(name), bytes_of(as_bytes(text)), fresh());
  }
  tharsis_status make_folder(const std::string& name) {
    return files.make_folder(files.self, text_of(name), fresh());
  }
  tharsis_status remove(const std::string& name) { return files.remove(files.self, text_of(name), fresh()); }
  tharsis_status lock(const std::string& name, tharsis_handle& id) {
    return files.lock(files.self, text_of(name), &id, fresh());
  }
  tharsis_status close(tharsis_handle id) { return files.close(files.self, id); }
  tharsis_status list(const std::string& name, std::vector<std::string>& names) {
    const auto visit = [](void* c, tharsis_text n) {
      static_cast<std::vector<std::string>*>(c)->emplace_back(view(n));
    };
    return files.list(files.self, text_of(name), visit, &names, fresh());
  }
  tharsis_error* fresh() {
    error = no_error();
    return &error;
  }
  // The sentence names this.
  testing::AssertionResult names(std::string_view what) const {
    if (std::string_view(error.text).find(what) != std::string_view::npos) return testing::AssertionSuccess();
    return testing::AssertionFailure() << "'" << error.text << "' does not name '" << what << "'";
  }
  static std::string content(const std::string& name) {
    std::ifstream in(name, std::ios::binary);
    std::ostringstream all;
    all << in.rdbuf();
    return all.str();
  }
  static unsigned mode_of(const std::string& name) {
    struct stat facts {};
    return stat(name.c_str(), &facts) == 0 ? facts.st_mode & 0777 : 0;
  }

  runtime::real_platform platform;
  const tharsis_files& files = *platform.table()->files;
  std::string folder;
  tharsis_error error = no_error();
};

// In a child process: `limit` has been set, what `run` answers becomes the exit code.
int in_child(const std::function<int()>& run) {
  const pid_t child = fork();
  if (child == 0) _exit(run());
  int status = 0;
  waitpid(child, &status, 0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

}  // namespace

TEST_F(RealFiles, WhatWasAppendedIsReadBackFromAnyOffset) {
  tharsis_handle id = 0;
  ASSERT_EQ(open(path("log"), THARSIS_FILES_APPEND | THARSIS_FILES_READ, id), THARSIS_OK);
  ASSERT_EQ(append(id, "hello "), THARSIS_OK);
  ASSERT_EQ(append(id, ""), THARSIS_OK);
  ASSERT_EQ(append(id, "world"), THARSIS_OK);
  uint64_t bytes = 0;
  EXPECT_EQ(files.length(files.self, id, &bytes, nullptr), THARSIS_OK);
  EXPECT_EQ(bytes, 11u);
  uint8_t into[32];
  size_t count = 0;
  EXPECT_EQ(files.read(files.self, id, 4, into, 3, &count, nullptr), THARSIS_OK);
  EXPECT_EQ(as_text({into, count}), "o w");
  EXPECT_EQ(files.read(files.self, id, 6, into, sizeof into, &count, nullptr), THARSIS_OK);
  EXPECT_EQ(as_text({into, count}), "world");
  EXPECT_EQ(files.read(files.self, id, 99, into, sizeof into, &count, nullptr), THARSIS_OK);
  EXPECT_EQ(count, 0u);
  EXPECT_EQ(files.sync(files.self, id, nullptr), THARSIS_OK);
  EXPECT_EQ(close(id), THARSIS_OK);
  EXPECT_EQ(close(id), THARSIS_E_GONE);
  EXPECT_EQ(append(id, "late"), THARSIS_E_GONE);
  EXPECT_EQ(files.read(files.self, id, 0, into, 1, &count, fresh()), THARSIS_E_GONE);
  EXPECT_EQ(files.length(files.self, id, &bytes, fresh()), THARSIS_E_GONE);
  EXPECT_EQ(files.sync(files.self, id, fresh()), THARSIS_E_GONE);
}

TEST_F(RealFiles, NobodyElseMayReadWhatIsMade) {
  tharsis_handle file = 0, held = 0;
  ASSERT_EQ(make_folder(path("a/b")), THARSIS_OK);
  ASSERT_EQ(open(path("a/b/log"), THARSIS_FILES_APPEND, file), THARSIS_OK);
  ASSERT_EQ(replace(path("a/b/state"), "x"), THARSIS_OK);
  ASSERT_EQ(lock(path("a/b/lock"), held), THARSIS_OK);
  EXPECT_EQ(mode_of(path("a")), 0700u);
  EXPECT_EQ(mode_of(path("a/b")), 0700u);
  for (const char* name : {"a/b/log", "a/b/state", "a/b/lock"}) EXPECT_EQ(mode_of(path(name)), 0600u) << name;
}

// Goal: a lock that is removed by whoever has it, as the last thing he does, is never held by two. Method: threads that do that as fast as
// they can.
TEST_F(RealFiles, ALockWhoseFileIsRemovedIsHeldByOneAtATime) {
  std::atomic<int> inside{0}, together{0}, turns{0};
  std::vector<std::thread> others;
  for (int i = 0; i < 4; ++i)
    others.emplace_back([&] {
      for (int n = 0; n < 3000; ++n) {
        tharsis_handle mine = 0;
        if (files.lock(files.self, text_of(path("turn")), &mine, nullptr) != THARSIS_OK) continue;
        together += inside.fetch_add(1) > 0 ? 1 : 0;
        ++turns;
        std::this_thread::yield();
        --inside;
        files.remove(files.self, text_of(path("turn")), nullptr);
        files.close(files.self, mine);
      }
    });
  for (std::thread& t : others) t.join();
  EXPECT_EQ(together, 0);
  EXPECT_GT(turns, 100);
}

TEST_F(RealFiles, AMissingFileIsNamed) {
  tharsis_handle id = 0;
  std::vector<std::string> list_of_names;
  EXPECT_EQ(open(path("none"), THARSIS_FILES_READ, id), THARSIS_E_NOT_FOUND);
  EXPECT_TRUE(names(path("none")));
  EXPECT_EQ(open(path("none/log"), THARSIS_FILES_APPEND, id), THARSIS_E_NOT_FOUND);
  EXPECT_EQ(replace(path("none/state"), "x"), THARSIS_E_NOT_FOUND);
  EXPECT_EQ(remove(path("none")), THARSIS_E_NOT_FOUND);
  EXPECT_EQ(list(path("none"), list_of_names), THARSIS_E_NOT_FOUND);
  EXPECT_TRUE(names(path("none")));
  EXPECT_EQ(lock(path("none/lock"), id), THARSIS_E_NOT_FOUND);
}

TEST_F(RealFiles, PathsAreAbsoluteAndWhole) {
  tharsis_handle id = 0;
  EXPECT_EQ(open("log", THARSIS_FILES_APPEND, id), THARSIS_E_INVALID);
  EXPECT_TRUE(names("'log'"));
  EXPECT_EQ(open("", THARSIS_FILES_APPEND, id), THARSIS_E_INVALID);
  EXPECT_EQ(replace(path(std::string("a\0b", 3)), "x"), THARSIS_E_INVALID);
  EXPECT_EQ(make_folder("./here"), THARSIS_E_INVALID);
  EXPECT_EQ(open(path("log"), 0, id), THARSIS_E_INVALID);
  EXPECT_EQ(open(path("log"), 64, id), THARSIS_E_INVALID);
}

TEST_F(RealFiles, AFolderIsNoFileAndAFileIsNoFolder) {
  tharsis_handle id = 0;
  EXPECT_EQ(open(folder, THARSIS_FILES_READ, id), THARSIS_E_IO);
  EXPECT_TRUE(names("folder"));
  ASSERT_EQ(replace(path("file"), "x"), THARSIS_OK);
  EXPECT_EQ(make_folder(path("file/below")), THARSIS_E_IO);
  EXPECT_TRUE(names(path("file")));
  EXPECT_EQ(make_folder(folder), THARSIS_OK) << "one that exists is no error";
  ASSERT_EQ(make_folder(path("full")), THARSIS_OK);
  ASSERT_EQ(replace(path("full/file"), "x"), THARSIS_OK);
  EXPECT_EQ(remove(path("full")), THARSIS_E_IO);
  EXPECT_EQ(remove(path("full/file")), THARSIS_OK);
  EXPECT_EQ(remove(path("full")), THARSIS_OK);
}

TEST_F(RealFiles, AFileThatIsReadOnlyToItsOpenerTakesNoAppend) {
  ASSERT_EQ(replace(path("file"), "x"), THARSIS_OK);
  tharsis_handle id = 0;
  ASSERT_EQ(open(path("file"), THARSIS_FILES_READ, id), THARSIS_OK);
  EXPECT_EQ(append(id, "y"), THARSIS_E_INVALID);
  EXPECT_EQ(content(path("file")), "x");
}

TEST_F(RealFiles, AReplacedFileHasTheNewContentAndLeavesNothingBeside) {
  ASSERT_EQ(replace(path("state"), "the first, longer content"), THARSIS_OK);
  ASSERT_EQ(replace(path("state"), "second"), THARSIS_OK);
  EXPECT_EQ(content(path("state")), "second");
  std::vector<std::string> all;
  ASSERT_EQ(list(folder, all), THARSIS_OK);
  EXPECT_EQ(all, std::vector<std::string>{"state"});
}

TEST_F(RealFiles, WhatACrashLeftBesideAFileIsNoObstacle) {
  std::ofstream(path("state.new")) << "half of a content that was much longer than the next";
  ASSERT_EQ(replace(path("state"), "whole"), THARSIS_OK);
  EXPECT_EQ(content(path("state")), "whole");
  EXPECT_FALSE(fs::exists(path("state.new")));
}

// Who replaces a file may write a key.
TEST_F(RealFiles, WhatSomebodyElseCouldReadBesideAFileIsNotWrittenTo) {
  std::ofstream(path("open.new")) << "left";
  ASSERT_EQ(chmod(path("open.new").c_str(), 0644), 0);
  std::ofstream(path("theirs")) << "theirs";
  ASSERT_EQ(chmod(path("theirs").c_str(), 0600), 0);
  ASSERT_EQ(link(path("theirs").c_str(), path("twice.new").c_str()), 0);
  const int watching = ::open(path("open.new").c_str(), O_RDONLY | O_CLOEXEC);
  for (const char* name : {"open", "twice"}) {
    ASSERT_EQ(replace(path(name), "a key"), THARSIS_OK) << error.text;
    EXPECT_EQ(content(path(name)), "a key");
    EXPECT_EQ(mode_of(path(name)), 0600u);
  }
  char seen[16] = {};
  EXPECT_EQ(pread(watching, seen, sizeof seen, 0), 4);
  EXPECT_STREQ(seen, "left");
  ::close(watching);
  EXPECT_EQ(content(path("theirs")), "theirs");

  ASSERT_EQ(mkfifo(path("pipe.new").c_str(), 0600), 0);
  EXPECT_NE(replace(path("pipe"), "a key"), THARSIS_OK) << "and it is not waited for";
}

TEST_F(RealFiles, ReplacesOfManyThreadsLeaveOneOfTheContentsWhole) {
  std::vector<std::thread> writers;
  std::atomic<int> failed{0};
  for (char c = 'a'; c < 'e'; ++c)
    writers.emplace_back([&, c] {
      const std::string all(static_cast<size_t>(c) * 100, c);
      for (int i = 0; i < 25; ++i)
        if (files.replace(files.self, text_of(path("state")), bytes_of(as_bytes(all)), nullptr) != THARSIS_OK)
          ++failed;
    });
  for (auto& w : writers) w.join();
  EXPECT_EQ(failed, 0);
  const std::string found = content(path("state"));
  ASSERT_FALSE(found.empty());
  EXPECT_EQ(found, std::string(static_cast<size_t>(found[0]) * 100, found[0]));
}

TEST_F(RealFiles, AppendsOfManyThreadsStayWhole) {
  tharsis_handle id = 0;
  ASSERT_EQ(open(path("log"), THARSIS_FILES_APPEND, id), THARSIS_OK);
  std::vector<std::thread> writers;
  for (char c = 'a'; c < 'e'; ++c)
    writers.emplace_back([&, c] {
      std::string line(100, c);
      line.back() = '\n';
      for (int i = 0; i < 100; ++i) files.append(files.self, id, bytes_of(as_bytes(line)), nullptr);
    });
  for (auto& w : writers) w.join();
  std::istringstream in(content(path("log")));
  int lines = 0;
  for (std::string line; std::getline(in, line); ++lines) EXPECT_EQ(line, std::string(99, line[0]));
  EXPECT_EQ(lines, 400);
}

TEST_F(RealFiles, AFolderIsListedInTheOrderOfTheNames) {
  for (const char* name : {"b", "a", "c", ".hidden"}) ASSERT_EQ(replace(path(name), ""), THARSIS_OK);
  std::vector<std::string> all;
  ASSERT_EQ(list(folder, all), THARSIS_OK);
  EXPECT_EQ(all, (std::vector<std::string>{".hidden", "a", "b", "c"}));
}

TEST_F(RealFiles, ALockIsHeldAgainstThreadsAndProcessesUntilItIsClosed) {
  tharsis_handle mine = 0, second = 0;
  ASSERT_EQ(lock(path("lock"), mine), THARSIS_OK);
  EXPECT_EQ(lock(path("lock"), second), THARSIS_E_IN_USE);
  EXPECT_TRUE(names(path("lock")));
  ASSERT_EQ(close(mine), THARSIS_OK);
  EXPECT_EQ(lock(path("lock"), second), THARSIS_OK);
}

TEST_F(RealFiles, NothingIsWrittenOrLockedThroughALink) {
  tharsis_handle id = 0;
  ASSERT_EQ(replace(path("theirs"), "content"), THARSIS_OK);
  fs::create_symlink(path("theirs"), path("link"));
  fs::create_symlink(path("nowhere"), path("loose"));
  for (const std::string& name : {path("link"), path("loose")}) {
    for (const uint32_t reads : {0u, 1u}) EXPECT_EQ(open(name, THARSIS_FILES_APPEND | reads * THARSIS_FILES_READ, id), THARSIS_E_DENIED);
    EXPECT_TRUE(names(name));
    EXPECT_TRUE(names("it is a link"));
    EXPECT_EQ(lock(name, id), THARSIS_E_DENIED);
  }
  EXPECT_FALSE(fs::exists(path("nowhere")));
  ASSERT_EQ(open(path("link"), THARSIS_FILES_READ, id), THARSIS_OK) << "who reads may follow it";
  EXPECT_EQ(close(id), THARSIS_OK);
}

TEST_F(RealFiles, APipeOrADeviceIsNoFileToReadAndIsNotWaitedFor) {
  ASSERT_EQ(mkfifo(path("pipe").c_str(), 0600), 0);
  tharsis_handle id = 0;
  for (const std::string& name : {path("pipe"), std::string("/dev/null")}) {
    EXPECT_EQ(open(name, THARSIS_FILES_READ, id), THARSIS_E_IO);
    EXPECT_TRUE(names(name));
    EXPECT_TRUE(names("not a plain file"));
  }
  EXPECT_NE(open(path("pipe"), THARSIS_FILES_APPEND, id), THARSIS_OK);
}

TEST_F(RealFiles, AFullDiskIsToldAndTheFileIsCutBackToWhatItWas) {
  tharsis_handle id = 0;
  ASSERT_EQ(open("/dev/full", THARSIS_FILES_APPEND, id), THARSIS_OK);
  EXPECT_EQ(append(id, "x"), THARSIS_E_FULL);
  EXPECT_TRUE(names("/dev/full"));
  EXPECT_TRUE(names("make room"));

  ASSERT_EQ(open(path("log"), THARSIS_FILES_APPEND, id), THARSIS_OK);
  ASSERT_EQ(append(id, "kept"), THARSIS_OK);
  const std::string much(100'000, 'x');
  // The system takes a part of it before it refuses.
  const int code = in_child([&] {
    const rlimit small{50'000, 50'000};
    setrlimit(RLIMIT_FSIZE, &small);
    signal(SIGXFSZ, SIG_IGN);
    return append(id, much) == THARSIS_E_FULL && replace(path("state"), much) == THARSIS_E_FULL ? 0 : 1;
  });
  EXPECT_EQ(code, 0);
  EXPECT_EQ(content(path("log")), "kept");
  EXPECT_FALSE(fs::exists(path("state")));
  EXPECT_FALSE(fs::exists(path("state.new")));
}

TEST_F(RealFiles, AReadOnlyFolderIsDeniedWithAdvice) {
  ASSERT_EQ(replace(path("old"), "x"), THARSIS_OK);
  chmod(folder.c_str(), 0555);
  const int code = in_child([&] {
    // Root may write everywhere.
    if (geteuid() == 0 && (chown(folder.c_str(), 65534, 65534) != 0 || seteuid(65534) != 0)) return 2;
    tharsis_handle id = 0;
    const bool denied = open(path("log"), THARSIS_FILES_APPEND, id) == THARSIS_E_DENIED &&
                        names(path("log")) && names("right") &&
                        replace(path("state"), "x") == THARSIS_E_DENIED &&
                        make_folder(path("sub")) == THARSIS_E_DENIED &&
                        remove(path("old")) == THARSIS_E_DENIED && lock(path("lock"), id) == THARSIS_E_DENIED;
    return denied ? 0 : 1;
  });
  EXPECT_EQ(code, 0);
}

TEST_F(RealFiles, RandomBytesDifferAndFillAll) {
  const tharsis_random& random = *platform.table()->random;
  std::vector<uint8_t> a(1000), b(1000);
  random.fill(random.self, a.data(), a.size());
  random.fill(random.self, b.data(), b.size());
  random.fill(random.self, nullptr, 0);
  EXPECT_NE(a, b);
  EXPECT_NE(std::vector<uint8_t>(a.end() - 32, a.end()), std::vector<uint8_t>(32));
}

// For keys: only its owner may be able to read them.
TEST_F(RealFiles, ASecretThatOthersMayReadIsRefusedWithWhatToDo) {
  const std::string name = path("key.pem");
  ASSERT_EQ(replace(name, "a key"), THARSIS_OK);
  tharsis_handle id = 0;
  ASSERT_EQ(open(name, THARSIS_FILES_READ | THARSIS_FILES_SECRET, id), THARSIS_OK) << error.text;
  EXPECT_EQ(close(id), THARSIS_OK);
  for (const mode_t mode : {0644u, 0640u, 0604u, 0620u, 0602u, 0601u}) {
    ASSERT_EQ(chmod(name.c_str(), mode), 0);
    EXPECT_EQ(open(name, THARSIS_FILES_READ | THARSIS_FILES_SECRET, id), THARSIS_E_DENIED) << std::oct << mode;
    EXPECT_NE(std::string(error.text).find("chmod 600 " + name), std::string::npos) << error.text;
    ASSERT_EQ(open(name, THARSIS_FILES_READ, id), THARSIS_OK) << "who calls it no secret may read it";
    EXPECT_EQ(close(id), THARSIS_OK);
  }
  ASSERT_EQ(chmod(name.c_str(), 0400), 0);
  ASSERT_EQ(open(name, THARSIS_FILES_READ | THARSIS_FILES_SECRET, id), THARSIS_OK) << error.text;
  EXPECT_EQ(close(id), THARSIS_OK);
  EXPECT_EQ(open(name, THARSIS_FILES_SECRET, id), THARSIS_E_INVALID);
  EXPECT_EQ(open(name, THARSIS_FILES_APPEND | THARSIS_FILES_SECRET, id), THARSIS_E_INVALID);
}

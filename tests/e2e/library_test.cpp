// Loading real libraries: by the descriptor that was checked, under the name that people know.
#include "runtime/os_library.h"
#include "sdk/pure/sha256.h"

#include <dlfcn.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include <gtest/gtest.h>


using namespace tharsis;
using runtime::load_library;
namespace fs = std::filesystem;

namespace {

const std::string fixtures = THARSIS_FIXTURES;

class Library : public ::testing::Test {
 protected:
  Library() {
    std::string name = fs::temp_directory_path().string() + "/tharsis.library.XXXXXX";
    folder = mkdtemp(name.data()) ? name : "";
  }
  ~Library() override { fs::remove_all(folder); }

  // A library of its own, since one that was loaded stays.
  std::string copy_of(const std::string& fixture) const {
    const std::string to = folder + "/" + fixture + ".so";
    fs::copy_file(fixtures + "/" + fixture + "/" + fixture + ".so", to);
    return to;
  }
  static size_t open_descriptors() {
    return static_cast<size_t>(std::distance(fs::directory_iterator("/proc/self/fd"), fs::directory_iterator()));
  }
  static std::string content(const std::string& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }

  std::string folder;
};

}  // namespace

TEST_F(Library, IsKnownByItsPathInBacktraces) {
  const std::string path = copy_of("quiet");
  const auto plugin = load_library(path, "");
  ASSERT_TRUE(plugin.ok()) << plugin.failure().text;
  Dl_info about{};
  ASSERT_NE(::dladdr(reinterpret_cast<const void*>((*plugin)->create), &about), 0);
  EXPECT_EQ(std::string(about.dli_fname), fs::canonical(path).string());
}

// The loader knows a library by its descriptor's name: were one closed, the next library could get the
// same name, and be taken for the first.
TEST_F(Library, EachPathGivesItsOwnPluginAndTheSameOneAgainCostsNothing) {
  const auto quiet = load_library(copy_of("quiet"), "");
  const auto waits = load_library(copy_of("waits"), "");
  const auto leaks = load_library(copy_of("leaks"), "");
  ASSERT_TRUE(quiet.ok() && waits.ok() && leaks.ok());
  EXPECT_STREQ((*quiet)->id, "quiet");
  EXPECT_STREQ((*waits)->id, "waits");
  EXPECT_STREQ((*leaks)->id, "leaks");
  const size_t before = open_descriptors();
  for (int i = 0; i < 100; ++i) EXPECT_EQ(*load_library(folder + "/quiet.so", ""), *quiet);
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(Library, AFreshBuildUnderTheSameNameIsLoadedAnew) {
  const std::string path = copy_of("quiet");
  ASSERT_TRUE(load_library(path, "").ok());
  const std::string other = copy_of("waits");
  fs::rename(other, path);
  const auto now = load_library(path, "");
  ASSERT_TRUE(now.ok());
  EXPECT_STREQ((*now)->id, "waits");
}

TEST_F(Library, OneThatIsNotTheLockedOneIsNotLoaded) {
  const std::string path = copy_of("quiet");
  const std::string sum = sha256_of(content(path));
  const auto refused = load_library(path, std::string(64, '0'));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.status(), THARSIS_E_UNTRUSTED);
  EXPECT_EQ(refused.failure().text, path + " is not the library that was locked: its sha256 is " + sum + ", locked is " +
                                        std::string(64, '0') + "; restore it, or lock the profile anew with `tharsis lock`");
  EXPECT_EQ(content("/proc/self/maps").find(fs::canonical(path).string()), std::string::npos) << "it was mapped, its code may have run";
  EXPECT_TRUE(load_library(path, sum).ok());
}

TEST_F(Library, OneThatOthersCanChangeIsNotLoaded) {
  const std::string path = copy_of("quiet");
  fs::permissions(path, fs::perms::others_write, fs::perm_options::add);
  const auto refused = load_library(path, "");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.status(), THARSIS_E_UNTRUSTED);
  EXPECT_NE(refused.failure().text.find("chmod go-w " + path), std::string::npos) << refused.failure().text;
  EXPECT_EQ(content("/proc/self/maps").find(fs::canonical(path).string()), std::string::npos);
}

TEST_F(Library, FailuresNameTheFileAndNotItsDescriptor) {
  const std::string path = folder + "/text.so";
  std::ofstream(path) << "this is no library";
  const size_t before = open_descriptors();
  const auto failed = load_library(path, "");
  ASSERT_FALSE(failed.ok());
  EXPECT_NE(failed.failure().text.find(path), std::string::npos) << failed.failure().text;
  EXPECT_EQ(failed.failure().text.find("/proc/"), std::string::npos) << failed.failure().text;
  EXPECT_EQ(open_descriptors(), before);
  EXPECT_EQ(load_library(folder + "/none.so", "").failure().text, "there is no " + folder + "/none.so");
}

TEST_F(Library, OneThatIsOverwrittenWhileItIsLoadedIsNotTakenForTheNewOne) {
  const std::string path = copy_of("quiet");
  ASSERT_TRUE(load_library(path, "").ok());
  fs::last_write_time(path, fs::last_write_time(path) + std::chrono::seconds(1));
  const auto again = load_library(path, "");
  ASSERT_FALSE(again.ok());
  EXPECT_NE(again.failure().text.find("was overwritten after it had been loaded"), std::string::npos);
}

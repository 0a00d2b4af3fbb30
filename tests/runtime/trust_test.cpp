// Who could change a file that becomes code: owners, modes, links, and the lock file.
#include "runtime/os_trust.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/lock_file.h"
#include "sdk/pure/sha256.h"
#include "tests/runtime/profile_folder.h"

using namespace tharsis;
using namespace tharsis::runtime;
namespace fs = std::filesystem;

namespace {

class Trust : public ::testing::Test {
 protected:
  Trust() {
    here.add_plugin("stn");
    here.write("plugins/stn/stn.so", "code");
    library = here.path + "/plugins/stn/stn.so";
  }

  std::string without_folder(std::string text) const {
    for (size_t at; (at = text.find(here.path)) != std::string::npos;) text.replace(at, here.path.size(), "DIR");
    return text;
  }
  // Why the library is not trusted, or "good".
  std::string verdict(const std::string& path) const {
    const auto file = open_trusted(path);
    return file ? "good" : without_folder(file.failure().text);
  }
  void mode(const std::string& file, mode_t bits) const { ASSERT_EQ(::chmod((here.path + "/" + file).c_str(), bits), 0); }
  std::string checked(const std::string& profile = "tharsis: 1\nplugins: { stn: }\n") {
    const profile_request& request = here.request;
    here.write("profile.yaml", profile);
    here.problems = {};
    check_libraries(load_profile(request, here.problems), here.problems);
    return here.messages();
  }
  void lock(const std::string& library_text, const std::string& manifest_text) const {
    here.write("profile.yaml.lock", lock_text({{"stn", {sha256_of(library_text), sha256_of(manifest_text), {}, {}, {}}}}));
  }

  static constexpr const char* manifest = "id: stn\nversion: 1.0.0\nabi: 1\nlibrary: stn.so\n";
  static constexpr const char* pinned = "tharsis: 1\ntrust: pinned\nplugins: { stn: }\n";
  profile_folder here;
  std::string library;
};

}  // namespace

TEST(Sha256, IsTheWellKnownFunction) {
  EXPECT_EQ(sha256_of(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_of("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST_F(Trust, WhatOnlyTheUserCanChangeIsTrusted) {
  const auto file = open_trusted(library);
  ASSERT_TRUE(file.ok()) << file.failure().text;
  EXPECT_EQ(*file->sha256(), sha256_of("code"));
  EXPECT_EQ(*file->sha256(), sha256_of("code")) << "asking moves nothing";
  EXPECT_NE(::fcntl(file->descriptor(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_EQ(checked(), "");
}

TEST_F(Trust, WhatOthersCanWriteToIsNot) {
  for (const char* file : {"plugins/stn/stn.so", "plugins/stn", "plugins", "."}) {
    const fs::perms before = fs::status(here.path + "/" + file).permissions();
    for (const mode_t bits : {0777u, 0775u, 0702u}) {
      mode(file, bits);
      const std::string said = verdict(library);
      EXPECT_NE(said.find(" can be changed by others (its mode is 0"), std::string::npos) << file << ": " << said;
      EXPECT_NE(said.find("chmod go-w "), std::string::npos) << said;
    }
    mode(file, static_cast<mode_t>(before));
    EXPECT_EQ(verdict(library), "good") << file;
  }
}

TEST_F(Trust, AFolderWithTheStickyBitIsAcceptedAndAFileIsNot) {
  mode("plugins", 01777);
  EXPECT_EQ(verdict(library), "good");
  mode("plugins/stn/stn.so", 01777);
  EXPECT_NE(verdict(library), "good");
}

TEST_F(Trust, WhatBelongsToSomebodyElseIsNotTrusted) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give files away";
  for (const char* file : {"plugins/stn/stn.so", "plugins/stn", "plugins"}) {
    const std::string whole = here.path + "/" + file;
    ASSERT_EQ(::chown(whole.c_str(), 4321, 4321), 0);
    EXPECT_EQ(verdict(library), "DIR/" + std::string(file) + " belongs to user 4321, neither to root nor to user 0 who runs this; "
                                "change its owner, or install the plugin elsewhere");
    ASSERT_EQ(::chown(whole.c_str(), 0, 0), 0);
  }
  fs::create_symlink("plugins", here.path + "/way");
  ASSERT_EQ(::lchown((here.path + "/way").c_str(), 4321, 4321), 0);
  EXPECT_NE(verdict(here.path + "/way/stn/stn.so").find("way belongs to user 4321"), std::string::npos) << "a link decides where a path ends";
}

TEST_F(Trust, LinksAreFollowedToFoldersButNotOutOfThePluginsOwn) {
  fs::create_symlink(here.path + "/plugins", here.path + "/way");
  EXPECT_EQ(verdict(here.path + "/way/stn/stn.so"), "good");
  EXPECT_EQ(verdict(here.path + "/way/../plugins/./stn//stn.so"), "good");
  fs::create_symlink("stn.so", here.path + "/plugins/stn/stn.so.1");
  EXPECT_EQ(verdict(library + ".1"), "good");
  here.write("outside.so", "code");
  fs::create_symlink("../../outside.so", here.path + "/plugins/stn/out.so");
  EXPECT_EQ(verdict(here.path + "/plugins/stn/out.so"),
            "DIR/plugins/stn/out.so is a link that leads out of its folder, to DIR/outside.so; put the file itself there");
  here.write("plugins/stnx/x.so", "code");  // The names of two folders may begin alike.
  fs::create_symlink("../stnx/x.so", here.path + "/plugins/stn/near.so");
  EXPECT_NE(verdict(here.path + "/plugins/stn/near.so").find("leads out of its folder"), std::string::npos);
  fs::create_symlink("round", here.path + "/round");
  EXPECT_EQ(verdict(here.path + "/round/x.so"), "there is no DIR/round");
}

TEST_F(Trust, AFolderThatALinkLeadsThroughIsCheckedToo) {
  here.write("open/real/stn/stn.so", "code");
  mode("open", 0777);
  fs::create_symlink("../open/real/stn", here.path + "/plugins/link");
  EXPECT_EQ(verdict(here.path + "/plugins/link/stn.so"),
            "DIR/open can be changed by others (its mode is 0777); take that away: chmod go-w DIR/open");
}

TEST_F(Trust, OnlyAbsolutePathsOfRegularFilesAreLoaded) {
  EXPECT_EQ(verdict("plugins/stn/stn.so"), "plugins/stn/stn.so is not an absolute path");
  EXPECT_EQ(verdict(here.path + "/plugins/stn"), "DIR/plugins/stn is not a regular file");
  EXPECT_EQ(verdict(here.path + "/plugins/stn/no.so"), "there is no DIR/plugins/stn/no.so");
  ASSERT_EQ(::mkfifo((here.path + "/plugins/stn/pipe").c_str(), 0600), 0);
  EXPECT_EQ(verdict(here.path + "/plugins/stn/pipe"), "DIR/plugins/stn/pipe is not a regular file");
}

// Goal: what is hashed is what was opened, whatever the name leads to later.
TEST_F(Trust, AFileThatIsReplacedAfterItWasOpenedChangesNothing) {
  const auto file = open_trusted(library);
  ASSERT_TRUE(file.ok());
  here.write("plugins/stn/new", "other code");
  fs::rename(here.path + "/plugins/stn/new", library);
  EXPECT_EQ(*file->sha256(), sha256_of("code"));
  const auto again = open_trusted(library);
  ASSERT_TRUE(again.ok());
  EXPECT_FALSE(again->which().is_same_file(file->which()));
}

TEST_F(Trust, CheckTellsOnceWhatIsWrongWithAFolderOfManyPlugins) {
  here.add_plugin("dns");
  here.write("plugins/dns/dns.so", "code");
  mode("plugins", 0777);
  EXPECT_EQ(checked("tharsis: 1\nplugins: { stn: , dns: }\n"),
            "DIR/plugins/stn/plugin.yaml: error: DIR/plugins can be changed by others (its mode is 0777); take that away: "
            "chmod go-w DIR/plugins\n");
  mode("plugins", 0755);
  mode("plugins/dns/plugin.yaml", 0666);
  EXPECT_EQ(checked("tharsis: 1\nplugins: { stn: , dns: }\n"),
            "DIR/plugins/dns/plugin.yaml: error: DIR/plugins/dns/plugin.yaml can be changed by others (its mode is 0666); "
            "take that away: chmod go-w DIR/plugins/dns/plugin.yaml\n");
}

TEST_F(Trust, APinnedProfileLoadsWhatIsLocked) {
  lock("code", manifest);
  EXPECT_EQ(checked(pinned), "");
  const profile plan = load_profile(here.request, here.problems);
  EXPECT_TRUE(plan.pinned);
  ASSERT_TRUE(plan.plugins.at(0).locked.has_value());
  EXPECT_EQ(plan.plugins[0].locked->library, sha256_of("code"));
}

TEST_F(Trust, APinnedProfileRefusesWhatIsNot) {
  EXPECT_EQ(checked(pinned),
            "DIR/profile.yaml:2:8: error: trust: the profile is pinned, but there is no DIR/profile.yaml.lock\n"
            "   2 | trust: pinned\n"
            "     |        ^\n"
            "note: check that its plugins are those that you want, then write it: tharsis lock DIR/profile.yaml\n");
  lock("other code", manifest);
  EXPECT_EQ(checked(pinned),
            "DIR/profile.yaml.lock:5:14: error: stn: DIR/plugins/stn/stn.so is not the library that was locked\n"
            "   5 |     library: \"" + sha256_of("other code") + "\"\n"
            "     |              ^\n"
            "note: its sha256 is " + sha256_of("code") + "\n"
            "note: restore it, or check what has changed and lock it anew: tharsis lock DIR/profile.yaml\n");
  lock("code", "another manifest");
  EXPECT_EQ(checked(pinned),
            "DIR/profile.yaml.lock:6:15: error: stn: DIR/plugins/stn/plugin.yaml is not the manifest that was locked\n"
            "   6 |     manifest: \"" + sha256_of("another manifest") + "\"\n"
            "     |               ^\n"
            "note: its sha256 is " + sha256_of(manifest) + "\n"
            "note: restore it, or check what has changed and lock it anew: tharsis lock DIR/profile.yaml\n");
  here.write("profile.yaml.lock", "tharsis_lock: 1\nplugins:\n");
  EXPECT_EQ(checked(pinned),
            "DIR/profile.yaml.lock: error: plugin 'stn' is not locked\n"
            "note: check that DIR/plugins/stn is what you want, then lock it anew: tharsis lock DIR/profile.yaml\n");
}

TEST_F(Trust, ALockFileThatOthersCanChangeOrThatIsNoneIsRefused) {
  lock("code", manifest);
  mode("profile.yaml.lock", 0666);
  EXPECT_NE(checked(pinned).find("trust: DIR/profile.yaml.lock can be changed by others"), std::string::npos);
  mode("profile.yaml.lock", 0644);
  for (const char* bad : {"", "tharsis_lock: 2\nplugins: {}\n", "tharsis_lock: 1\nplugins: { stn: { library: abc, manifest: def } }\n",
                          "tharsis_lock: 1\nplugins: { stn: { library: } }\n", "tharsis_lock: 1\nplugins: [stn]\n", "}{"}) {
    here.write("profile.yaml.lock", bad);
    EXPECT_NE(checked(pinned).find("tharsis lock DIR/profile.yaml"), std::string::npos) << bad << "\n" << here.messages();
  }
}

TEST_F(Trust, TheLastLayerSaysWhetherItIsPinned) {
  here.write("base.yaml", pinned);
  here.write("profile.yaml", "tharsis: 1\nextends: base.yaml\n");
  EXPECT_TRUE(load_profile(here.request, here.problems).pinned);
  here.write("profile.yaml", "tharsis: 1\nextends: base.yaml\ntrust: dev\n");
  here.problems = {};
  EXPECT_FALSE(load_profile(here.request, here.problems).pinned);
  EXPECT_EQ(here.messages(), "");
  EXPECT_EQ(here.messages_of("tharsis: 1\ntrust: signed\nplugins: { stn: }\n"),
            "DIR/profile.yaml:2:8: error: trust: expected one of dev or pinned, got 'signed'\n"
            "   2 | trust: signed\n"
            "     |        ^\n");
}

TEST_F(Trust, ALockFilesTextIsSortedAndStable) {
  const locked_plugin sums{std::string(64, 'a'), std::string(64, '1'), {}, {}, {}};
  EXPECT_EQ(lock_text({{"stn", sums}, {"com.acme", sums}}),
            "# Written by `tharsis lock`. With `trust: pinned` the profile loads these files and no others.\n"
            "tharsis_lock: 1\nplugins:\n"
            "  com.acme:\n    library: \"" + std::string(64, 'a') + "\"\n    manifest: \"" + std::string(64, '1') + "\"\n"
            "  stn:\n    library: \"" + std::string(64, 'a') + "\"\n    manifest: \"" + std::string(64, '1') + "\"\n");
}

// The templates of new plugins: what they are made for, and what is refused. That they build and are green is
// tests/install/new_plugin.cmake.
#include "runtime/new_plugin.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "runtime/manifest.h"

using namespace tharsis::runtime;

namespace {

const new_file* find(const std::vector<new_file>& files, const std::string& path) {
  const auto found = std::find_if(files.begin(), files.end(), [&](const new_file& f) { return f.path == path; });
  return found == files.end() ? nullptr : &*found;
}

}  // namespace

TEST(NewPlugin, EveryKindHasAManifestThatIsGoodAndNoMarkIsLeft) {
  for (const std::string& kind : plugin_kinds()) {
    const auto files = files_of_plugin("com.acme.the-first", kind);
    ASSERT_TRUE(files.ok()) << kind;
    for (const char* path : {"plugin.yaml", "profile.yaml", "CMakeLists.txt", "README.md", ".gitignore", "the_first.cpp"})
      EXPECT_NE(find(*files, path), nullptr) << kind << " has no " << path;
    for (const new_file& f : *files)
      for (const char* mark : {"@ID@", "@NAME@", "@UPPER@"})
        EXPECT_EQ((f.path + f.text).find(mark), std::string::npos) << kind << "/" << f.path;
    diagnostics problems;
    const auto text = std::make_shared<source>(source{"plugin.yaml", find(*files, "plugin.yaml")->text, source::kind::manifest, {}});
    const auto manifest = parse_manifest(text, "/plugin", problems);
    EXPECT_TRUE(problems.empty()) << kind << ": " << render(problems);
    ASSERT_NE(manifest, nullptr);
    EXPECT_EQ(manifest->id, "com.acme.the-first");
  }
}

TEST(NewPlugin, WhatAKindHasOfItsOwnStandsInThePlaceOfWhatAllHave) {
  const auto codec = files_of_plugin("a.b", "codec"), probe = files_of_plugin("a.b", "probe");
  ASSERT_TRUE(codec.ok() && probe.ok());
  EXPECT_NE(find(*codec, "profile.yaml")->text.find("codec: b"), std::string::npos);
  EXPECT_EQ(find(*probe, "profile.yaml")->text.find("codec"), std::string::npos);
}

TEST(NewPlugin, AnIdIsDottedLowerCaseWords) {
  for (const char* good : {"hello", "com.acme.hello", "a.b-c.d_e", "x2"}) EXPECT_EQ(trouble_with_id(good, {"run"}), "") << good;
  for (const char* bad : {"", "Hello", "com..acme", ".a", "a.", "2x", "a b", "a/b", "../a", "com.acme.ü"})
    EXPECT_NE(trouble_with_id(bad, {"run"}).find("com.acme.hello"), std::string::npos) << bad;
  EXPECT_NE(trouble_with_id("run", {"run"}).find("a meaning of its own"), std::string::npos);
  EXPECT_NE(trouble_with_id(std::string(101, 'a'), {}).find("at most 100"), std::string::npos);
}

TEST(NewPlugin, AnUnknownKindIsNamedWithTheOneThatWasMeant) {
  const auto files = files_of_plugin("a.b", "sevice");
  ASSERT_FALSE(files.ok());
  EXPECT_NE(files.failure().text.find("did you mean 'service'?"), std::string::npos) << files.failure().text;
}

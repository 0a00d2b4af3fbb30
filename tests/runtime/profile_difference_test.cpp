// What a reload would change: told plugin by plugin, setting by setting, secrets hidden.
#include "runtime/profile_difference.h"

#include "tests/runtime/profile_folder.h"

using namespace tharsis;
using namespace tharsis::runtime;
using kind = plugin_difference::kind;

namespace {

constexpr const char* settings = R"(settings:
  timeout: { type: duration, default: 5s }
  user: { type: text }
  token: { type: text, secret: true }
  hosts: { type: list, of: { type: text } }
  links: { type: map, of: { type: group, settings: { port: { type: int, default: 1 }, key: { type: text, secret: true } } } }
)";

class ProfileDifference : public ::testing::Test {
 protected:
  ProfileDifference() {
    for (const char* id : {"a", "b", "c"}) here.add_plugin(id, settings);
  }
  profile load(const std::string& plugins) {
    profile made = here.load("tharsis: 1\nplugins:\n" + plugins);
    EXPECT_EQ(here.messages(), "");
    return made;
  }
  profile_difference between(const std::string& before, const std::string& after) {
    const profile running = load(before);
    return difference(running, load(after));
  }
  std::string said(const std::string& before, const std::string& after) {
    std::string text = words_of(between(before, after));
    for (size_t at; (at = text.find(here.path)) != std::string::npos;) text.replace(at, here.path.size(), "DIR");
    return text;
  }
  profile_folder here;
};

}  // namespace

TEST_F(ProfileDifference, TheSameProfileChangesNothingWhereverItsValuesComeFrom) {
  const auto d = between("  a: { timeout: 5s }\n  b:\n", "  a:\n  b: { timeout: 5000ms, hosts: [], links: {} }\n");
  EXPECT_TRUE(d.empty());
  EXPECT_EQ(words_of(d), "nothing has changed\n");
  ASSERT_EQ(d.plugins.size(), 2u);
  EXPECT_EQ(d.plugins[0].is, kind::unchanged);
}

TEST_F(ProfileDifference, SettingsAreToldOldAndNew) {
  EXPECT_EQ(said("  a: { timeout: 6s, user: ann, hosts: [x, y], links: { m: { port: 2 }, gone: } }\n",
                 "  a: { hosts: [x, z], links: { m: { port: 3 }, new: } , loop: dedicated }\n"),
            "a: changed\n"
            "  timeout: 6s -> 5s\n"
            "  user: not set any more (was ann)\n"
            "  hosts: [x, y] -> [x, z]\n"
            "  links.m.port: 2 -> 3\n"
            "  links.gone: not set any more (was { port: 1 })\n"
            "  links.new: { port: 1 } (was not set)\n"
            "  loop: shared -> dedicated\n");
  EXPECT_EQ(said("  a:\n", "  a: { user: '' }\n"), "a: changed\n  user: '' (was not set)\n");
}

TEST_F(ProfileDifference, SecretsAreComparedButNotShown) {
  here.write("secret", "hunter6");
  const auto d = between("  a: { token: hunter1, user: hunter5, links: { m: { key: hunter3 } } }\n",
                         "  a: { token: hunter2, user: \"${file:secret}\", links: { n: { key: hunter4 } } }\n");
  const std::string text = words_of(d) + json_of(d);
  EXPECT_EQ(text.find("hunter"), std::string::npos) << text;
  EXPECT_NE(text.find("  token: another secret\n"), std::string::npos) << text;
  EXPECT_TRUE(between("  a: { token: same }\n", "  a: { token: same }\n").empty());
  EXPECT_EQ(said("  a:\n", "  a: { token: hunter }\n"), "a: changed\n  token: (secret) (was not set)\n");
}

TEST_F(ProfileDifference, PluginsComeAndGoInOrder) {
  const auto d = between("  a:\n  b:\n  c:\n", "  b:\n");
  ASSERT_EQ(d.plugins.size(), 3u);
  EXPECT_EQ(d.plugins[0].is, kind::unchanged);
  EXPECT_EQ(d.plugins[1].id, "c") << "last started, first gone";
  EXPECT_EQ(words_of(d), "c: removed\na: removed\n");
  EXPECT_EQ(said("  a:\n", "  a:\n  c: { user: x }\n"), "c: added\n");
}

TEST_F(ProfileDifference, AnotherLibraryIsAMoveAndItsSettingsAreToldToo) {
  here.add_plugin_at("other", "a", settings);
  EXPECT_EQ(said("  a:\n", "  a: { path: other, timeout: 1s }\n"),
            "a: moved, 1.0.0 in DIR/plugins/a/a.so -> 1.0.0 in DIR/other/a.so\n"
            "  timeout: 5s -> 1s\n"
            "  path: DIR/other (was not set)\n");
}

TEST_F(ProfileDifference, AnotherVersionInTheSamePlaceIsAMove) {
  const profile running = load("  a:\n");
  here.write("plugins/a/plugin.yaml", "id: a\nversion: 2.0.0\nabi: 1\nlibrary: a.so\n" + std::string(settings));
  const auto d = difference(running, load("  a:\n"));
  ASSERT_EQ(d.plugins.size(), 1u);
  EXPECT_EQ(d.plugins[0].is, kind::moved);
  EXPECT_EQ(d.plugins[0].before.substr(0, 9), "1.0.0 in ");
  EXPECT_EQ(d.plugins[0].after.substr(0, 9), "2.0.0 in ");
}

TEST_F(ProfileDifference, ProgramsReadItAsJson) {
  EXPECT_EQ(json_of(between("  a: { user: x }\n  b:\n", "  a: { timeout: 1s }\n  c:\n")),
            R"({"plugins":[{"plugin":"a","is":"changed","changes":[{"key":"timeout","before":"5s","after":"1s"},)"
            R"({"key":"user","before":"x","after":null}]},{"plugin":"c","is":"added","changes":[]},)"
            R"({"plugin":"b","is":"removed","changes":[]}]})");
}

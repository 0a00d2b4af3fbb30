// Profiles: what loads, and word for word what a person reads when something is wrong.
#include "tests/runtime/profile_folder.h"

#include "runtime/plugin_settings.h"

using namespace tharsis;
using namespace tharsis::runtime;

namespace {

constexpr const char* stn_settings = R"(provides: [tharsis.stn/1]
settings:
  user: { type: text }
  token: { type: text, secret: true, default: none }
  timeout: { type: duration, default: 5s, min: 1ms, max: 1h }
  window: { type: size, default: 64KiB }
  retries: { type: int, default: 3, min: 0, max: 9 }
  codec: { type: enum, values: [mars, plain], default: mars }
  cache: { type: path, default: "${data}/stn/cache" }
  links:
    type: map
    of:
      type: group
      settings:
        endpoints: { type: list, of: { type: endpoint, schemes: [tcp, tcps] }, min: 1 }
        tls: { type: group, settings: { ca: { type: path } } }
)";

class Profile : public ::testing::Test {
 protected:
  Profile() { here.add_plugin("stn", stn_settings); }

  const setting_value& value(const profile& p, const std::string& path) {
    const setting_value* found = p.plugins.at(0).settings.find(path);
    EXPECT_NE(found, nullptr) << path;
    static const setting_value none;
    return found ? *found : none;
  }
  std::string text(const profile& p, const std::string& path) {
    const auto* held = std::get_if<std::string>(&value(p, path).scalar);
    return held ? *held : "(no text)";
  }

  profile_folder here;
};

}  // namespace

TEST_F(Profile, OnlyWhatIsNamedIsLoadedWithItsDefaults) {
  here.add_plugin("sdt");
  const profile p = here.load("tharsis: 1\nplugins:\n  stn:\n");
  EXPECT_EQ(here.messages(), "");
  ASSERT_EQ(p.plugins.size(), 1u);
  EXPECT_EQ(p.plugins[0].id, "stn");
  EXPECT_EQ(std::get<int64_t>(value(p, "timeout").scalar), 5'000'000'000);
  EXPECT_EQ(std::get<int64_t>(value(p, "window").scalar), 65536);
  EXPECT_EQ(text(p, "codec"), "mars");
  EXPECT_EQ(p.plugins[0].settings.find("user"), nullptr);
  EXPECT_EQ(p.plugins[0].start_deadline, 10s);
  EXPECT_TRUE(p.plugins[0].starts);
}

TEST_F(Profile, TheCommandLineIsStrongerThanTheProfileAndTheProfileThanTheDefault) {
  here.request.sets = {"stn.timeout=7s", "stn.links.main.endpoints=[\"tcps://b:2\", \"tcp://c:3\"]", "stn.retries=1",
                       "stn.retries=2", "stn.user="};
  const profile p = here.load(
      "tharsis: 1\nplugins:\n  stn: { timeout: 6s, window: 1MiB, links: { main: { endpoints: [\"tcp://a:1\"] } } }\n");
  EXPECT_EQ(here.messages(), "");
  EXPECT_EQ(std::get<int64_t>(value(p, "timeout").scalar), 7'000'000'000);
  EXPECT_EQ(std::get<int64_t>(value(p, "window").scalar), 1 << 20);
  EXPECT_EQ(std::get<int64_t>(value(p, "retries").scalar), 2);
  EXPECT_EQ(text(p, "user"), "");
  EXPECT_EQ(value(p, "links.main.endpoints").children.size(), 2u);
  EXPECT_EQ(text(p, "links.main.endpoints.1"), "tcp://c:3");
}

TEST_F(Profile, TheCommandLineReachesIntoListsAndMakesMapsOnTheWay) {
  here.request.sets = {"stn.links.main.endpoints.1=tcp://new:9", "stn.links.main.tls.ca=ca.pem"};
  const profile p = here.load("tharsis: 1\nplugins:\n  stn: { links: { main: { endpoints: [\"tcp://a:1\", \"tcp://b:2\"] } } }\n");
  EXPECT_EQ(here.messages(), "");
  EXPECT_EQ(text(p, "links.main.endpoints.0"), "tcp://a:1");
  EXPECT_EQ(text(p, "links.main.endpoints.1"), "tcp://new:9");
  // Typed paths are relative to where the person is, not to where the profile lies.
  EXPECT_EQ(text(p, "links.main.tls.ca"), std::filesystem::current_path().string() + "/ca.pem");
}

TEST_F(Profile, TheCommandLineFindsKeysThatHoldDots) {
  here.request.sets = {"stn.links.im.example.com.endpoints.0=tcp://b:2"};
  const profile p = here.load("tharsis: 1\nplugins:\n  stn: { links: { im.example.com: { endpoints: [\"tcp://a:1\"] } } }\n");
  EXPECT_EQ(here.messages(), "");
  EXPECT_EQ(text(p, "links.im.example.com.endpoints.0"), "tcp://b:2");
}

TEST_F(Profile, FoldersExpandAfterParsing) {
  const profile p = here.load(
      "tharsis: 1\nplugins:\n  stn: { user: \"$${data} ${plugin}\", links: { a: { endpoints: [\"tcp://a:1\"], tls: { ca: "
      "../ca.pem } }, b: { endpoints: [\"tcp://a:1\"], tls: { ca: \"${config}/b.pem\" } } } }\n");
  EXPECT_EQ(here.messages(), "");
  EXPECT_EQ(text(p, "cache"), here.path + "/state/stn/cache");
  EXPECT_EQ(text(p, "user"), "${data} " + here.path + "/plugins/stn");
  EXPECT_EQ(text(p, "links.a.tls.ca"), here.path + "/../ca.pem");
  EXPECT_EQ(text(p, "links.b.tls.ca"), here.path + "/b.pem");
}

TEST_F(Profile, HostKeysBelongToTheHost) {
  const profile p = here.load("tharsis: 1\nplugins:\n  stn: { loop: dedicated, start_deadline: 3s, stop_deadline: 200ms }\n");
  EXPECT_EQ(here.messages(), "");
  ASSERT_EQ(p.plugins.size(), 1u);
  EXPECT_EQ(p.plugins[0].loop, uint32_t{THARSIS_STRAND_DEDICATED});
  EXPECT_EQ(p.plugins[0].start_deadline, 3s);
  EXPECT_EQ(p.plugins[0].stop_deadline, 200ms);
  EXPECT_EQ(p.plugins[0].settings.find("loop"), nullptr);
  EXPECT_EQ(here.messages_of("tharsis: 1\nplugins:\n  stn: { loop: mine, stop_deadline: 0s }\n"),
            "DIR/profile.yaml:3:16: error: stn.loop: expected one of shared, dedicated or main, got 'mine'\n"
            "   3 |   stn: { loop: mine, stop_deadline: 0s }\n"
            "     |                ^\n"
            "DIR/profile.yaml:3:37: error: stn.stop_deadline: must be between 1ms and 1h, got '0s'\n"
            "   3 |   stn: { loop: mine, stop_deadline: 0s }\n"
            "     |                                     ^\n");
}

TEST_F(Profile, EverythingThatIsWrongIsToldInOnePass) {
  EXPECT_EQ(here.messages_of("tharsis: 1\n"
                             "plugins:\n"
                             "  stn:\n"
                             "    tiemout: 5s\n"
                             "    window: 12 parsecs\n"
                             "    retries: 12\n"
                             "    codec: msrs\n"
                             "    codec: mars\n"
                             "    links: { main: { endpoints: [http://x:1] } }\n"
                             "  xlgo: {}\n"
                             "  sdt: fast\n"),
            "DIR/profile.yaml:8:5: error: duplicate key 'codec'\n"
            "   8 |     codec: mars\n"
            "     |     ^\n"
            "DIR/profile.yaml:7:5: note: first defined here\n"
            "DIR/profile.yaml:4:5: error: stn: unknown key 'tiemout'\n"
            "   4 |     tiemout: 5s\n"
            "     |     ^\n"
            "note: did you mean 'timeout'?\n"
            "DIR/profile.yaml:5:13: error: stn.window: expected a size like '64KiB' or '512MiB', got '12 parsecs'\n"
            "   5 |     window: 12 parsecs\n"
            "     |             ^\n"
            "DIR/profile.yaml:6:14: error: stn.retries: must be between 0 and 9, got '12'\n"
            "   6 |     retries: 12\n"
            "     |              ^\n"
            "DIR/profile.yaml:7:12: error: stn.codec: expected one of mars or plain, got 'msrs'\n"
            "   7 |     codec: msrs\n"
            "     |            ^\n"
            "DIR/profile.yaml:9:34: error: stn.links.main.endpoints.0: the scheme 'http' does not work here; use tcp or tcps\n"
            "   9 |     links: { main: { endpoints: [http://x:1] } }\n"
            "     |                                  ^\n"
            "DIR/profile.yaml:10:3: error: there is no plugin 'xlgo'\n"
            "  10 |   xlgo: {}\n"
            "     |   ^\n"
            "note: searched in DIR/plugins; name another with --plugins, or the plugin's own with 'path:'\n"
            "DIR/profile.yaml:11:8: error: sdt: expected a map of settings like '{ key: value }', got 'fast'\n"
            "  11 |   sdt: fast\n"
            "     |        ^\n");
}

TEST_F(Profile, TheNearestPluginIsNamed) {
  EXPECT_EQ(here.messages_of("tharsis: 1\nplugins:\n  snt: {}\n"),
            "DIR/profile.yaml:3:3: error: there is no plugin 'snt'\n"
            "   3 |   snt: {}\n"
            "     |   ^\n"
            "note: did you mean 'stn'?\n"
            "note: searched in DIR/plugins; name another with --plugins, or the plugin's own with 'path:'\n");
}

TEST_F(Profile, TheTopIsCheckedToo) {
  EXPECT_EQ(here.messages_of("tharsis: 2\nplugin: {}\n"),
            "DIR/profile.yaml:2:1: error: unknown key 'plugin'\n"
            "   2 | plugin: {}\n"
            "     | ^\n"
            "note: did you mean 'plugins'?\n"
            "DIR/profile.yaml:1:10: error: tharsis: this program reads profiles of version 1, got 2\n"
            "   1 | tharsis: 2\n"
            "     |          ^\n"
            "DIR/profile.yaml:1:1: error: plugins: is required and has no default; set it\n"
            "   1 | tharsis: 2\n"
            "     | ^\n");
  EXPECT_EQ(here.messages_of("tharsis: 1\nplugins: [stn]\n"),
            "DIR/profile.yaml:2:10: error: plugins: expected a map of plugins like '{ xlog: {}, stn: { ... } }', got a list\n"
            "   2 | plugins: [stn]\n"
            "     |          ^\n");
  EXPECT_EQ(here.messages_of("tharsis: 1\nplugins: {}\n"),
            "DIR/profile.yaml:2:10: error: plugins: names no plugin, so there is nothing to run; name one, like 'xlog: {}'\n"
            "   2 | plugins: {}\n"
            "     |          ^\n");
}

TEST_F(Profile, BrokenYamlIsPlaced) {
  EXPECT_EQ(here.messages_of("tharsis: 1\nplugins:\n  stn: { timeout: 5s\n"),
            "DIR/profile.yaml:4:1: error: this is not valid YAML: end of map flow not found\n");
}

TEST_F(Profile, AFolderOfPluginsThatIsNotThereIsSaidSo) {
  here.request.plugin_folders.push_back(here.path + "/plugin");
  EXPECT_EQ(here.messages_of("tharsis: 1\nplugins:\n  com.acme.hello: {}\n"),
            "DIR/profile.yaml:3:3: error: there is no plugin 'com.acme.hello'\n"
            "   3 |   com.acme.hello: {}\n"
            "     |   ^\n"
            "note: searched in DIR/plugins and DIR/plugin (which is not there); name another with --plugins, or the plugin's own with 'path:'\n");
}

TEST_F(Profile, AMissingFileIsNamed) {
  here.request.file = here.path + "/no.yaml";
  load_profile(here.request, here.problems);
  EXPECT_EQ(here.messages(), "DIR/no.yaml: error: there is no such file\n");
}

TEST_F(Profile, ProblemsOfTheCommandLineAreNamedByTheOption) {
  here.request.sets = {"stn.tiemout=5s", "snt.timeout=5s", "stn.timeout=soon", "stn.links.a.endpoints.0=tcp://x:1",
                       "stn=1",          "stn.user=[",     "stn..x=1",       "stn.user.=1"};
  EXPECT_EQ(here.messages_of("tharsis: 1\nplugins:\n  stn: { links: { a: { endpoints: [] } } }\n"),
            "--set snt.timeout: error: the profile names no plugin 'snt'\n"
            "note: did you mean 'stn'?\n"
            "--set stn.links.a.endpoints.0: error: the list has no element '0'; it is empty\n"
            "--set stn: error: this names a plugin; name one of its settings, like stn.timeout\n"
            "--set stn.user: error: this is not valid YAML: end of sequence flow not found\n"
            "--set stn..x: error: the path has an empty part; write it like stn.tasks.timeout\n"
            "--set stn.user.: error: the path has an empty part; write it like stn.tasks.timeout\n"
            "--set stn.tiemout: error: stn: unknown key 'tiemout'\n"
            "note: did you mean 'timeout'?\n"
            "--set stn.timeout: error: stn.timeout: expected a duration like '5s' or '200ms', got 'soon'\n"
            "DIR/profile.yaml:3:35: error: stn.links.a.endpoints: needs at least 1 element, has 0\n"
            "   3 |   stn: { links: { a: { endpoints: [] } } }\n"
            "     |                                   ^\n");
}

TEST_F(Profile, ASecretIsNeverShown) {
  here.request.sets = {"stn.token=[hunter2]"};
  EXPECT_EQ(here.messages_of("tharsis: 1\nplugins:\n  stn: {}\n"), "--set stn.token: error: stn.token: expected a text, got a list\n");
  here.request.sets.clear();
  EXPECT_EQ(here.messages_of("tharsis: 1\nplugins:\n  stn: { token: [hunter2] }\n"),
            "DIR/profile.yaml:3:17: error: stn.token: expected a text, got a list\n");
  // A misspelt one is one too.
  EXPECT_EQ(here.messages_of("tharsis: 1\nplugins:\n  stn: { tokne: hunter2 }\n"),
            "DIR/profile.yaml:3:10: error: stn: unknown key 'tokne'\nnote: did you mean 'token'?\n");
  here.request.sets = {"stn.tokne=hunter2", "snt.token=hunter2", "stn.token=[hunter2"};
  here.request.environment = {{"THARSIS__snt__token", "hunter2"}, {"THARSIS__stn__token", "\"hunter2"}};
  EXPECT_EQ(here.messages_of("tharsis: 1\nplugins:\n  stn: {}\n").find("hunter2"), std::string::npos) << here.messages();
}

TEST_F(Profile, ACustomPluginLiesWhereItsPathSays) {
  here.add_plugin_at("mine", "com.acme.hello", "settings:\n  greeting: { type: text, default: hi }\n");
  here.request.sets = {"com.acme.hello.greeting=hey"};
  const profile p = here.load("tharsis: 1\nplugins:\n  com.acme.hello: { path: ./mine }\n");
  EXPECT_EQ(here.messages(), "");
  ASSERT_EQ(p.plugins.size(), 1u);
  EXPECT_EQ(p.plugins[0].manifest->folder, here.path + "/mine");
  EXPECT_EQ(text(p, "greeting"), "hey");
  here.request.sets.clear();
  EXPECT_EQ(here.messages_of("tharsis: 1\nplugins:\n  hello: { path: mine }\n  stn: { path: nowhere }\n"),
            "DIR/profile.yaml:3:18: error: hello.path: the plugin in DIR/mine is called 'com.acme.hello'\n"
            "   3 |   hello: { path: mine }\n"
            "     |                  ^\n"
            "DIR/mine/plugin.yaml:1:5: note: its id\n"
            "note: name it 'com.acme.hello' here too\n"
            "DIR/nowhere/plugin.yaml: error: there is no such file\n"
            "DIR/profile.yaml:4:16: note: 'path:' says so here\n");
}

TEST_F(Profile, AMissingRequirementNamesWhoCouldProvideIt) {
  here.add_plugin("demo", "requires: [tharsis.stn/1, x.moon/1]\n");
  EXPECT_EQ(here.messages_of("tharsis: 1\nplugins:\n  demo: {}\n"),
            "DIR/plugins/demo/plugin.yaml:5:12: error: demo requires 'tharsis.stn/1', which no plugin of this profile provides\n"
            "   5 | requires: [tharsis.stn/1, x.moon/1]\n"
            "     |            ^\n"
            "note: it is provided by 'stn'; name one under 'plugins:' in the profile\n"
            "DIR/plugins/demo/plugin.yaml:5:27: error: demo requires 'x.moon/1', which no plugin of this profile provides\n"
            "   5 | requires: [tharsis.stn/1, x.moon/1]\n"
            "     |                           ^\n"
            "note: no known plugin provides it; is the folder with the plugin searched (--plugins)?\n");
}

TEST_F(Profile, ACycleIsPrintedAsAPath) {
  here.add_plugin("a", "provides: [x.a/1]\nrequires: [x.b/1]\n");
  here.add_plugin("b", "provides: [x.b/1]\nrequires:\n  - x.a/1\n");
  EXPECT_EQ(here.messages_of("tharsis: 1\nplugins: { a: , b: , stn: }\n"),
            "DIR/plugins/a/plugin.yaml:6:12: error: these plugins require each other: a -> b -> a\n"
            "   6 | requires: [x.b/1]\n"
            "     |            ^\n"
            "DIR/plugins/a/plugin.yaml:6:12: note: a requires 'x.b/1' of b\n"
            "DIR/plugins/b/plugin.yaml:7:5: note: b requires 'x.a/1' of a\n"
            "note: turn one of them into 'wants', which is bound late\n");
}

TEST_F(Profile, ABrokenManifestMattersOnlyToThoseWhoNameIt) {
  here.write("plugins/bad/plugin.yaml", "id: bad\nversion: 1.0.0\nabi: 7\n");
  EXPECT_EQ(here.messages_of("tharsis: 1\nplugins: { stn: }\n"), "");
  EXPECT_EQ(here.messages_of("tharsis: 1\nplugins: { bad: }\n"),
            "DIR/plugins/bad/plugin.yaml:1:1: error: library: is required and has no default; set it\n"
            "   1 | id: bad\n"
            "     | ^\n"
            "DIR/plugins/bad/plugin.yaml:3:6: error: abi: this plugin is made for version 7 of the contract, this host "
            "speaks version 1; get a build of the plugin that fits\n"
            "   3 | abi: 7\n"
            "     |      ^\n"
            "DIR/profile.yaml:2:12: note: the profile names it here\n");
}

TEST_F(Profile, ACommandGetsAProfileOfItsPluginAndWhatThatRequires) {
  here.add_plugin("demo", "requires: [tharsis.stn/1]\nwants: [x.other/1]\nsettings:\n  lines: { type: int, default: 1 }\n");
  here.add_plugin("other", "provides: [x.other/1]\n");
  here.request.sets = {"lines=2"};
  const profile p = profile_of_plugin("demo", here.request, here.problems);
  EXPECT_EQ(here.messages(), "");
  ASSERT_EQ(p.plugins.size(), 2u);
  EXPECT_EQ(p.plugins[0].id, "stn");
  EXPECT_TRUE(p.plugins[0].starts);
  EXPECT_EQ(p.plugins[1].id, "demo");
  EXPECT_FALSE(p.plugins[1].starts);
  EXPECT_EQ(std::get<int64_t>(p.plugins[1].settings.find("lines")->scalar), 2);
}

TEST_F(Profile, ACommandGetsWhatItsPatternsWantWhereItsWordsNameIt) {
  here.add_plugin("sender", "wants: [x.codec.*/1]\n");
  here.add_plugin("acme", "provides: [x.codec.acme/1]\n");
  here.add_plugin("other", "provides: [x.codec.other/1]\n");
  const auto plugins = [this](const std::vector<std::string>& words) {
    std::string ids;
    for (const plugin_entry& e : profile_of_plugin("sender", here.request, here.problems, words).plugins) ids += e.id + " ";
    return ids;
  };
  EXPECT_EQ(plugins({}), "sender ");
  EXPECT_EQ(plugins({"check", "acme"}), "acme sender ");
  EXPECT_EQ(plugins({"send", "--codec=other", "x=acme"}), "other sender ");
  EXPECT_EQ(here.messages(), "");
}

TEST_F(Profile, ACommandGetsWhoHelpsItWhereThatIsFound) {
  here.add_plugin("sender", "commands: { send: it sends, say: it says, call: it calls }\nhelped_by: { send: other, call: gone }\n");
  here.add_plugin("other");
  const auto plugins = [this](const std::vector<std::string>& words) {
    std::string ids;
    for (const plugin_entry& e : profile_of_plugin("sender", here.request, here.problems, words).plugins) ids += e.id + (e.starts ? "+ " : " ");
    return ids;
  };
  EXPECT_EQ(plugins({"send", "x"}), "sender other+ ");
  EXPECT_EQ(plugins({"say", "send"}), "sender ");
  EXPECT_EQ(plugins({"call"}), "sender ");
  EXPECT_EQ(here.messages(), "");
}

TEST_F(Profile, ACommandNeedsNothingThatOnlyARunningPluginMustHave) {
  here.add_plugin("caller",
                  "settings:\n  links: { type: map, required: true, min: 1, of: { type: group, settings: { to: { type: text, "
                  "required: true }, wait: { type: duration, default: 1s, min: 1ms } } } }\n");
  EXPECT_EQ(profile_of_plugin("caller", here.request, here.problems).plugins.size(), 1u);
  here.request.sets = {"links.main.wait=5s"};
  const profile p = profile_of_plugin("caller", here.request, here.problems);
  EXPECT_EQ(here.messages(), "");
  EXPECT_EQ(std::get<int64_t>(p.plugins[0].settings.find("links.main.wait")->scalar), 5'000'000'000);
  here.request.sets = {"links.main.wait=0s"};
  profile_of_plugin("caller", here.request, here.problems);
  EXPECT_NE(here.messages().find("links.main.wait"), std::string::npos) << "what is set must be right";
}

// Cut and mangled profiles: many problems, never a crash, and never a good answer from a bad text.
TEST_F(Profile, EveryPrefixOfAProfileIsReadWithoutHarm) {
  const std::string whole =
      "tharsis: 1\nplugins:\n  stn: { timeout: 6s, window: 1MiB, links: { main: { endpoints: [\"tcp://a:1\"] } } }\n";
  for (size_t n = 0; n < whole.size(); ++n) {
    for (const char* end : {"", "\x01", "]", "}: {", "\xff", "&a *a", "!!x ", "\"", "\n---\nb: 1\n"}) {
      here.request.text = whole.substr(0, n) + end;
      diagnostics problems;
      load_profile(here.request, problems);
      EXPECT_TRUE(n >= 20 || !problems.empty()) << *here.request.text;
      EXPECT_LT(render(problems).size(), 20'000u);
    }
  }
}

// Layers of a profile: which one wins, where each value comes from, and what is said when one is wrong.
#include "tests/runtime/profile_folder.h"

#include <filesystem>

#include "runtime/plugin_settings.h"
#include "sdk/pure/views.h"

using namespace tharsis;
using namespace tharsis::runtime;

namespace {

constexpr const char* stn_settings = R"(settings:
  user: { type: text, default: nobody }
  token: { type: text, secret: true, default: none }
  timeout: { type: duration, default: 5s, min: 1ms, max: 1h }
  retries: { type: int, default: 3, min: 0, max: 9 }
  hosts: { type: list, of: { type: text } }
  store: { type: path }
  links:
    type: map
    of:
      type: group
      settings:
        port: { type: int }
        name: { type: text }
)";

class Layers : public ::testing::Test {
 protected:
  Layers() { here.add_plugin("stn", stn_settings); }

  const setting_value& value(const profile& p, const std::string& path) {
    static const setting_value none;
    const setting_value* found = p.plugins.empty() ? nullptr : p.plugins[0].settings.find(path);
    EXPECT_NE(found, nullptr) << path << "\n" << here.messages();
    return found ? *found : none;
  }
  std::string text(const profile& p, const std::string& path) {
    const auto* held = std::get_if<std::string>(&value(p, path).scalar);
    return held ? *held : "(no text)";
  }
  int64_t number(const profile& p, const std::string& path) {
    const auto* held = std::get_if<int64_t>(&value(p, path).scalar);
    return held ? *held : -1;
  }
  // Each layer that set the value, the strongest first: "place written; place written".
  std::string origins(const profile& p, const std::string& path) {
    std::string all;
    for (const setting_origin& o : value(p, path).origins) {
      const std::string place = o.at.in->is_one_value() ? o.at.in->name : o.at.text();
      all += (all.empty() ? "" : "; ") + place + " " + o.written;
    }
    for (size_t at; (at = all.find(here.path)) != std::string::npos;) all.replace(at, here.path.size(), "DIR");
    return all;
  }

  profile_folder here;
};

}  // namespace

TEST_F(Layers, EachLayerIsStrongerThanTheOneBelowAndTheChainIsKept) {
  here.write("base.yaml", "tharsis: 1\nplugins:\n  stn: { retries: 1, user: base }\n");
  here.request.environment = {{"THARSIS__stn__retries", "7"}, {"THARSIS_PROGRAM", "not a layer"}};
  here.request.sets = {"stn.retries=8", "stn.retries=9"};
  const profile p = here.load("tharsis: 1\nextends: base.yaml\nplugins:\n  stn: { retries: 2 }\n");
  EXPECT_EQ(here.messages(), "");
  EXPECT_EQ(number(p, "retries"), 9);
  EXPECT_EQ(origins(p, "retries"),
            "--set stn.retries 9; --set stn.retries 8; THARSIS__stn__retries 7; DIR/profile.yaml:4:19 2; "
            "DIR/base.yaml:3:19 1; DIR/plugins/stn/plugin.yaml:9:34 3");
  EXPECT_EQ(text(p, "user"), "base");
  EXPECT_EQ(origins(p, "timeout"), "DIR/plugins/stn/plugin.yaml:8:39 5s");
}

TEST_F(Layers, MapsAreMergedAllTheWayDownAndListsAreReplaced) {
  here.write("base.yaml",
             "tharsis: 1\nplugins:\n  stn:\n    hosts: [a, b]\n    links: { main: { port: 1, name: one }, other: { port: 3 } }\n");
  const profile p = here.load(
      "tharsis: 1\nextends: base.yaml\nplugins:\n  stn:\n    hosts: [c]\n    links: { main: { port: 2 }, third: , other: }\n");
  EXPECT_EQ(here.messages(), "");
  EXPECT_EQ(value(p, "hosts").children.size(), 1u);
  EXPECT_EQ(origins(p, "hosts"), "DIR/profile.yaml:5:12 [c]; DIR/base.yaml:4:12 [a, b]");
  EXPECT_EQ(number(p, "links.main.port"), 2);
  EXPECT_EQ(text(p, "links.main.name"), "one");
  EXPECT_EQ(number(p, "links.other.port"), 3) << "nothing behind a key leaves a map as it is";
  EXPECT_EQ(value(p, "links").children.size(), 3u);
}

TEST_F(Layers, OfSeveralFilesTheLaterIsStrongerAndEachMayExtendMore) {
  here.write("all.yaml", "tharsis: 1\nplugins:\n  stn: { user: all, retries: 1, timeout: 1s }\n");
  here.write("more/a.yaml", "tharsis: 1\nextends: ../all.yaml\nplugins:\n  stn: { retries: 2 }\n");
  here.write("more/b.yaml", "tharsis: 1\nextends: [../all.yaml]\nplugins:\n  stn: { timeout: 3s }\n");
  const profile p = here.load("tharsis: 1\nextends: [more/a.yaml, more/b.yaml]\n");
  EXPECT_EQ(here.messages(), "");
  EXPECT_EQ(text(p, "user"), "all");
  EXPECT_EQ(number(p, "retries"), 1) << "b stands on all.yaml too, and is laid over a as a whole";
  EXPECT_EQ(number(p, "timeout"), 3'000'000'000);
}

TEST_F(Layers, ARelativePathIsRelativeToTheFileItStandsIn) {
  here.write("more/base.yaml", "tharsis: 1\nplugins:\n  stn: { store: ./kept, user: \"${config}\" }\n");
  const profile p = here.load("tharsis: 1\nextends: more/base.yaml\n");
  EXPECT_EQ(here.messages(), "");
  EXPECT_EQ(text(p, "store"), here.path + "/more/kept");
  EXPECT_EQ(text(p, "user"), here.path) << "${config} is the folder of the profile itself";
  here.request.environment = {{"THARSIS__stn__store", "typed"}};
  EXPECT_EQ(text(here.load("tharsis: 1\nextends: more/base.yaml\n"), "store"),
            std::filesystem::current_path().string() + "/typed");
}

TEST_F(Layers, AMissingFileIsNamedWhereItIsExtendedAndCheckingGoesOn) {
  EXPECT_EQ(here.messages_of("tharsis: 1\nextends: bsae.yaml\nplugins:\n  stn: { retries: 12 }\n"),
            "DIR/profile.yaml:2:10: error: extends: DIR/bsae.yaml: there is no such file\n"
            "   2 | extends: bsae.yaml\n"
            "     |          ^\n"
            "DIR/profile.yaml:4:19: error: stn.retries: must be between 0 and 9, got '12'\n"
            "   4 |   stn: { retries: 12 }\n"
            "     |                   ^\n");
  EXPECT_EQ(here.messages_of("tharsis: 1\nextends: { file: base.yaml }\nplugins: { stn: }\n"),
            "DIR/profile.yaml:2:10: error: extends: expected a file or a list of files, got a map\n"
            "   2 | extends: { file: base.yaml }\n"
            "     |          ^\n");
}

TEST_F(Layers, ACycleIsPrintedWithItsPath) {
  here.write("a.yaml", "tharsis: 1\nextends: ./b.yaml\nplugins: { stn: }\n");
  here.write("b.yaml", "tharsis: 1\nextends:\n  - a.yaml\n");
  EXPECT_EQ(here.messages_of("tharsis: 1\nextends: a.yaml\n"),
            "DIR/b.yaml:3:5: error: extends: a profile cannot extend itself: DIR/a.yaml -> DIR/b.yaml -> DIR/a.yaml\n"
            "   3 |   - a.yaml\n"
            "     |     ^\n"
            "DIR/a.yaml:2:10: note: DIR/a.yaml extends DIR/b.yaml\n"
            "DIR/b.yaml:3:5: note: DIR/b.yaml extends DIR/a.yaml\n");
  EXPECT_EQ(here.messages_of("tharsis: 1\nextends: profile.yaml\nplugins: { stn: }\n"),
            "DIR/profile.yaml:2:10: error: extends: a profile cannot extend itself: DIR/profile.yaml -> DIR/profile.yaml\n"
            "   2 | extends: profile.yaml\n"
            "     |          ^\n"
            "DIR/profile.yaml:2:10: note: DIR/profile.yaml extends DIR/profile.yaml\n");
}

TEST_F(Layers, ACycleThroughALinkIsOneToo) {
  std::filesystem::create_symlink("profile.yaml", here.path + "/alias.yaml");
  EXPECT_NE(here.messages_of("tharsis: 1\nextends: alias.yaml\nplugins: { stn: }\n").find("cannot extend itself"), std::string::npos);
}

TEST_F(Layers, AProblemOfAnExtendedFileStandsInThatFileAndIsToldOnce) {
  here.write("base.yaml", "tharsis: 7\nplugins:\n  stn: { tiemout: 1s }\nplugin: 1\n");
  here.write("a.yaml", "tharsis: 1\nextends: base.yaml\n");
  here.write("b.yaml", "extends: base.yaml\n");
  EXPECT_EQ(here.messages_of("tharsis: 1\nextends: [a.yaml, b.yaml]\n"),
            "DIR/base.yaml:4:1: error: unknown key 'plugin'\n"
            "   4 | plugin: 1\n"
            "     | ^\n"
            "note: did you mean 'plugins'?\n"
            "DIR/base.yaml:1:10: error: tharsis: this program reads profiles of version 1, got 7\n"
            "   1 | tharsis: 7\n"
            "     |          ^\n"
            "DIR/b.yaml:1:1: error: tharsis: is required and has no default; set it\n"
            "   1 | extends: base.yaml\n"
            "     | ^\n"
            "DIR/base.yaml:3:10: error: stn: unknown key 'tiemout'\n"
            "   3 |   stn: { tiemout: 1s }\n"
            "     |          ^\n"
            "note: did you mean 'timeout'?\n");
}

TEST_F(Layers, AChainThatNeverEndsIsCutOff) {
  for (int i = 0; i < 40; ++i)
    here.write("f" + std::to_string(i) + ".yaml", "tharsis: 1\nextends: f" + std::to_string(i + 1) + ".yaml\n");
  const std::string said = here.messages_of("tharsis: 1\nextends: f0.yaml\nplugins: { stn: }\n");
  EXPECT_NE(said.find("more than 32 deep"), std::string::npos) << said;
}

TEST_F(Layers, FilesThatShareABaseManyTimesOverAreReadInNoTime) {
  here.write("f0.yaml", "tharsis: 1\nplugins: { stn: { retries: 4 } }\n");
  for (int i = 1; i < 30; ++i) {
    const std::string below = "f" + std::to_string(i - 1) + ".yaml";
    here.write("f" + std::to_string(i) + ".yaml", "tharsis: 1\nextends: [" + below + ", " + below + "]\n");
  }
  EXPECT_EQ(number(here.load("tharsis: 1\nextends: f29.yaml\n"), "retries"), 4);
}

TEST_F(Layers, AVariableReachesIntoListsAndMapsAndKeysThatAreNoWords) {
  here.add_plugin_at("mine", "com.acme.hello", "settings:\n  greeting: { type: text, default: hi }\n");
  here.request.environment = {{"THARSIS__com_acme_hello__greeting", "hey"},
                              {"THARSIS__stn__hosts__0", "x"},
                              {"THARSIS__stn__links__im_example_com__port", "9"},
                              {"THARSIS__stn__links__new__port", "10"},
                              {"THARSIS__stn__user", ""}};
  const profile p = here.load(
      "tharsis: 1\nplugins:\n  stn: { hosts: [a, b], links: { im.example.com: { port: 1 } } }\n"
      "  com.acme.hello: { path: mine }\n");
  EXPECT_EQ(here.messages(), "");
  ASSERT_EQ(p.plugins.size(), 2u);
  EXPECT_EQ(text(p, "hosts.0"), "x");
  EXPECT_EQ(text(p, "hosts.1"), "b");
  EXPECT_EQ(number(p, "links.im.example.com.port"), 9);
  EXPECT_EQ(number(p, "links.new.port"), 10);
  EXPECT_EQ(text(p, "user"), "");
  EXPECT_EQ(std::get<std::string>(p.plugins[1].settings.find("greeting")->scalar), "hey");
}

TEST_F(Layers, AVariableThatMeansNothingIsNamed) {
  here.request.environment = {{"THARSIS__snt__timeout", "5s"}, {"THARSIS__stn__tiemout", "5s"}, {"THARSIS__stn", "5s"},
                              {"THARSIS__stn__", "5s"},        {"THARSIS__", "1"},              {"THARSIS__stn__timeout", "soon"},
                              {"THARSIS__stn__retries", "[1"}, {"THARSIS__stn____timeout", "1"}};
  EXPECT_EQ(here.messages_of("tharsis: 1\nplugins: { stn: }\n"),
            "THARSIS__: error: the name has an empty part; write it like THARSIS__stn__tasks__timeout\n"
            "THARSIS__snt__timeout: error: the profile names no plugin 'snt'\n"
            "note: did you mean 'stn'?\n"
            "THARSIS__stn: error: this names a plugin; name one of its settings, like THARSIS__stn__timeout\n"
            "THARSIS__stn__: error: the name has an empty part; write it like THARSIS__stn__tasks__timeout\n"
            "THARSIS__stn____timeout: error: the name has an empty part; write it like THARSIS__stn__tasks__timeout\n"
            "THARSIS__stn__retries: error: this is not valid YAML: end of sequence flow not found\n"
            "THARSIS__stn__tiemout: error: stn: unknown key 'tiemout'\n"
            "note: did you mean 'timeout'?\n"
            "THARSIS__stn__timeout: error: stn.timeout: expected a duration like '5s' or '200ms', got 'soon'\n");
}

// Whoever can set a variable must not thereby choose which code runs.
TEST_F(Layers, WhereAPluginLiesIsNeverTakenFromTheEnvironment) {
  here.add_plugin_at("mine", "com.acme.hello");
  for (const char* name : {"THARSIS__com_acme_hello__path", "THARSIS__com.acme.hello__path", "THARSIS__com.acme.hello.path",
                           "THARSIS__com__acme__hello__path", "THARSIS__com_acme_hello__path__x"}) {
    here.request.environment = {{name, "/evil"}};
    EXPECT_EQ(here.messages_of("tharsis: 1\nplugins:\n  com.acme.hello: { path: mine }\n"),
              std::string(name) + ": error: where a plugin lies is never taken from the environment; write 'path:' in the profile\n");
  }
  here.request.environment = {{"WHERE", "/evil"}};
  EXPECT_NE(here.messages_of("tharsis: 1\nplugins:\n  com.acme.hello: { path: \"${env:WHERE}\" }\n").find("can be put in here"),
            std::string::npos);
}

TEST_F(Layers, APluginsCommandTakesNothingFromTheEnvironment) {
  here.request.environment = {{"THARSIS__stn__retries", "9"}, {"THARSIS__other__x", "1"}};
  const profile p = profile_of_plugin("stn", here.request, here.problems);
  EXPECT_EQ(here.messages(), "");
  EXPECT_EQ(number(p, "retries"), 3);
}

TEST_F(Layers, AnyScalarMayBeExpanded) {
  here.write("secrets/token", "s3cret\n");
  here.request.environment = {{"RETRIES", "4"}, {"EMPTY", ""}, {"USER", "ann ${data}"}};
  const profile p = here.load(
      "tharsis: 1\nplugins:\n  stn:\n    retries: \"${env:RETRIES}\"\n    timeout: ${env:TIMEOUT:-7s}\n"
      "    user: ${env:USER}/${env:EMPTY}${env:EMPTY:-a}${env:NOT:-${env:NOR:-b}}/$${env:USER}/$5\n"
      "    token: ${file:secrets/token}\n    store: ${cache}/${env:EMPTY:-x}\n    hosts: [\"${env:RETRIES:?no}\"]\n");
  EXPECT_EQ(here.messages(), "");
  EXPECT_EQ(number(p, "retries"), 4);
  EXPECT_EQ(number(p, "timeout"), 7'000'000'000);
  EXPECT_EQ(text(p, "user"), "ann ${data}/ab/${env:USER}/$5") << "what a variable brings in is not expanded again";
  EXPECT_EQ(text(p, "token"), "s3cret");
  EXPECT_EQ(text(p, "store"), here.path + "/state/cache/x");
  EXPECT_EQ(text(p, "hosts.0"), "4");
}

TEST_F(Layers, AnExpansionThatFailsSaysWhatIsMissingAndWhatToDo) {
  here.request.environment = {{"EMPTY", ""}, {"N", "many"}};
  EXPECT_EQ(here.messages_of("tharsis: 1\n"
                             "plugins:\n"
                             "  stn:\n"
                             "    user: ${env:NAME}\n"
                             "    retries: ${env:N}\n"
                             "    hosts:\n"
                             "      - ${env:EMPTY:?the gateway's name}\n"
                             "      - ${file:no/such}\n"
                             "      - ${env:A B}\n"
                             "      - ${home}\n"
                             "      - ${data\n"),
            "DIR/profile.yaml:4:11: error: stn.user: the environment variable NAME is not set; set it, or give a default: "
            "${env:NAME:-default}\n"
            "   4 |     user: ${env:NAME}\n"
            "     |           ^\n"
            "DIR/profile.yaml:5:14: error: stn.retries: expected a whole number, got 'many' from '${env:N}'\n"
            "   5 |     retries: ${env:N}\n"
            "     |              ^\n"
            "DIR/profile.yaml:7:9: error: stn.hosts.0: the environment variable EMPTY is empty: the gateway's name\n"
            "   7 |       - ${env:EMPTY:?the gateway's name}\n"
            "     |         ^\n"
            "DIR/profile.yaml:8:9: error: stn.hosts.1: ${file:DIR/no/such}: there is no such file\n"
            "DIR/profile.yaml:9:9: error: stn.hosts.2: expected '${env:NAME}', '${env:NAME:-default}' or "
            "'${env:NAME:?message}', got '${env:A B}'\n"
            "   9 |       - ${env:A B}\n"
            "     |         ^\n"
            "DIR/profile.yaml:10:9: error: stn.hosts.3: '${home}' is not known; known here: ${data}, ${config}, ${cache}, "
            "${plugin}, ${env:NAME} and ${file:PATH}; write '$${' for a plain '${'\n"
            "  10 |       - ${home}\n"
            "     |         ^\n"
            "DIR/profile.yaml:11:9: error: stn.hosts.4: the brace of '${' is not closed; write '$${' for a plain '${'\n"
            "  11 |       - ${data\n"
            "     |         ^\n");
}

TEST_F(Layers, NestedExpansionsEnd) {
  std::string text = "x";
  for (int i = 0; i < 2000; ++i) text = "${env:NOT:-" + text + "}";
  EXPECT_NE(here.messages_of("tharsis: 1\nplugins:\n  stn:\n    user: '" + text + "'\n").find("more than 8 deep"), std::string::npos);
}

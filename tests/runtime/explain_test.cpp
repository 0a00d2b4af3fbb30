// What `tharsis explain` tells, word for word, and that no secret is ever in it.
#include "runtime/explain_command.h"

#include "runtime/setting_text.h"
#include "tests/runtime/profile_folder.h"

using namespace tharsis;
using namespace tharsis::runtime;

namespace {

constexpr const char* settings = R"(summary: The network.
settings:
  token: { type: text, secret: true, default: hunter1, about: "Who we are." }
  timeout: { type: duration, default: 5s, min: 1ms, max: 1h, about: "Of one task." }
  window: { type: size, default: 65536 }
  ratio: { type: real, default: .5 }
  codec: { type: enum, values: [mars, plain], default: mars, deprecated: "use wire instead" }
  user: { type: text }
  keys: { type: list, of: { type: text, secret: true } }
  links: { type: map, about: "By name.", of: { type: group, settings: { ends: { type: list, of: { type: endpoint, schemes: [tcp] } }, on: { type: bool, default: true } } } }
)";

class Explain : public ::testing::Test {
 protected:
  Explain() { here.add_plugin("stn", settings); }

  std::string without_folder(std::string text) const {
    for (size_t at; (at = text.find(here.path)) != std::string::npos;) text.replace(at, here.path.size(), "DIR");
    return text;
  }
  // How wide columns are depends on the folder's name.
  static std::string squeezed(std::string text) {
    for (size_t at; (at = text.find("   ")) != std::string::npos;) text.erase(at, 1);
    return text;
  }
  std::string explained(const std::string& key, bool json = false) {
    const auto found = find_setting(plan, key);
    if (!found) return found.failure().text;
    return without_folder(json ? explanation_json(*found) : explanation(*found));
  }

  profile_folder here;
  profile plan;
};

}  // namespace

TEST_F(Explain, ASettingIsToldWithEveryLayerThatSetIt) {
  here.write("base.yaml", "tharsis: 1\nplugins:\n  stn: { timeout: 1500ms }\n");
  here.request.environment = {{"THARSIS__stn__timeout", "7s"}};
  here.request.sets = {"stn.timeout=8s"};
  plan = here.load("tharsis: 1\nextends: base.yaml\nplugins:\n  stn:\n    timeout: 120s\n");
  ASSERT_EQ(here.messages(), "");
  EXPECT_EQ(squeezed(explained("stn.timeout")),
            "stn.timeout = 8s\n"
            "  Of one task.\n"
            "  type  duration, from 1ms to 1h\n"
            "  set by, the strongest first:\n"
            "  --set  --set stn.timeout  8s\n"
            "  environment  THARSIS__stn__timeout  7s\n"
            "  profile  DIR/profile.yaml:5:14  120s\n"
            "  profile  DIR/base.yaml:3:19  1500ms\n"
            "  default  DIR/plugins/stn/plugin.yaml:8:39  5s\n");
  EXPECT_EQ(explained("stn.timeout", true),
            R"({"key":"stn.timeout","type":"duration","about":"Of one task.","min":"1ms","max":"1h","set":true,"secret":false,)"
            R"("value":"8s","origins":[{"layer":"--set","place":"--set stn.timeout","written":"8s"},)"
            R"({"layer":"environment","place":"THARSIS__stn__timeout","written":"7s"},)"
            R"({"layer":"profile","place":"DIR/profile.yaml:5:14","written":"120s"},)"
            R"({"layer":"profile","place":"DIR/base.yaml:3:19","written":"1500ms"},)"
            R"({"layer":"default","place":"DIR/plugins/stn/plugin.yaml:8:39","written":"5s"}]})");
}

TEST_F(Explain, AGroupIsATableOfWhatIsBelow) {
  plan = here.load("tharsis: 1\nplugins:\n  stn: { links: { a.b: { ends: [\"tcp://x:1\"] } }, token: hunter2, user: '' }\n");
  ASSERT_EQ(here.messages(), "");
  EXPECT_EQ(explained("stn"),
            "stn\n"
            "  The network.\n"
            "  KEY                   VALUE        SET BY\n"
            "  token                 (secret)     DIR/profile.yaml:3:58\n"
            "  timeout               5s           default\n"
            "  window                64KiB        default\n"
            "  ratio                 0.5          default\n"
            "  codec                 mars         default\n"
            "  user                  ''           DIR/profile.yaml:3:73\n"
            "  keys                  []\n"
            "  links.a.b.ends        [tcp://x:1]  DIR/profile.yaml:3:32\n"
            "  links.a.b.on          true         default\n"
            "  path                  (not set)\n"
            "  loop                  shared       default\n"
            "  start_deadline        10s          default\n"
            "  stop_deadline         5s           default\n"
            "  restart               on_failure   default\n"
            "  restart_wait          1s           default\n"
            "  restart_wait_longest  1m           default\n"
            "  restart_limit         10           default\n"
            "  stall_limit           2s           default\n"
            "  stall                 report       default\n");
  EXPECT_EQ(explained("stn.links.a.b"),
            "stn.links.a.b\n"
            "  KEY   VALUE        SET BY\n"
            "  ends  [tcp://x:1]  DIR/profile.yaml:3:32\n"
            "  on    true         default\n");
  EXPECT_EQ(explained("stn.links.a.b.ends.0"),
            "stn.links.a.b.ends.0 = tcp://x:1\n"
            "  type  endpoint with the scheme tcp\n"
            "  set by, the strongest first:\n"
            "    profile  DIR/profile.yaml:3:33  tcp://x:1\n");
  EXPECT_EQ(explanation(plan).substr(0, 5), "stn\n ");
  EXPECT_EQ(explanation_json(plan).substr(0, 40), R"({"plugins":[{"key":"stn","type":"group",)");
}

TEST_F(Explain, TheNearestKeyIsNamedForAMisspeltOne) {
  plan = here.load("tharsis: 1\nplugins:\n  stn: { links: { main: } }\n");
  EXPECT_EQ(explained("snt.timeout"), "the profile has no 'snt'; did you mean 'stn'?");
  EXPECT_EQ(explained("stn.tiemout"), "stn has no 'tiemout'; did you mean 'timeout'?");
  EXPECT_EQ(explained("stn.links.mian.on"), "stn.links has no 'mian'; did you mean 'main'?");
  EXPECT_EQ(explained("stn.links.zzzzz"), "stn.links has no 'zzzzz'; it has main");
  EXPECT_EQ(explained("stn.links.main.ends.0"), "stn.links.main.ends has no '0'; it is empty");
  EXPECT_EQ(explained("stn.timeout.x"), "stn.timeout is a single value; there is nothing inside it");
  EXPECT_EQ(explained("stn."), "stn has no ''; it has token, timeout, window, ratio, codec, user, keys, links, path, loop, "
                               "start_deadline, stop_deadline, restart, restart_wait, restart_wait_longest, restart_limit, "
                               "stall_limit and stall");
  EXPECT_EQ(explained("stn.user"), "stn.user is not set\n  type  text\n");
}

TEST_F(Explain, WhatAPluginWantsOfTheHostIsADefaultWithAPlace) {
  here.add_plugin("com.acme.busy", "host: { loop: dedicated, stop_deadline: 20s }\n");
  plan = here.load("tharsis: 1\nplugins:\n  com.acme.busy: { stop_deadline: 3s }\n");
  ASSERT_EQ(here.messages(), "");
  EXPECT_EQ(plan.plugins.at(0).loop, static_cast<uint32_t>(THARSIS_STRAND_DEDICATED));
  EXPECT_EQ(plan.plugins.at(0).stop_deadline, 3s);
  EXPECT_EQ(explained("com.acme.busy.loop"),
            "com.acme.busy.loop = dedicated\n"
            "  The thread it runs on: one that plugins share, one of its own, or the application's main thread.\n"
            "  type  one of shared, dedicated or main\n"
            "  set by, the strongest first:\n"
            "    default  DIR/plugins/com.acme.busy/plugin.yaml:5:15  dedicated\n");
  plan = here.load("tharsis: 1\nplugins:\n  com.acme.busy: { loop: shared }\n");
  EXPECT_EQ(plan.plugins.at(0).loop, static_cast<uint32_t>(THARSIS_STRAND_SHARED));
  EXPECT_EQ(plan.plugins.at(0).stop_deadline, 20s);
}

TEST_F(Explain, NoSecretIsInAnythingThatIsPrinted) {
  here.write("base.yaml", "tharsis: 1\nplugins:\n  stn: { token: hunter2, keys: [hunter3, hunter4] }\n");
  here.write("user", "hunter8\n");
  here.request.environment = {{"THARSIS__stn__token", "hunter5"}, {"T", "hunter6"}};
  here.request.sets = {"stn.token=hunter7", "stn.keys.1=${env:T:-hunter9}"};
  plan = here.load("tharsis: 1\nextends: base.yaml\nplugins:\n  stn: { user: \"${file:user}\" }\n");
  ASSERT_EQ(here.messages(), "");
  EXPECT_EQ(std::get<std::string>(plan.plugins[0].settings.find("user")->scalar), "hunter8");
  EXPECT_EQ(std::get<std::string>(plan.plugins[0].settings.find("keys.1")->scalar), "hunter6");
  std::string all = explanation(plan) + explanation_json(plan);
  for (const char* key : {"stn", "stn.token", "stn.keys", "stn.keys.0", "stn.keys.1", "stn.user"})
    all += explained(key) + explained(key, true);
  for (const setting_value& v : plan.plugins[0].settings.children) all += shown(v) + json_of(v);
  EXPECT_EQ(all.find("hunter"), std::string::npos) << all;
  EXPECT_NE(all.find("(secret)"), std::string::npos);
}

TEST_F(Explain, WhatIsDeprecatedIsAWarningThatRefusesNothing) {
  plan = here.load("tharsis: 1\nplugins:\n  stn:\n    codec: plain\n");
  EXPECT_TRUE(here.problems.empty());
  EXPECT_EQ(here.problems.warnings(), 1u);
  EXPECT_EQ(here.messages(),
            "DIR/profile.yaml:4:5: warning: stn.codec: is deprecated; use wire instead\n"
            "   4 |     codec: plain\n"
            "     |     ^\n");
  EXPECT_NE(explained("stn.codec").find("  deprecated  use wire instead\n"), std::string::npos);
  EXPECT_EQ(here.messages_of("tharsis: 1\nplugins:\n  stn:\n"), "");
}

TEST(SettingText, NumbersAreWrittenInTheLargestUnitThatLosesNothing) {
  EXPECT_EQ(duration_text(0), "0s");
  EXPECT_EQ(duration_text(1), "1ns");
  EXPECT_EQ(duration_text(1'500'000'000), "1500ms");
  EXPECT_EQ(duration_text(120'000'000'000), "2m");
  EXPECT_EQ(duration_text(172'800'000'000'000), "2d");
  EXPECT_EQ(size_text(0), "0B");
  EXPECT_EQ(size_text(1000), "1000B");
  EXPECT_EQ(size_text(1536), "1536B");
  EXPECT_EQ(size_text(3 << 20), "3MiB");
}

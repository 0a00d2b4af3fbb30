// Goal: a file that a plugin's command is given is read and checked as a profile is, for that command alone.
#include "runtime/command_files.h"

#include <gtest/gtest.h>

#include "tests/runtime/profile_folder.h"

using namespace tharsis::runtime;

namespace {

constexpr const char* greeter =
    "commands: { greet: \"greet: says hello.\", wait: \"wait: does not.\" }\n"
    "command_files:\n"
    "  greet:\n"
    "    guests: { type: map, of: { type: group, settings: { drinks: { type: int, default: 1, max: 3 }, since: { type: duration, required: true } } } }\n"
    "settings:\n  greeting: { type: text, default: hi }\n";

const setting_value* asked(const profile_folder& here, const profile& p, std::string_view path) {
  EXPECT_EQ(here.messages(), "");
  return p.plugins.at(0).settings.find(path);
}

}  // namespace

TEST(CommandFiles, AreAmongTheSettingsOfTheirCommand) {
  profile_folder here;
  here.add_plugin("greeter", greeter);
  here.write("party.yaml", "ann: { since: 5m }\nbob: { since: 1h, drinks: 3 }\n");
  for (const std::vector<std::string>& words : {std::vector<std::string>{"greet", "--guests", here.path + "/party.yaml"},
                                                std::vector<std::string>{"greet", "--loud", "--guests=" + here.path + "/party.yaml"}}) {
    const profile p = profile_of_plugin("greeter", here.request, here.problems, words);
    ASSERT_NE(asked(here, p, "guests.bob.drinks"), nullptr);
    EXPECT_EQ(std::get<int64_t>(asked(here, p, "guests.bob.drinks")->scalar), 3);
    EXPECT_EQ(std::get<int64_t>(asked(here, p, "guests.ann.drinks")->scalar), 1);
    EXPECT_EQ(asked(here, p, "guests.bob.since")->at.text(), here.path + "/party.yaml:2:15");
    EXPECT_NE(asked(here, p, "greeting"), nullptr);
  }
}

TEST(CommandFiles, WhatTheUsageLineBeginsWithIsTheWordBehindTheCommand) {
  for (const bool given : {true, false}) {
    profile_folder here;
    here.add_plugin("greeter", "commands: { greet: \"greet GUESTS: says hello.\" }\ncommand_files: { greet: { guests: { type: list, of: { type: text } } } }\n");
    here.write("party.yaml", "[ann, bob]\n");
    const std::string file = here.path + "/party.yaml";
    const profile p = profile_of_plugin("greeter", here.request, here.problems, given ? std::vector<std::string>{"greet", file, "--loud"} : std::vector<std::string>{"greet", "--loud", file});
    EXPECT_EQ(asked(here, p, "guests.1") != nullptr, given);
  }
}

TEST(CommandFiles, ASetIsStronger) {
  profile_folder here;
  here.add_plugin("greeter", greeter);
  here.write("party.yaml", "ann: { since: 5m }\n");
  here.request.sets = {"guests.ann.drinks=2"};
  const profile p = profile_of_plugin("greeter", here.request, here.problems, {"greet", "--guests", here.path + "/party.yaml"});
  EXPECT_EQ(std::get<int64_t>(asked(here, p, "guests.ann.drinks")->scalar), 2);
}

TEST(CommandFiles, OtherCommandsAndProfilesDoNotKnowThem) {
  profile_folder here;
  here.add_plugin("greeter", greeter);
  here.write("party.yaml", "ann: { since: 5m }\n");
  const profile p = profile_of_plugin("greeter", here.request, here.problems, {"wait", "--guests", here.path + "/party.yaml"});
  EXPECT_EQ(asked(here, p, "guests"), nullptr);
  here.load("tharsis: 1\nplugins:\n  greeter: { guests: {} }\n");
  EXPECT_NE(here.messages().find("unknown key 'guests'"), std::string::npos) << here.messages();
}

TEST(CommandFiles, EachMistakeHasItsPlace) {
  profile_folder here;
  here.add_plugin("greeter", greeter);
  here.write("party.yaml", "ann: { since: 5m, drinks: 4 }\nbob: { drink: 1 }\n");
  profile_of_plugin("greeter", here.request, here.problems, {"greet", "--guests", here.path + "/party.yaml"});
  const std::string text = here.messages();
  EXPECT_NE(text.find("DIR/party.yaml:1:27: error: greeter.guests.ann.drinks"), std::string::npos) << text;
  EXPECT_NE(text.find("DIR/party.yaml:2:8: error: greeter.guests.bob: unknown key 'drink'"), std::string::npos) << text;
}

TEST(CommandFiles, OneThatIsNotThereOrIsNoYamlIsTold) {
  profile_folder here;
  here.add_plugin("greeter", greeter);
  profile_of_plugin("greeter", here.request, here.problems, {"greet", "--guests", here.path + "/nowhere.yaml"});
  EXPECT_NE(here.messages().find("DIR/nowhere.yaml: error: there is no such file"), std::string::npos) << here.messages();
  here.problems = {};
  here.write("party.yaml", "ann: [\n");
  profile_of_plugin("greeter", here.request, here.problems, {"greet", "--guests", here.path + "/party.yaml"});
  EXPECT_NE(here.messages().find("DIR/party.yaml:"), std::string::npos) << here.messages();
}

TEST(CommandFiles, OfACommandThatIsNoneAreRefused) {
  diagnostics problems;
  parse_manifest(std::make_shared<const source>(source{"plugin.yaml",
                                                       "id: a\nversion: 1.0.0\nabi: 1\nlibrary: a.so\ncommands: { say: \"say: it.\" }\n"
                                                       "command_files: { sya: { x: { type: int } } }\n",
                                                       source::kind::manifest, {}}),
                 "/plugins/a", problems);
  ASSERT_EQ(problems.count(), 1u);
  EXPECT_EQ(problems.kept()[0].text, "command_files: there is no command 'sya' among `commands`");
}

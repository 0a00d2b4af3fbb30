#include "runtime/command_line.h"

#include <gtest/gtest.h>

using namespace tharsis;
using namespace tharsis::runtime;

namespace {
command_line good(const std::vector<std::string>& words) {
  const auto line = parse_command_line(words);
  EXPECT_TRUE(line.ok()) << line.failure().text;
  return line ? *line : command_line{};
}
std::string wrong(const std::vector<std::string>& words) {
  const auto line = parse_command_line(words);
  return line ? "(good)" : line.failure().text;
}
}  // namespace

TEST(CommandLine, RunTakesItsOptionsInAnyOrder) {
  const command_line line = good({"--json", "run", "--set", "a.b=c=d", "p.yaml", "--set=x.y=", "--for", "2m", "--state=/s",
                                  "--plugins", "one", "--plugins=two"});
  EXPECT_EQ(line.command, "run");
  EXPECT_EQ(line.arguments, std::vector<std::string>{"p.yaml"});
  EXPECT_EQ(line.sets, (std::vector<std::string>{"a.b=c=d", "x.y="}));
  EXPECT_EQ(line.run_for, 2min);
  EXPECT_EQ(line.state, "/s");
  EXPECT_EQ(line.plugin_folders, (std::vector<std::string>{"one", "two"}));
  EXPECT_TRUE(line.json);
  EXPECT_FALSE(line.metrics);
  EXPECT_EQ(good({"run", "p", "--log", "info"}).sets, std::vector<std::string>{"xlog.console=info"});
}

TEST(CommandLine, MetricsInItsForms) {
  EXPECT_TRUE(good({"run", "p", "--metrics"}).metrics);
  EXPECT_TRUE(good({"metrics", "--watch"}).watch);
  EXPECT_TRUE(good({"metrics", "--prometheus", "p.yaml"}).prometheus);
  EXPECT_EQ(wrong({"check", "p", "--metrics"}), "'tharsis check' has no option --metrics; see tharsis help check");
}

TEST(CommandLine, SimulateTakesSeedsFaultsAndFurtherProfiles) {
  const command_line line = good({"simulate", "p", "--seeds", "500", "--faults=all", "--with", "q", "--with", "r", "--for", "5s"});
  EXPECT_EQ(line.seeds, 500u);
  EXPECT_EQ(line.faults, "all");
  EXPECT_EQ(line.with, (std::vector<std::string>{"q", "r"}));
  EXPECT_EQ(good({"simulate", "p", "--seed", "42"}).seed, 42u);
  EXPECT_EQ(wrong({"simulate", "p", "--seeds", "none"}), "--seeds takes a whole number from 1; got 'none'");
  EXPECT_EQ(wrong({"simulate", "p", "--seed=0"}), "--seed takes a whole number from 1; got '0'");
  EXPECT_EQ(wrong({"simulate", "p", "--seeds=2", "--seed=1"}), "--seeds runs many seeds, --seed shows one; give one of them");
  EXPECT_EQ(wrong({"run", "p", "--seeds", "5"}), "'tharsis run' has no option --seeds; see tharsis help run");
}

TEST(CommandLine, APluginReadsItsOwnOptions) {
  const command_line line = good({"xlog", "cat", "--level", "info", "-", "--set", "x=1", "--help", "--state", "/s"});
  EXPECT_EQ(line.command, "xlog");
  EXPECT_EQ(line.arguments, (std::vector<std::string>{"cat", "--level", "info", "-", "--help"}));
  EXPECT_EQ(line.sets, std::vector<std::string>{"x=1"});
  EXPECT_EQ(line.state, "/s");
  const command_line literal = good({"xlog", "grep", "--state", "/s", "--", "--set", "--state=/t"});
  EXPECT_EQ(literal.arguments, (std::vector<std::string>{"grep", "--", "--set", "--state=/t"}));
  EXPECT_EQ(literal.state, "/s");
}

TEST(CommandLine, HelpIsAlwaysThere) {
  EXPECT_TRUE(good({"--help"}).help);
  EXPECT_TRUE(good({"run", "-h"}).help);
  EXPECT_EQ(good({"--version"}).command, "version");
  EXPECT_EQ(good({}).command, "");
  for (const std::string& command : own_command_names())
    EXPECT_EQ(help_text(command, {}).find("tharsis " + command), 0u) << command;
  EXPECT_NE(help_text("", {{"xlog cat", "prints."}}).find("  tharsis xlog cat  prints.\n"), std::string::npos);
}

TEST(CommandLine, WhatIsWrongIsSaid) {
  EXPECT_EQ(wrong({"run"}), "'tharsis run' needs a PROFILE; see tharsis help run");
  EXPECT_EQ(wrong({"check", "a", "b"}), "'tharsis check' takes one PROFILE, got 'b' too");
  EXPECT_EQ(wrong({"run", "p", "--for"}), "option --for needs a value behind it");
  EXPECT_EQ(wrong({"run", "p", "--for="}), "option --for needs a value that is not empty");
  EXPECT_EQ(wrong({"run", "p", "--for", "10"}), "--for takes a time like 500ms, 10s or 2m; got '10'");
  EXPECT_EQ(wrong({"run", "p", "--set", "a.b"}), "--set takes KEY=VALUE, like --set stn.tasks.timeout=5s; got 'a.b'");
  EXPECT_EQ(wrong({"run", "p", "--json=1"}), "option --json takes no value");
  EXPECT_EQ(wrong({"run", "p", "--stat", "x"}), "there is no option '--stat'; did you mean '--state'?");
  EXPECT_EQ(wrong({"run", "p", "--zzzzzzz"}), "there is no option '--zzzzzzz'; see tharsis help");
  EXPECT_EQ(wrong({"check", "p", "--for", "1s"}), "'tharsis check' has no option --for; see tharsis help check");
  EXPECT_EQ(wrong({"--json", "xlog", "cat"}), "'tharsis xlog' has no option --json; see tharsis help xlog");
}

TEST(CommandLine, TheListOfCommandsLeavesNoneOut) {
  const std::string all = tharsis::runtime::help_text("", {});
  for (const std::string& name : tharsis::runtime::own_command_names())
    EXPECT_NE(all.find("\n  tharsis " + name), std::string::npos) << name;
}

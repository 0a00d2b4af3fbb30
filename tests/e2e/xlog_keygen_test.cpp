// Goal: a pair of keys is made whole or not at all, and never over another. Method: the plugin as it is
// shipped, on a simulated disk.
#include "plugins/xlog/core/key_file.h"
#include "tests/e2e/xlog_stage.h"

using namespace tharsis;
using test::xlog_stage;
using list = std::vector<std::string>;

namespace {

struct XlogKeygenInSimulation : testing::Test {
  sim::world world{1};
  sim::machine& machine = world.add_machine("one", {"10.0.0.1"});
  sim::disk& disk = *machine.storage();

  void SetUp() override { disk.make_folder("/here", nullptr); }
  void fails(const list& words, int code, const std::string& sentence) {
    const auto paths = disk.paths();
    xlog_stage s(world, machine);
    EXPECT_EQ(s.command(words), code);
    ASSERT_EQ(s.console.complaints.size(), 1u);
    EXPECT_NE(s.console.complaints[0].find(sentence), std::string::npos) << s.console.complaints[0];
    EXPECT_TRUE(s.console.printed.empty());
    EXPECT_EQ(disk.paths(), paths) << "nothing is left behind";
  }
};

}  // namespace

TEST_F(XlogKeygenInSimulation, MakesAPairThatBelongsTogether) {
  xlog_stage s(world, machine);
  EXPECT_EQ(s.command({"keygen", "team"}), 0);
  const auto closed = xlog::parse_private_key(disk.content("/here/team").value_or(""), "team");
  const auto open = xlog::parse_public_key(disk.content("/here/team.pub").value_or(""), "team.pub");
  ASSERT_TRUE(closed && open);
  EXPECT_EQ(closed->open, *open);
  ASSERT_EQ(s.console.printed.size(), 1u);
  const std::string& printed = s.console.printed[0];
  EXPECT_NE(printed.find(xlog::key_id_text(open->id())), std::string::npos) << printed;
  EXPECT_EQ(printed.find(disk.content("/here/team")->substr(44, 16)), std::string::npos) << "the private key is not shown";

  xlog_stage again(world, machine);
  EXPECT_EQ(again.command({"keygen", "/here/other"}), 0);
  EXPECT_NE(disk.content("/here/other"), disk.content("/here/team"));
}

TEST_F(XlogKeygenInSimulation, TouchesNothingThatExists) {
  disk.replace("/here/team", "precious", nullptr);
  disk.replace("/here/half.pub", "precious", nullptr);
  fails({"keygen", "team"}, 1, "/here/team exists");
  fails({"keygen", "half"}, 1, "/here/half.pub exists");
  EXPECT_EQ(disk.content("/here/team"), "precious");
  EXPECT_EQ(disk.content("/here/half.pub"), "precious");
}

TEST_F(XlogKeygenInSimulation, TwoAtATimeDoNotMixTheirKeys) {
  const auto held = disk.find_or_make("/here/team.lock");
  ASSERT_TRUE(held.ok());
  (*held)->locked = true;
  fails({"keygen", "team"}, 1, "/here/team is being made by another keygen");
}

TEST_F(XlogKeygenInSimulation, BothFilesOrNone) {
  for (uint64_t capacity = 0; capacity < 2 * 108; capacity += 12) {
    disk.capacity = capacity;
    fails({"keygen", "team"}, 1, "team");
  }
  disk.capacity.reset();
  disk.read_only = true;
  fails({"keygen", "team"}, 1, "/here/team");
}

TEST_F(XlogKeygenInSimulation, SaysWhatItTakes) {
  fails({"keygen"}, 2, "name one file");
  fails({"keygen", ""}, 2, "name one file");
  fails({"keygen", "a", "b"}, 2, "name one file");
  fails({"keygen", "--force", "a"}, 2, "no option --force");
  xlog_stage help(world, machine);
  EXPECT_EQ(help.command({"keygen", "--help"}), 0);
  EXPECT_EQ(help.console.printed.at(0).find("tharsis xlog keygen OUT"), 0u);
}

// Goal: what a plugin reads beside its library lies in the simulated world too; what its build leaves there does not.
#include "runtime/simulation/shipped_files.h"

#include <gtest/gtest.h>

#include "sdk/sim/world.h"
#include "tests/runtime/profile_folder.h"

using namespace tharsis;
using namespace tharsis::runtime;

TEST(ShippedFiles, AreThoseThatThePluginMayRead) {
  profile_folder folder;
  folder.add_plugin("stn");
  for (const char* file : {"stn.so", "libstn_core.a", "stn.o", "table.bin", "names.d/more.txt"}) folder.write("plugins/stn/" + std::string(file), file);
  const found_plugin found = read_plugin_folder(folder.path + "/plugins/stn");
  ASSERT_TRUE(found.manifest);
  const auto files = shipped_files(*found.manifest);
  EXPECT_EQ(files.size(), 2u);
  EXPECT_EQ(files.count(folder.path + "/plugins/stn/plugin.yaml"), 1u);
  ASSERT_EQ(files.count(folder.path + "/plugins/stn/table.bin"), 1u);
  EXPECT_EQ(files.at(folder.path + "/plugins/stn/table.bin"), "table.bin");

  sim::world world(1);
  const auto disk = world.make_disk();
  put_files(files, *disk);
  EXPECT_EQ(disk->content(folder.path + "/plugins/stn/table.bin"), "table.bin");
}

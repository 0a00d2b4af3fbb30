// The model of the disk: full, read-only, broken, and what a loss of power leaves behind.
#include <gtest/gtest.h>
#include "sdk/pure/views.h"
#include "sdk/sim/world.h"

using namespace tharsis;

namespace {

class SimDisk : public testing::Test {
 protected:
  explicit SimDisk(uint64_t seed = 5) : w(seed) {}

  tharsis_handle open(const std::string& path, uint32_t mode = THARSIS_FILES_APPEND) {
    tharsis_handle h = 0;
    EXPECT_EQ(files.open(files.self, text_of(path), mode, &h, &why), THARSIS_OK) << why.text;
    return h;
  }
  tharsis_status append(tharsis_handle h, std::string_view data) {
    return files.append(files.self, h, bytes_of(as_bytes(data)), &why);
  }

  sim::world w;
  sim::machine& m = w.add_machine("m", {"10.0.0.1"});
  sim::disk& disk = *m.storage();
  const tharsis_files& files = *m.platform()->files;
  tharsis_error why = no_error();
};

}  // namespace

TEST_F(SimDisk, AFullDiskRefusesTheWholeAppendAndKeepsTheFileAsItWas) {
  const auto h = open("/log");
  disk.capacity = 10;
  EXPECT_EQ(append(h, "12345678"), THARSIS_OK);
  EXPECT_EQ(append(h, "abc"), THARSIS_E_FULL);
  EXPECT_NE(std::string(why.text).find("/log"), std::string::npos) << "the path is named";
  EXPECT_EQ(disk.content("/log"), "12345678");
  disk.capacity = std::nullopt;
  EXPECT_EQ(append(h, "abc"), THARSIS_OK);
  EXPECT_EQ(disk.content("/log"), "12345678abc");
}

TEST_F(SimDisk, AReadOnlyDiskDeniesEveryChangeAndLetsReadersRead) {
  const auto h = open("/log");
  ASSERT_EQ(append(h, "kept"), THARSIS_OK);
  disk.read_only = true;
  tharsis_handle other = 0;
  EXPECT_EQ(append(h, "more"), THARSIS_E_DENIED);
  EXPECT_EQ(files.open(files.self, text_of("/new"), THARSIS_FILES_APPEND, &other, &why), THARSIS_E_DENIED);
  EXPECT_EQ(files.make_folder(files.self, text_of("/folder"), &why), THARSIS_E_DENIED);
  EXPECT_EQ(files.replace(files.self, text_of("/log"), {}, &why), THARSIS_E_DENIED);
  EXPECT_EQ(files.remove(files.self, text_of("/log"), &why), THARSIS_E_DENIED);
  uint8_t bytes[10];
  size_t count = 0;
  EXPECT_EQ(files.read(files.self, open("/log", THARSIS_FILES_READ), 0, bytes, sizeof bytes, &count, &why),
            THARSIS_OK);
  EXPECT_EQ(count, 4u);
}

TEST_F(SimDisk, ABrokenDiskFailsWithIo) {
  const auto h = open("/log");
  disk.broken = true;
  EXPECT_EQ(append(h, "x"), THARSIS_E_IO);
  EXPECT_EQ(files.sync(files.self, h, &why), THARSIS_E_IO);
  tharsis_handle other = 0;
  EXPECT_EQ(files.open(files.self, text_of("/log"), THARSIS_FILES_READ, &other, &why), THARSIS_E_IO);
}

TEST_F(SimDisk, ALossOfPowerTearsOnlyWhatWasNotSynced) {
  bool torn = false;
  for (int life = 0; life < 20; ++life) {
    const auto h = open("/log");
    const std::string before = *disk.content("/log");
    ASSERT_EQ(append(h, "synced."), THARSIS_OK);
    ASSERT_EQ(files.sync(files.self, h, &why), THARSIS_OK);
    ASSERT_EQ(append(h, "in the cache"), THARSIS_OK);
    m.kill();
    const std::string after = *disk.content("/log");
    ASSERT_TRUE(after.starts_with(before + "synced.")) << after;
    ASSERT_TRUE((before + "synced.in the cache").starts_with(after)) << after;
    torn = torn || (after.size() > before.size() + 7 && after.size() < before.size() + 19);
    EXPECT_EQ(append(h, "x"), THARSIS_E_GONE) << "the handle died with its life";
  }
  EXPECT_TRUE(torn);
}

TEST_F(SimDisk, AReplacedFileIsWholeAfterALossOfPower) {
  const std::string content(10'000, 'x');
  ASSERT_EQ(files.replace(files.self, text_of("/state"), bytes_of(as_bytes(content)), &why), THARSIS_OK);
  m.kill();
  EXPECT_EQ(disk.content("/state"), content);
}

TEST_F(SimDisk, MachinesOnOneDiskSeeEachOthersLocksUntilTheHolderDies) {
  sim::machine& other = w.add_machine("other", {"10.0.0.2"}, m.storage());
  const tharsis_files& theirs = *other.platform()->files;
  tharsis_handle lock = 0;
  ASSERT_EQ(files.lock(files.self, text_of("/lock"), &lock, &why), THARSIS_OK);
  EXPECT_EQ(theirs.lock(theirs.self, text_of("/lock"), &lock, &why), THARSIS_E_IN_USE);
  m.kill();
  EXPECT_EQ(theirs.lock(theirs.self, text_of("/lock"), &lock, &why), THARSIS_OK);
}

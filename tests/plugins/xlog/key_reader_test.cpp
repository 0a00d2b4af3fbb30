#include "plugins/xlog/key_reader.h"

#include <gtest/gtest.h>

#include "sdk/sim/world.h"
#include "tests/plugins/xlog/sealing.h"

using namespace tharsis;
using namespace tharsis::xlog;

namespace {

struct XlogKeyReader : testing::Test {
  sim::world world{1};
  sim::machine& machine = world.add_machine("one", {"10.0.0.1"});
  sim::disk& disk = *machine.storage();
  const private_key one = test_key(1), two = test_key(2);

  void SetUp() override {
    disk.make_folder("/keys", nullptr);
    disk.replace("/keys/one.pub", public_key_text(one.open), nullptr);
    disk.replace("/keys/one", private_key_text(one), nullptr);
    disk.replace("/keys/large", std::string(1 << 20, ' '), nullptr);
  }
  result<std::vector<public_key>> read(const std::vector<std::string>& given) {
    return read_recipients(machine.platform()->files, "/keys", given, "xlog.encrypt.to");
  }
  void refuses(const std::vector<std::string>& given, const std::string& start, const std::string& part) {
    const auto keys = read(given);
    ASSERT_FALSE(keys);
    EXPECT_EQ(keys.failure().text.find(start), 0u) << keys.failure().text;
    EXPECT_NE(keys.failure().text.find(part), std::string::npos) << keys.failure().text;
  }
};

}  // namespace

TEST_F(XlogKeyReader, TakesKeysAndFilesOfKeys) {
  const auto keys = read({"one.pub", public_key_text(two.open), "/keys/one.pub"});
  ASSERT_TRUE(keys) << keys.failure().text;
  EXPECT_EQ(*keys, (std::vector<public_key>{one.open, two.open})) << "twice the same is one reader";
  const auto mine = read_private_key(machine.platform()->files, "/keys", "one");
  ASSERT_TRUE(mine) << mine.failure().text;
  EXPECT_EQ(mine->open, one.open);
}

// The host refuses a secret that others may read; a public key may be anybody's.
TEST_F(XlogKeyReader, APrivateKeyIsOpenedAsASecret) {
  static uint32_t mode_seen;
  tharsis_files table = *machine.platform()->files;
  static decltype(table.open) really_open;
  really_open = table.open;
  table.open = [](void* self, tharsis_text path, uint32_t mode, tharsis_handle* file, tharsis_error* why) {
    mode_seen = mode;
    return really_open(self, path, mode, file, why);
  };
  EXPECT_TRUE(read_private_key(&table, "/keys", "one"));
  EXPECT_EQ(mode_seen, uint32_t{THARSIS_FILES_READ | THARSIS_FILES_SECRET});
  EXPECT_TRUE(read_recipients(&table, "/keys", {"one.pub"}, "xlog.encrypt.to"));
  EXPECT_EQ(mode_seen, uint32_t{THARSIS_FILES_READ});
}

TEST_F(XlogKeyReader, OneThatCannotBeUsedFailsThemAll) {
  refuses({}, "xlog.encrypt.to names no key", "give at least one");
  refuses({"one.pub", ""}, "xlog.encrypt.to.1 is empty", "");
  refuses({"one.pub", "lost.pub"}, "xlog.encrypt.to.1: ", "/keys/lost.pub");
  refuses({"lost.pub"}, "xlog.encrypt.to.0: ", "tharsis xlog keygen");
  refuses({"one"}, "xlog.encrypt.to.0: /keys/one is a private key", ".pub");
  refuses({"large"}, "xlog.encrypt.to.0: /keys/large is longer than any key", "");
  refuses({private_key_text(two)}, "xlog.encrypt.to.0 is a private key", ".pub");
  disk.broken = true;
  refuses({"one.pub"}, "xlog.encrypt.to.0: ", "/keys/one.pub");
}

TEST_F(XlogKeyReader, SaysWhyAPrivateKeyIsNone) {
  const auto why = [&](const std::string& path) {
    const auto key = read_private_key(machine.platform()->files, "/keys", path);
    return key ? "" : key.failure().text;
  };
  EXPECT_EQ(why("one.pub").find("one.pub is a public key"), 0u);
  EXPECT_NE(why("lost").find("/keys/lost"), std::string::npos);
}

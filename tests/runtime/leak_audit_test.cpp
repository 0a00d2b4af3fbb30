// Goal: what was left behind is one sentence that names things without drowning the reader.
#include "runtime/leak_audit.h"

#include <gtest/gtest.h>

#include "tests/runtime/real_stage.h"

using namespace tharsis;
using runtime::leak_audit;
using runtime::leak_sentence;

TEST(LeakAudit, NamesThingsAndCountsEqualOnes) {
  EXPECT_EQ(leak_sentence({}, "timer open", "timers open"), "");
  EXPECT_EQ(leak_sentence({"a"}, "timer open", "timers open"), "left 1 timer open when it was destroyed: a");
  EXPECT_EQ(leak_sentence({"b", "a", "b"}, "timer open", "timers open"),
            "left 3 timers open when it was destroyed: a, b (2 times)");
}

TEST(LeakAudit, ManyAreCountedAndSomeNamed) {
  std::vector<std::string> things;
  for (int i = 10; i < 40; ++i) things.push_back(std::to_string(i));
  EXPECT_EQ(leak_sentence(things, "file", "files"),
            "left 30 files when it was destroyed: 10, 11, 12, 13, 14, 15, 16, 17 and others");
}

TEST(LeakAudit, AStrandTellsWhatIsOpen) {
  test::real_stage stage;
  const tharsis_strand& strand = stage.open();
  std::vector<std::string> none, some;
  test::real_stage::on(strand, [&] {
    const leak_audit audit(*stage.platform.table());
    const leak_audit::others others{{}, {"stn.*"}, nullptr};
    none = audit.sentences(strand, {{}, {}, nullptr});
    const tharsis_address on = test::address_of("127.0.0.1");
    tharsis_handle id = 0;
    const auto ignore = [](void*, tharsis_handle, uint32_t, tharsis_status) {};
    ASSERT_EQ(strand.net->listen(strand.net->self, &on, ignore, nullptr, &id, nullptr), THARSIS_OK);
    some = audit.sentences(strand, others);
  });
  EXPECT_TRUE(none.empty()) << none[0];
  ASSERT_EQ(some.size(), 2u);
  EXPECT_EQ(some[0].find("left 1 socket open when it was destroyed: listener on 127.0.0.1:"), 0u) << some[0];
  EXPECT_EQ(some[1], "left 1 subscription open when it was destroyed: stn.*");
  test::real_stage::close(strand);
}

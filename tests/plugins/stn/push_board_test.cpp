// Goal: who does not take its pushes costs a bounded number of them, and of bytes, and gets the next ones once it does.
#include "plugins/stn/core/settings.h"
#include "plugins/stn/push_board.h"
#include "tests/plugins/stn/link_world.h"

using namespace tharsis;

namespace {

struct board_world : test::link_world {
  explicit board_world(uint64_t seed) : link_world(seed, "tcp") {
    client.on_strand([&] { board.emplace(*client.place, host.tables(), names); });
    client.on_strand([&] {
      tharsis_stn_push_filter f{sizeof f, 0, UINT32_MAX, 0, {}, on_push, this};
      ASSERT_EQ(board->subscribe(&f, nullptr, nullptr), THARSIS_OK);
    });
    world.run_for(10ms);
  }
  ~board_world() {
    client.on_strand([&] { board->close(); });
    world.run_for(10ms);
    client.on_strand([&] { board.reset(); });
  }
  // All in one turn, so that none is taken in between.
  size_t send(size_t count, size_t size) {
    const size_t before = taken;
    client.on_strand([&] {
      for (size_t i = 0; i < count; ++i) board->on_push("main", {7, std::vector<uint8_t>(size)});
    });
    world.run_for(10ms);
    return taken - before;
  }
  static void on_push(void* self, tharsis_text, uint32_t, tharsis_bytes) { ++static_cast<board_world*>(self)->taken; }

  stn::link_names names;
  std::optional<stn::push_board> board;
  size_t taken = 0;
};

TEST(PushBoard, WhoTakesNothingGetsSoManyAndNoMore) {
  board_world w(1);
  EXPECT_EQ(w.send(stn::pushes_waiting_max + 100, 10), static_cast<size_t>(stn::pushes_waiting_max));
  EXPECT_EQ(w.send(3, 10), 3u);
}

TEST(PushBoard, NorMoreBytesThanTheLimit) {
  board_world w(2);
  constexpr size_t mebibyte = 1 << 20;
  EXPECT_EQ(w.send(100, mebibyte), stn::push_bytes_waiting_max / mebibyte);
  EXPECT_EQ(w.send(3, mebibyte), 3u);
}

TEST(PushBoard, ButOneThatIsLargerStillComes) {
  board_world w(3);
  EXPECT_EQ(w.send(2, stn::push_bytes_waiting_max + 1), 1u);
  EXPECT_EQ(w.send(1, 10), 1u);
}

}  // namespace

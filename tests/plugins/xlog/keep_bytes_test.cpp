// Goal: however fast lines come, all files together stay within keep_bytes, but for a block. Method: a ring full of lines that
// cannot be compressed, written in turns as the writer takes them, with a look at the limits where a file is full.
#include <gtest/gtest.h>

#include "plugins/xlog/drain.h"
#include "plugins/xlog/keeper.h"
#include "sdk/sim/disk.h"
#include "sdk/sim/files.h"
#include "tests/plugins/xlog/heap_rings.h"
#include "tests/plugins/xlog/sealing.h"

using namespace tharsis;
using namespace tharsis::xlog;

// A limit that comes while the log is written: the drain lets its caller look between two files from then on.
TEST(XlogKeepBytes, ALimitThatComesLaterHoldsFromTheNextTurnOn) {
  constexpr int64_t today = 20'000 * day_length + day_length / 2;
  constexpr clock_anchor wall_clock{0, 0, 1e9};
  const auto disk = std::make_shared<sim::disk>();
  sim::files files(disk);
  seeded_random random(1);
  const tharsis_random random_table = random;
  heap_rings rings({3, 1 << 20, 64 << 10});
  settings s;
  s.directory = "/log";
  s.file_size = 16 << 10;
  drain out({files.table(), &random_table, nullptr}, s, {}, rings.info.id, *rings.rings, *rings.sites, wall_clock);
  ASSERT_EQ(out.open(today).failure.text, "");
  const uint32_t site = rings.site_of("speaker");
  uint64_t tick = static_cast<uint64_t>(today);
  const auto fill = [&] {
    while (rings.write(site, tick += 1000, text_argument(to_hex(random.data(200))))) {
    }
  };
  fill();
  EXPECT_FALSE(out.run(today, wall_clock, true).file_over);
  retention keep;
  keep.keep_bytes = 64 << 10;
  out.set_keep(keep);
  fill();
  EXPECT_TRUE(out.run(today, wall_clock, true).file_over);
  out.set_keep({});
  EXPECT_FALSE(out.run(today, wall_clock, true).file_over);
}

TEST(XlogKeepBytes, AreKeptWithinOneFastTurn) {
  constexpr int64_t today = 20'000 * day_length + day_length / 2;
  constexpr clock_anchor wall_clock{0, 0, 1e9};
  const auto disk = std::make_shared<sim::disk>();
  int64_t wall = today;
  sim::files files(disk, [&wall] { return ++wall; });
  seeded_random random(1);
  const tharsis_random random_table = random;
  heap_rings rings({3, 1 << 20, 64 << 10});
  settings s;
  s.directory = "/log";
  s.keep.keep_bytes = 64 << 10;
  drain out({files.table(), &random_table, nullptr}, s, {}, rings.info.id, *rings.rings, *rings.sites, wall_clock);
  ASSERT_EQ(out.open(wall).failure.text, "");
  const keeper limits(files.table(), s);
  const uint32_t site = rings.site_of("speaker");
  uint64_t tick = static_cast<uint64_t>(today), said = 0, written = 0, turns = 0;
  for (int fill = 0; fill < 3; ++fill) {
    while (rings.write(site, tick += 1000, text_argument(to_hex(random.data(200))))) ++said;
    for (bool more = true; more; ++turns) {
      const drain::outcome o = out.run(wall, wall_clock, true);
      EXPECT_EQ(o.failure.text, "");
      written += o.lines;
      more = o.file_over;
      EXPECT_LE(disk->used(), s.keep.keep_bytes + s.whole_file() / 4);
      limits.look(wall);
    }
  }
  EXPECT_EQ(written, said);
  EXPECT_GT(turns, 40u) << "it was one turn: nothing was tested";
}

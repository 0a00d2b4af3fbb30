// Goal: what a dead process left in its rings is recovered once, with the same times, although somebody compacted its files
// before. Method: a process writes, each operation of the disk in turn is its last one; its files are compacted, or not; then
// the next process comes, and finds the same.
#include <gtest/gtest.h>

#include <algorithm>

#include "plugins/xlog/collect_dead.h"
#include "plugins/xlog/compact_file.h"
#include "tests/plugins/xlog/log_reader.h"
#include "plugins/xlog/drain.h"
#include "sdk/sim/disk.h"
#include "sdk/sim/files.h"
#include "tests/plugins/xlog/failing_files.h"
#include "tests/plugins/xlog/heap_rings.h"
#include "tests/plugins/xlog/sealing.h"
#include "tests/plugins/xlog/simulated_segments.h"
#include "tests/sdk/sim/seeds.h"

using namespace tharsis;
using namespace tharsis::xlog;
using list = std::vector<std::string>;

namespace {

constexpr int64_t today = 20'000 * day_length;
constexpr int turns = 150;

struct world_of_one_disk {
  std::shared_ptr<sim::disk> disk = std::make_shared<sim::disk>();
  simulated_disk segments;
  int64_t wall = today;
  uint32_t lives = 0;
  uint64_t compacted = 0;

  // A clock that drifts: lines are told by the one of their block.
  clock_anchor clock() const { return {static_cast<uint64_t>(wall - today) * 2, wall, 2e9 + static_cast<double>((wall - today) % 977)}; }

  void compact_all() {
    sim::files files{disk, [this] { return wall; }};
    seeded_random random(9);
    const tharsis_random table = random;
    for (const std::string& path : disk->paths()) {
      if (!path.ends_with(".tlog")) continue;
      file_compaction one(files.table(), table, path, {});
      while (!one.step()) {}
      compacted += one.outcome().is == compaction_outcome::kind::done ? 1 : 0;
    }
  }
};

struct process {
  process(world_of_one_disk& w, uint64_t last_operation) : world(w) {
    failing.first = last_operation;
    failing.count = failing_files::never;
    failing.status = THARSIS_E_IO;
    s.directory = "/log";
    s.file_size = 24 << 10;
    out.emplace(drain::host_tables{&failing.table, &random_table, nullptr}, s, std::vector<public_key>(), rings.info.id, *rings.rings,
                *rings.sites, world.clock());
    out->open(world.wall);
  }
  void take_what_is_left() {
    const auto keep = [this](const recovered_payload& left, const unique_id& segment, const clock_anchor& anchor, const will_write& will) {
      return out->keep_recovered(left, segment, anchor, world.wall, will).failure;
    };
    EXPECT_EQ(collect_dead(world.segments, &failing.table, "/log", keep).complaints, list());
  }
  void turn(int number) {
    const std::string text = "line " + std::to_string(number) + (number % 3 == 0 ? " of three" : "");
    EXPECT_TRUE(rings.write(rings.site_of("speaker"), static_cast<uint64_t>(world.wall - today) * 2, text_argument(text)));
    world.wall += 1'000'000'007;
    out->run(world.wall, world.clock(), true);
  }

  world_of_one_disk& world;
  uint8_t id = static_cast<uint8_t>(world.segments.pid = ++world.lives);
  sim::files files{world.disk, [this] { return world.wall; }};
  failing_files failing{files.table()};
  seeded_random random{id};
  tharsis_random random_table = random;
  heap_rings rings{{3, 64 << 10, 64 << 10}, world.segments, id};
  settings s;
  std::optional<drain> out;
};

// All lines in all files, with their times, in the order of the files.
list lines_in(sim::disk& disk) {
  list all;
  for (const std::string& path : disk.paths()) {
    if (!path.ends_with(".tlog")) continue;
    log_reader lines;
    lines.on_bytes(disk.content(path).value_or(""));
    lines.on_end();
    while (const auto i = lines.take())
      if (i->damage.empty() && i->value.plugin == "speaker") all.push_back(std::to_string(i->value.wall) + " " + i->value.text);
  }
  return all;
}

struct story {
  list lines;
  uint64_t compacted = 0, operations = 0;
};
story tell(uint64_t last_operation, bool compacts) {
  world_of_one_disk world;
  story s;
  {
    process first(world, last_operation);
    for (int i = 0; i < turns; ++i) first.turn(i);
    if (compacts) world.compact_all();  // What is closed already, while its writer lives.
    s.operations = first.failing.operations;
  }
  if (compacts) world.compact_all();
  process next(world, failing_files::never);
  next.take_what_is_left();
  next.out->finish();
  s.lines = lines_in(*world.disk);
  s.compacted = world.compacted;
  return s;
}

}  // namespace

TEST(XlogCompactRecovery, WhatTheDeadLeftIsFoundOnceAllTheSame) {
  THARSIS_ONE_THREAD();
  uint64_t compacted = 0;
  for (uint64_t last = 0, all = 1; last < all; last += 5) {
    const story plain = tell(last, false), other = tell(last, true);
    all = plain.operations;
    compacted += other.compacted;
    EXPECT_EQ(plain.lines.size(), size_t{turns});
    EXPECT_EQ(other.lines, plain.lines) << "died at operation " << last << " of " << all;
    if (HasFailure()) return;
  }
  EXPECT_GT(compacted, 20u) << "nothing was compacted: nothing was tested";
}

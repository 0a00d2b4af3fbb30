// Goal: whoever is killed at any step of beginning, ending and moving files loses and doubles no line. Method: a process writes over
// many parts of a day into a folder for young files, from where they move to another file system; each operation of the disk in
// turn is its last one, and then the next process comes.
#include <gtest/gtest.h>

#include <algorithm>

#include "plugins/xlog/collect_dead.h"
#include "plugins/xlog/drain.h"
#include "plugins/xlog/keeper.h"
#include "sdk/sim/disk.h"
#include "sdk/sim/files.h"
#include "tests/plugins/xlog/failing_files.h"
#include "tests/plugins/xlog/heap_rings.h"
#include "tests/plugins/xlog/log_reader.h"
#include "tests/plugins/xlog/sealing.h"
#include "tests/plugins/xlog/simulated_segments.h"
#include "tests/sdk/sim/seeds.h"

using namespace tharsis;
using namespace tharsis::xlog;
using list = std::vector<std::string>;

namespace {

constexpr int64_t today = 20'000 * day_length;
constexpr int64_t minute = 60'000'000'000;
constexpr clock_anchor wall_clock{0, 0, 1e9};

struct world_of_one_disk {
  std::shared_ptr<sim::disk> disk = std::make_shared<sim::disk>();
  simulated_disk segments;
  int64_t wall = today;
  uint32_t lives = 0;
};

// One process. Its files are closed and its locks given up when it ends, however it does.
struct process {
  process(world_of_one_disk& w, uint64_t last_operation) : world(w) {
    failing.first = last_operation;
    failing.count = failing_files::never;
    failing.status = THARSIS_E_IO;
    s.directory = "/log";
    s.cache_directory = "/young";
    s.file_size = 4096;
    s.rotate_every = 1h;
    out.emplace(drain::host_tables{&failing.table, &random_table, nullptr}, s, std::vector<public_key>(), rings.info.id, *rings.rings,
                *rings.sites, wall_clock);
    out->open(world.wall);
  }
  void take_what_is_left() {
    const auto keep = [this](const recovered_payload& left, const unique_id& segment, const clock_anchor& anchor, const will_write& will) {
      return out->keep_recovered(left, segment, anchor, world.wall, will).failure;
    };
    const collection found = collect_dead(world.segments, &failing.table, "/log", keep, {}, frame_header::payload_max / 2, "/young");
    EXPECT_EQ(found.complaints, list());
  }
  void say(list& said) {
    const std::string text = std::to_string(said.size()) + " " + to_hex(random.data(300));
    EXPECT_TRUE(rings.write(rings.site_of("speaker"), static_cast<uint64_t>(world.wall), text_argument(text)));
    said.push_back(text);
  }
  void turn() {
    out->run(world.wall, wall_clock, true);
    keeper(&failing.table, s).look(world.wall);
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

list texts_in_files(sim::disk& disk) {
  list all;
  for (const std::string& path : disk.paths()) {
    if (!path.ends_with(".tlog")) continue;
    log_reader lines;
    lines.on_bytes(disk.content(path).value_or(""));
    lines.on_end();
    while (const auto i = lines.take())
      if (i->damage.empty() && i->value.plugin == "speaker") all.push_back(i->value.text);
  }
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace

TEST(XlogRotation, WhoeverIsKilledAtAnyStepLosesAndDoublesNothing) {
  THARSIS_ONE_THREAD();
  for (const std::string mount : {"", "/young"}) {
    uint64_t moved_at_death = 0;
    for (uint64_t last = 0, all = 1; last < all; ++last) {
      world_of_one_disk world;
      world.disk->mount = mount;
      list said;
      {
        process first(world, last);
        for (int turn = 0; turn < 6; ++turn, world.wall += 25 * minute) {
          for (int n = 0; n < 3; ++n) first.say(said);
          first.turn();
        }
        all = first.failing.operations;
      }
      moved_at_death += world.disk->list("/log") && !world.disk->list("/log")->empty() ? 1 : 0;
      process next(world, failing_files::never);
      next.take_what_is_left();
      next.turn();
      next.out->finish();
      std::sort(said.begin(), said.end());
      EXPECT_EQ(texts_in_files(*world.disk), said) << "killed at operation " << last << " of " << all << (mount.empty() ? "" : ", between file systems");
      if (HasFailure()) return;
    }
    EXPECT_GT(moved_at_death, 20u) << "nothing was moved: nothing was tested";
  }
}

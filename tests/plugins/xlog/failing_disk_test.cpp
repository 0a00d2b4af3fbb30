// Goal: whichever operation of the disk fails, each line is in the files once and in order, and what is said to be kept is on
// the disk. Method: the same turns again and again, with one operation more that works before some fail.
#include <gtest/gtest.h>

#include "plugins/xlog/drain.h"
#include "sdk/sim/disk.h"
#include "sdk/sim/files.h"
#include "tests/plugins/xlog/failing_files.h"
#include "tests/plugins/xlog/heap_rings.h"
#include "tests/plugins/xlog/log_reader.h"
#include "tests/plugins/xlog/sealing.h"
#include "tests/sdk/sim/seeds.h"

using namespace tharsis;
using namespace tharsis::xlog;
using list = std::vector<std::string>;

namespace {

constexpr int64_t today = 20'000 * day_length + day_length / 2;
constexpr clock_anchor wall_clock{0, 0, 1e9};

// One drain on a disk of its own, and what was said to it.
struct life {
  life() {
    s.directory = "/log";
    s.file_size = 4096;
    s.power_loss = 1s;
    site = rings.site_of("speaker");
    out.emplace(drain::host_tables{&failing.table, &random_table, nullptr}, s, std::vector<public_key>(), rings.info.id, *rings.rings,
                *rings.sites, wall_clock);
    EXPECT_EQ(out->open(today).failure.text, "");
    failing.operations = 0;
  }

  // Five files' worth of turns. Each is tried until it works.
  void live() {
    for (int turn = 0; turn < 20; ++turn) {
      for (int n = 0; n < 4; ++n) {
        said.push_back(std::to_string(said.size()) + " " + to_hex(random.data(100)));
        EXPECT_TRUE(rings.write(site, tick += 1'000'000, text_argument(said.back())));
      }
      drain::outcome o = out->run(today, wall_clock, true);
      for (int tries = 0; o.failure.status != THARSIS_OK && tries < 10; ++tries) {
        ++failures;
        EXPECT_FALSE(o.kept);
        o = out->run(today, wall_clock, true);
      }
      EXPECT_EQ(o.failure.text, "");
      EXPECT_TRUE(o.kept);
      EXPECT_TRUE(rings.rings->wait_kept(rings.rings->heads(), 0ns));
      kept_on_disk();
    }
  }
  // What a loss of power would leave of the last file is all of it.
  void kept_on_disk() {
    const auto file = disk->find(out->run(today, wall_clock, false).file);
    ASSERT_TRUE(file);
    EXPECT_TRUE((*file)->named);
    EXPECT_EQ((*file)->synced, (*file)->bytes.size());
  }
  list texts() {
    list all;
    std::vector<file_name> names;
    for (const std::string& path : disk->paths())
      if (const auto name = parse_file_name(path.substr(path.rfind('/') + 1))) names.push_back(*name);
    std::sort(names.begin(), names.end());
    for (const file_name& name : names) {
      log_reader lines;
      lines.on_bytes(disk->content("/log/" + name_text(name)).value_or(""));
      lines.on_end();
      while (const auto i = lines.take()) {
        EXPECT_EQ(i->damage, "");
        if (i->value.plugin == "speaker") all.push_back(i->value.text);
        else EXPECT_EQ(i->value.text.find("somebody"), std::string::npos) << i->value.text;
      }
    }
    return all;
  }

  std::shared_ptr<sim::disk> disk = std::make_shared<sim::disk>();
  sim::files files{disk};
  failing_files failing{files.table()};
  seeded_random random{1};
  tharsis_random random_table = random;
  heap_rings rings;
  settings s;
  std::optional<drain> out;
  uint32_t site = 0;
  uint64_t tick = static_cast<uint64_t>(today);
  list said;
  uint64_t failures = 0;
};

}  // namespace

TEST(XlogFailingDisk, AFailureAtAnyOperationLosesAndDoublesNothing) {
  THARSIS_ONE_THREAD();
  for (const tharsis_status status : {THARSIS_E_FULL, THARSIS_E_DENIED, THARSIS_E_IO})
    for (const uint64_t count : {1u, 4u}) {
      uint64_t told = 0;
      for (uint64_t first = 0, all = 1; first < all; ++first) {
        life l;
        l.failing.first = first;
        l.failing.count = count;
        l.failing.status = status;
        l.live();
        EXPECT_EQ(l.texts(), l.said) << "from operation " << first << " on " << count << " fail with " << status;
        if (HasFailure()) return;
        all = l.failing.operations;
        told += l.failures > 0 ? 1 : 0;
      }
      EXPECT_GT(told, 20u) << "nothing failed: nothing was tested";
    }
}

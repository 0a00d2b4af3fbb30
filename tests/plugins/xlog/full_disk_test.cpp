// Goal: while the disk is full and nothing may go, warnings find room that other lines do not, and when there is room again the
// file says how many of which level are missing, and from when to when.
#include <gtest/gtest.h>

#include "plugins/xlog/drain.h"
#include "sdk/sim/disk.h"
#include "sdk/sim/files.h"
#include "tests/plugins/xlog/heap_rings.h"
#include "tests/plugins/xlog/log_reader.h"
#include "tests/plugins/xlog/sealing.h"

using namespace tharsis;
using namespace tharsis::xlog;
using list = std::vector<std::string>;

namespace {

constexpr int64_t today = 20'000 * day_length + day_length / 2;
constexpr int64_t minute = 60'000'000'000;
constexpr clock_anchor wall_clock{0, 0, 1e9};

struct XlogFullDisk : testing::Test {
  XlogFullDisk() {
    s.directory = "/log";
    info = rings.site_of("speaker");
    warning = rings.sites->number_of({THARSIS_LOG_WARNING, 2, "speaker", {}, "f.cpp", "{}", "s"});
    out.emplace(drain::host_tables{files.table(), &random_table, nullptr}, s, std::vector<public_key>(), rings.info.id, *rings.rings,
                *rings.sites, wall_clock);
    EXPECT_EQ(out->open(today).failure.text, "");
  }
  bool say(uint32_t site) { return rings.write(site, tick += 1'000'000, text_argument(std::string(1000, 'x'))); }
  int say_until_refused(uint32_t site) {
    int said = 0;
    while (say(site)) ++said;
    return said;
  }
  struct content {
    int infos = 0, warnings = 0;
    list own;
  };
  content written() {
    content all;
    for (const std::string& path : disk->paths()) {
      log_reader lines;
      lines.on_bytes(disk->content(path).value_or(""));
      lines.on_end();
      while (const auto i = lines.take()) {
        EXPECT_EQ(i->damage, "");
        if (i->value.plugin == "xlog") all.own.push_back(i->value.text);
        else ++(i->value.level == THARSIS_LOG_INFO ? all.infos : all.warnings);
      }
    }
    return all;
  }

  std::shared_ptr<sim::disk> disk = std::make_shared<sim::disk>();
  sim::files files{disk};
  seeded_random random{1};
  tharsis_random random_table = random;
  heap_rings rings;
  settings s;
  std::optional<drain> out;
  uint32_t info = 0, warning = 0;
  uint64_t tick = static_cast<uint64_t>(today);
};

}  // namespace

TEST_F(XlogFullDisk, HalfOfARingIsForWarnings) {
  disk->capacity = 0;
  say(info);
  EXPECT_EQ(out->run(today, wall_clock, true).failure.status, THARSIS_E_FULL);
  rings.rings->set_scarce(true);
  const int infos = 1 + say_until_refused(info);
  EXPECT_GE(infos, 30);
  EXPECT_LE(infos, 48) << "of 64 KiB half, and what was promised in one piece before";
  const int warnings = say_until_refused(warning);
  EXPECT_GE(warnings, 12);
  EXPECT_FALSE(say(info));
  EXPECT_EQ(out->run(today + minute, wall_clock, true).failure.status, THARSIS_E_FULL);

  disk->capacity.reset();
  rings.rings->set_scarce(false);
  const drain::outcome o = out->run(today + 2 * minute, wall_clock, true);
  EXPECT_EQ(o.failure.text, "");
  EXPECT_EQ(o.dropped, 3u);
  const content all = written();
  EXPECT_EQ(all.infos, infos);
  EXPECT_EQ(all.warnings, warnings);
  EXPECT_EQ(all.own, list{"3 lines are lost before this: the rings were full (2 info of speaker, 1 warning of speaker), between " + moment_text(today) +
                          " and " + moment_text(today + 2 * minute) + "; the disk was full"});
  EXPECT_GE(say_until_refused(info), 60) << "all of the ring is for everybody again";
}

TEST_F(XlogFullDisk, WhatIsLostLaterHasTimesOfItsOwn) {
  say_until_refused(info);
  out->run(today + minute, wall_clock, true);
  EXPECT_EQ(out->run(today + 5 * minute, wall_clock, true).dropped, 0u);
  say_until_refused(info);
  out->run(today + 6 * minute, wall_clock, true);
  const list own = written().own;
  ASSERT_EQ(own.size(), 2u);
  EXPECT_TRUE(own[0].ends_with("between " + moment_text(today) + " and " + moment_text(today + minute))) << own[0];
  EXPECT_TRUE(own[1].ends_with("between " + moment_text(today + 5 * minute) + " and " + moment_text(today + 6 * minute))) << own[1];
}

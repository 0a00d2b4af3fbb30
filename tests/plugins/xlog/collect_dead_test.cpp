// Goal: what the dead left is in files once, whatever happens to those who collect it, and nothing of it is deleted
// before. Method: segments and files on simulated disks; whoever collects fails, or dies, between any two steps.
#include "plugins/xlog/collect_dead.h"

#include <gtest/gtest.h>

#include "plugins/xlog/drain.h"
#include "sdk/sim/disk.h"
#include "sdk/sim/files.h"
#include "tests/plugins/xlog/heap_rings.h"
#include "tests/plugins/xlog/log_reader.h"
#include "tests/plugins/xlog/sealing.h"
#include "tests/plugins/xlog/simulated_segments.h"

using namespace tharsis;
using namespace tharsis::xlog;
using list = std::vector<std::string>;

namespace {

constexpr int64_t today = 20'000 * day_length + day_length / 2;
constexpr clock_anchor wall_clock{0, 0, 1e9};
constexpr size_t one_ring_each = 1;
const std::string ghost = "/log/test.1-1.ring";

struct XlogCollectDead : testing::Test {
  // A process of its own: rings, and files that it writes.
  struct life {
    life(XlogCollectDead& t, uint8_t id) : rings({3, 64 << 10, 64 << 10}, t.store, id) {
      s.directory = "/log";
      out.emplace(drain::host_tables{t.files.table(), &t.random_table, nullptr}, s, std::vector<public_key>(), rings.info.id,
                  *rings.rings, *rings.sites, wall_clock);
      EXPECT_EQ(out->open(today).failure.text, "");
    }
    collection collects(XlogCollectDead& t) {
      const auto keep = [this](const recovered_payload& left, const unique_id& segment, const clock_anchor& anchor, const will_write& will) {
        return out->keep_recovered(left, segment, anchor, today, will).failure;
      };
      return collect_dead(t.store, t.files.table(), "/log", keep);
    }
    bool say(const std::string& text, int64_t tick = today) {
      return rings.write(rings.site_of("speaker"), static_cast<uint64_t>(tick), text_argument(text));
    }

    settings s;
    heap_rings rings;
    std::optional<drain> out;
  };
  std::unique_ptr<life> born() {
    store.pid = ++lives;
    return std::make_unique<life>(*this, static_cast<uint8_t>(lives));
  }

  list texts() {
    list all;
    for (const std::string& path : disk->paths()) {
      log_reader lines;
      lines.on_bytes(disk->content(path).value_or(""));
      lines.on_end();
      while (const auto i = lines.take()) all.push_back(i->damage.empty() ? i->value.text : i->damage);
    }
    std::sort(all.begin(), all.end());
    return all;
  }

  std::shared_ptr<sim::disk> disk = std::make_shared<sim::disk>();
  sim::files files{disk};
  seeded_random random{1};
  tharsis_random random_table = random;
  simulated_disk store;
  uint32_t lives = 0;
};

}  // namespace

TEST_F(XlogCollectDead, WhatIsInNoFileIsKeptAndTheSegmentGoes) {
  auto first = born();
  first->say("written");
  first->out->run(today, wall_clock, true);
  first->say("last words");
  EXPECT_EQ(born()->collects(*this).kept, 0u) << "whoever lives is left alone";
  first.reset();
  auto second = born();
  const collection found = second->collects(*this);
  EXPECT_EQ(found.kept, 1u);
  EXPECT_EQ(found.complaints, list());
  EXPECT_EQ(texts(), (list{"last words", "written"}));
  EXPECT_EQ(born()->collects(*this).kept, 0u);
}

TEST_F(XlogCollectDead, WhoDiesBeforeTheSegmentIsGoneDoublesNothing) {
  auto first = born();
  first->say("one");
  first->out->run(today, wall_clock, true);
  first->say("two");
  first.reset();
  store.read_only = true;  // As if killed in front of it.
  for (int deaths = 0; deaths < 3; ++deaths) {
    auto next = born();
    const collection found = next->collects(*this);
    EXPECT_EQ(found.kept, deaths == 0 ? 1u : 0u);
    ASSERT_FALSE(found.complaints.empty()) << "a segment that cannot be deleted is told";
    EXPECT_NE(found.complaints[0].find("cannot delete '" + ghost + "'"), std::string::npos) << found.complaints[0];
    next->say("of life " + std::to_string(deaths), today + deaths);
    next->out->run(today, wall_clock, true);
  }
  EXPECT_EQ(texts(), (list{"of life 0", "of life 1", "of life 2", "one", "two"}));
}

TEST_F(XlogCollectDead, ADiskThatIsFullBetweenTwoPiecesDoublesNothing) {
  auto first = born();
  first->say("one");
  first->rings.write_shared(first->rings.site_of("speaker"), 1, text_argument("two"));
  first.reset();
  auto second = born();
  const auto fills_up = [&](const recovered_payload& left, const unique_id& segment, const clock_anchor& anchor, const will_write&) {
    const error failure = second->out->keep_recovered(left, segment, anchor, today).failure;
    disk->capacity = 0;
    return failure;
  };
  const collection half = collect_dead(store, files.table(), "/log", fills_up, {}, one_ring_each);
  EXPECT_EQ(half.kept, 0u);
  ASSERT_EQ(half.complaints.size(), 1u);
  EXPECT_NE(half.complaints[0].find("what is in '" + ghost + "' stays there"), std::string::npos) << half.complaints[0];
  EXPECT_EQ(texts().size(), 1u);
  second.reset();
  disk->capacity.reset();
  EXPECT_EQ(born()->collects(*this).kept, 1u);
  EXPECT_EQ(texts(), (list{"one", "two"}));
}

TEST_F(XlogCollectDead, ARingThatContradictsItselfIsSetAsideAndTheOthersAreKept) {
  auto first = born();
  first->say("sound");
  first->rings.write_shared(first->rings.site_of("speaker"), 1, text_argument("lost"));
  first.reset();
  store.front(ghost).control(0).head ^= uint64_t{1} << 40;
  const collection found = born()->collects(*this);
  EXPECT_EQ(found.kept, 1u);
  ASSERT_EQ(found.complaints.size(), 1u);
  EXPECT_NE(found.complaints[0].find("ring 0 of '" + ghost + "'"), std::string::npos) << found.complaints[0];
  EXPECT_EQ(texts(), list{"sound"});
  EXPECT_FALSE(store.exists(ghost));
  EXPECT_EQ(store.front(ghost + ".bad").control(0).tail, 0u) << "somebody may look at it";
  EXPECT_EQ(born()->collects(*this).complaints, list()) << "it is told once";
}

TEST_F(XlogCollectDead, AFileThatIsNoSegmentIsToldAndLeftAlone) {
  born()->say("lost");
  store.front(ghost).superblock().magic[0] = 'M';
  for (int start = 0; start < 2; ++start) {
    const collection found = born()->collects(*this);
    ASSERT_EQ(found.complaints.size(), 1u);
    EXPECT_NE(found.complaints[0].find("'" + ghost + "'"), std::string::npos) << found.complaints[0];
    EXPECT_TRUE(store.exists(ghost));
  }
}

TEST_F(XlogCollectDead, WhatTheDiskDoesNotGiveIsNeverDeleted) {
  auto first = born();
  first->say("hidden");
  first.reset();
  store.broken = store.read_only = true;
  const collection found = born()->collects(*this);
  EXPECT_EQ(found.kept, 0u);
  ASSERT_EQ(found.complaints.size(), 1u);
  EXPECT_NE(found.complaints[0].find("cannot be set aside: cannot rename '" + ghost + "'"), std::string::npos) << found.complaints[0];
  store.broken = store.read_only = false;
  EXPECT_EQ(born()->collects(*this).kept, 1u) << "nothing of it was lost";
  EXPECT_EQ(texts(), list{"hidden"});
}

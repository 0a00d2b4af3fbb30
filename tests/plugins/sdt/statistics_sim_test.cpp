#include "plugins/sdt/statistics_book.h"

#include <gtest/gtest.h>

#include "sdk/async/file_reader.h"
#include "sdk/pure/views.h"
#include "sdk/sim/world.h"
#include "tests/plugins/host_on_strand.h"

using namespace tharsis;
using namespace tharsis::sdt;

namespace {

constexpr auto path = "/data/sdt/statistics";

// sdt's book on a strand of its own; the test plays stn and the service.
struct desk {
  explicit desk(sim::machine& m) : box(m.platform(), "sdt"), book(std::in_place, box.tables(), *box.place, path), endings(std::in_place, *box.place) {
    box.send([this] { EXPECT_EQ(book->open(nullptr), THARSIS_OK); });
  }
  void link(uint32_t state, tharsis_status status) {
    box.send([this, state, status] {
      const tharsis_stn_link l{text_of("main"), state, status, text_of("tcps://im.test:443"), {}, {}, 1, 0, 0, 0, 0, {}};
      box.deliver(THARSIS_STN_LINK_TOPIC, &l);
    });
  }
  void task_end(tharsis_status status, duration took) {
    box.send([this, status, took] {
      tharsis_stn_task_event e{};
      e.link = text_of("main"), e.status = status, e.took = took.count();
      box.deliver(THARSIS_STN_TASK_TOPIC, &e);
    });
  }
  void report(const char* code, tharsis_status status = THARSIS_OK) {
    box.send([this, code, status] {
      tharsis_sdt_report r{};
      r.target = text_of("tcps://im.test:443"), r.code = text_of(code), r.status = status;
      box.deliver(THARSIS_SDT_REPORT_TOPIC, &r);
    });
  }
  void close() {
    box.send([this] { endings->spawn(book->close(later(box.place->now(), 2s))); });
  }

  tharsis::test::host_on_strand box;
  std::optional<statistics_book> book;
  std::optional<task_set> endings;
};

std::string file_of(sim::machine& m) {
  const auto text = read_whole(m.platform()->files, path, 1 << 20, "statistics");
  return text ? *text : "";
}

}  // namespace

TEST(StatisticsSim, TasksLinksAndReportsAreCountedAndKeptForTheNextStart) {
  sim::world world(7);
  sim::machine& m = world.add_machine("client", {"10.0.0.1"});
  for (int start = 0; start < 2; ++start) {
    desk d(m);
    world.run_for(1s);
    d.link(THARSIS_STN_UP, THARSIS_OK);
    for (int i = 0; i < 9; ++i) d.task_end(THARSIS_OK, 40ms);
    d.task_end(THARSIS_E_TIMEOUT, 5s);
    d.task_end(THARSIS_E_CANCELLED, 5s);  // Tells nothing of the network.
    d.link(THARSIS_STN_DOWN, THARSIS_E_RESET);
    d.report("port_closed");
    d.report("inconclusive", THARSIS_E_CANCELLED);
    world.run_for(1s);
    d.close();
    world.run_for(5s);
    EXPECT_EQ(d.box.left_open(), "");
  }
  statistics all;
  ASSERT_EQ(all.read(file_of(m)).status, THARSIS_OK);
  uint64_t tries = 0;
  for (const auto& r : all.rows()) {
    tries += r.tries;
    if (r.server != "tcps://im.test:443") continue;
    EXPECT_EQ(r.tries, 20u);
    EXPECT_EQ(r.good, 18u);
    EXPECT_EQ(r.reasons.at("timeout"), 2u);
    EXPECT_EQ(r.verdicts.at("port_closed"), 2u);
    EXPECT_EQ(r.verdicts.size(), 1u);
  }
  EXPECT_EQ(tries, 24u) << "and two connections with two ends each";
}

TEST(StatisticsSim, ADamagedFileIsSetAsideAndCountingGoesOn) {
  sim::world world(8);
  sim::machine& m = world.add_machine("client", {"10.0.0.1"});
  const tharsis_files* files = m.platform()->files;
  files->make_folder(files->self, text_of("/data/sdt"), nullptr);
  const std::string damaged = "{\"schema\":\"tharsis.sdt.stat";
  ASSERT_EQ(files->replace(files->self, text_of(path), bytes_of(as_bytes(damaged)), nullptr), THARSIS_OK);
  desk d(m);
  world.run_for(1s);
  d.task_end(THARSIS_OK, 10ms);
  d.close();
  world.run_for(5s);
  statistics all;
  EXPECT_EQ(all.read(file_of(m)).status, THARSIS_OK);
  EXPECT_EQ(all.rows().size(), 1u);
  ASSERT_FALSE(d.box.lines.empty());
  EXPECT_NE(d.box.lines[0].find("what was counted on earlier days is not there"), std::string::npos) << d.box.lines[0];
}

TEST(StatisticsSim, TheFirstTryOfADaySumsUpTheOneBefore) {
  sim::world world(9);
  sim::machine& m = world.add_machine("client", {"10.0.0.1"});
  desk d(m);
  world.run_for(1s);
  for (int i = 0; i < 3; ++i) d.task_end(THARSIS_OK, 40ms);
  world.run_for(24h);
  EXPECT_TRUE(d.box.lines.empty());
  d.task_end(THARSIS_OK, 40ms);
  world.run_for(1s);
  ASSERT_EQ(d.box.lines.size(), 1u);
  EXPECT_EQ(d.box.lines[0].find("day tries=3 good=3 p50="), 0u) << d.box.lines[0];
  d.close();
  world.run_for(5s);
}

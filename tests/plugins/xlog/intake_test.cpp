// Goal: lines of finished text have the times that they were said at, and stand in order beside lines that read the
// counter themselves. Method: rings in memory, read back by hand.
#include "plugins/xlog/intake.h"

#include <gtest/gtest.h>

#include "tests/plugins/xlog/heap_rings.h"

using namespace tharsis;
using namespace tharsis::xlog;

namespace {

constexpr int64_t second = 1'000'000'000;
constexpr int64_t today = 1'795'000'000 * second;

}  // namespace

TEST(XlogIntake, ATextHasTheCountersTickOnceOthersHaveIt) {
  heap_rings made;
  const tick_clock clock({5'000, 0, today}, {5'000 + 2'000'000'000, second, today + second});
  intake in(nullptr, nullptr, nullptr, line_rules{}, {});
  const auto keep = [rings = made.rings.get()](const std::string& entry) { return rings->append_to_dictionary(as_bytes(entry)); };
  auto sites = std::make_unique<site_registry>(keep);
  in.open(std::move(made.rings), std::move(sites), &clock);
  tharsis_log_record said{};
  said.level = THARSIS_LOG_INFO;
  said.plugin = text_of("speaker");
  said.text = text_of("words");
  said.wall = today - 60 * second;  // Kept by the host since then.
  in.write(said);
  tharsis_log_ring* const ring = in.rings().ring();
  in.site("speaker", tharsis_log_site{sizeof(tharsis_log_site), THARSIS_LOG_INFO, 1, 0, "f.cpp", "text", "", ""});
  const uint64_t before = log_detail::tick(*ring);
  in.write(said);
  const uint64_t after = log_detail::tick(*ring);

  ring_cursor lines(in.rings().bytes(1), 0, in.rings().record_max());
  lines.look_up_to(in.rings().head(1));
  ring_record line;
  ASSERT_EQ(lines.next(line, 100), ring_cursor::found::record);
  EXPECT_EQ(line.tick, clock.tick_at(said.wall));
  lines.pass(line);
  ASSERT_EQ(lines.next(line, 100), ring_cursor::found::record);
  EXPECT_GE(line.tick, before);
  EXPECT_LE(line.tick, after);
}

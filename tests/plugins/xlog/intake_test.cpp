// Goal: lines of finished text have the times that they were said at, and stand in order beside lines that read the
// counter themselves. Method: rings in memory, read back by hand.
#include "plugins/xlog/intake.h"

#include <gtest/gtest.h>

#include "tests/plugins/xlog/heap_rings.h"
#include "tests/plugins/xlog/simulated_segments.h"

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

// A thread that was stopped inside a line goes on after all is over.
TEST(XlogIntake, WhatAThreadIsStillInsideIsLeftBehind) {
  const auto threads = std::make_shared<simulated_threads>();
  struct borrowed final : ring_system {
    explicit borrowed(std::shared_ptr<simulated_threads> t) : of(std::move(t)) {}
    uint64_t thread() override { return of->thread(); }
    bool is_gone(uint64_t thread) override { return of->is_gone(thread); }
    void* take_memory(size_t size) override { return of->take_memory(size); }
    void give_memory(void* memory, size_t size) override { of->give_memory(memory, size); }
    void barrier() override {}
    void wait(std::atomic<uint32_t>& word, uint32_t seen, duration most) override { of->wait(word, seen, most); }
    void wake_all(std::atomic<uint32_t>&) override {}
    instant now() override { return of->now(); }
    std::shared_ptr<simulated_threads> of;
  };
  std::weak_ptr<heap_rings> under;
  ring_set* rings = nullptr;
  tharsis_log_ring* ring = nullptr;
  {
    auto made = std::make_shared<heap_rings>(segment_geometry{3, 64 << 10, 64 << 10}, *heap_segments(), uint8_t{7}, std::make_unique<borrowed>(threads));
    under = made;
    const tick_clock clock({0, 0, today}, {second, second, today + second});
    intake in(nullptr, nullptr, nullptr, line_rules{}, {});
    rings = made->rings.get();
    in.open(std::move(made->rings), std::move(made->sites), &clock);
    ring = rings->ring();
    ASSERT_TRUE(log_detail::enter(*ring));
    in.close_rings(1ms, made);
  }
  EXPECT_FALSE(under.expired()) << "what the rings stand on";
  const std::string words(100, 'w');
  const uint64_t size = log_detail::header_size + words.size();
  if (ring->position + size <= ring->limit || rings->room(ring, size, 1)) std::memcpy(ring->bytes + ring->position, words.data(), words.size());
  rings->wake();
  log_detail::leave(*ring);
}

// Goal: what is secret by its name is nowhere, neither in the segment's dictionary nor in a ring. Method: a logger over
// a real hub and the sink's own functions, and then every byte that would be found after a death.
#include <gtest/gtest.h>

#include "plugins/xlog/intake.h"
#include "runtime/log_hub.h"
#include "tests/plugins/xlog/heap_rings.h"

using namespace tharsis;
using namespace tharsis::xlog;
using list = std::vector<std::string>;

namespace {

constexpr segment_geometry geometry{3, 64 << 10, 64 << 10};

struct XlogRedaction : testing::Test {
  XlogRedaction() {
    auto made = std::make_unique<heap_rings>(geometry);
    rings = made->rings.get();
    threads = std::move(made->threads);
    lines.open(std::move(made->rings), std::make_unique<site_registry>([this](const std::string& entry) {
                 return rings->append_to_dictionary(as_bytes(entry));
               }),
               &clock);
    sink = {sizeof sink, this,
            [](void* s, const tharsis_log_record* r) { of(s).lines.write(*r); },
            [](void*) { return uint32_t{THARSIS_LOG_DEBUG}; },
            nullptr,
            [](void* s) { return of(s).rings->ring(); },
            [](void* s, tharsis_text plugin, const tharsis_log_site* site) { return of(s).lines.site(view(plugin), *site); },
            [](void* s, tharsis_log_ring* ring, uint64_t bytes, uint32_t site) { return of(s).lines.room(ring, bytes, site) ? 1 : 0; },
            [](void* s) { of(s).rings->wake(); },
            [](void*, tharsis_text, tharsis_text) { return uint32_t{THARSIS_LOG_DEBUG}; },
            [](void* s) { of(s).rings->close(1s); },
            nullptr,
            [](void* s, tharsis_text field) { return of(s).lines.is_secret(view(field)) ? 1 : 0; }};
    table.size = sizeof table;
    table.self = this;
    table.level = reinterpret_cast<const volatile uint32_t*>(&hub.level());
    table.write = [](void* s, uint32_t level, tharsis_text text) { of(s).hub.write(level, "login", view(text)); };
    table.generation = reinterpret_cast<const volatile uint32_t*>(&hub.generation());
    table.ring = [](void* s) { return of(s).hub.ring(); };
    table.site = [](void* s, const tharsis_log_site* site) { return of(s).hub.site("login", *site); };
    table.room = [](void* s, tharsis_log_ring* r, uint64_t n, uint32_t site) { return of(s).hub.room(r, n, site); };
    table.wake = [](void* s) { of(s).hub.wake_sink(); };
    table.level_of = [](void* s, tharsis_text) { return of(s).table.level; };
    table.is_secret = [](void* s, tharsis_text field) { return of(s).hub.is_secret(view(field)) ? 1 : 0; };
  }
  static XlogRedaction& of(void* s) { return *static_cast<XlogRedaction*>(s); }

  std::string everything() const {
    std::string bytes(as_text({rings->memory().front(), segment_file::ring_offset(geometry, 0)}));
    for (uint32_t ring = 0; ring < rings->count(); ++ring)
      if (rings->is_open(ring)) bytes += as_text({rings->bytes(ring).bytes, geometry.ring_size});
    for (const std::string& line : printed) bytes += line;
    return bytes;
  }

  tick_clock clock;
  std::unique_ptr<ring_system> threads;
  intake lines{nullptr, nullptr, nullptr, {}, {"password", "pin"}};
  ring_set* rings = nullptr;
  tharsis_log_sink sink{};
  tharsis_log table{};
  list printed;
  runtime::log_hub hub{{[] { return int64_t{5}; }, [] { return uint64_t{7}; }},
                       [this](uint32_t, std::string_view, std::string_view text) { printed.emplace_back(text); }};
};

}  // namespace

TEST_F(XlogRedaction, NoByteOfASecretIsWritten) {
  const logger log(&table, "door");
  const auto say = [&] {
    log.warning("{user} opened with {user.Password}, {old_pin} and {}", "zoe", "hunter2", uint64_t{0x3274'6e75'6832}, "a key");
  };
  say();
  EXPECT_EQ(printed, list{"[door] zoe opened with (secret), " + std::to_string(uint64_t{0x3274'6e75'6832}) + " and a key"})
      << "before the sink is there the usual ones are secret";
  printed.clear();
  hub.set_sink(&sink);
  for (int i = 0; i < 3; ++i) say();
  log.info("{user} left", "zoe");
  const std::string bytes = everything();
  EXPECT_EQ(bytes.find("hunter2"), std::string::npos);
  EXPECT_EQ(bytes.find("2hunt2"), std::string::npos) << "the number's bytes";
  EXPECT_NE(bytes.find("[door] zoe opened with (secret), (secret) and a key"), std::string::npos);
  EXPECT_NE(bytes.find("{user} left"), std::string::npos) << "other lines come with their site";
  hub.set_sink(nullptr);
}

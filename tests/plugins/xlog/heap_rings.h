// What the tests of the drain share: rings in memory on one thread, and lines written to them by hand.
#pragma once
#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "plugins/xlog/core/recovery.h"
#include "plugins/xlog/heap_segment.h"
#include "plugins/xlog/ring_set.h"
#include "plugins/xlog/site_registry.h"
#include "sdk/pure/logger.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {

// A text as an argument stands in a ring.
inline std::string text_argument(std::string_view text) {
  const auto size = static_cast<uint32_t>(text.size());
  return std::string(reinterpret_cast<const char*>(&size), sizeof size) + std::string(text);
}

// Ring 1 is the only thread's, ring 0 the shared one.
struct heap_rings {
  // In `store`, where somebody else may find them after a death.
  explicit heap_rings(segment_geometry g = {3, 64 << 10, 64 << 10}, segment_store& store = *heap_segments(), uint8_t id = 7,
                      std::unique_ptr<ring_system> system = heap_threads())
      : geometry(g), threads(std::move(system)) {
    info.geometry = g;
    info.id.fill(id);
    info.instance = "test";
    info.anchor = {0, 0, 1e9};
    auto made = store.create("/log", "test", info, new_segment(info, {}));
    rings = std::make_unique<ring_set>(std::move(*made), g, false, *threads, ring_settings{{}, [this](uint32_t site) { return sites->level_of(site) >= THARSIS_LOG_WARNING; }},
                                       ring_set::callbacks{[](uint32_t) {}, {}, [this](uint32_t site) { sites->count_lost(site); }});
    sites = std::make_unique<site_registry>([this](const std::string& entry) { return rings->append_to_dictionary(as_bytes(entry)); });
  }

  uint32_t site_of(const std::string& plugin, const std::string& text = "{}", const std::string& codes = "s") {
    return sites->number_of({THARSIS_LOG_INFO, 1, plugin, {}, "f.cpp", text, codes});
  }
  // False: dropped.
  bool write(uint32_t site, uint64_t tick, const std::string& arguments) {
    return write_to(*rings->ring(), site, tick, arguments);
  }
  bool write_shared(uint32_t site, uint64_t tick, const std::string& arguments) {
    const ring_set::shared_line shared(*rings);
    const uint64_t thread = shared.thread();
    return write_to(*shared.ring(), site, tick, std::string(reinterpret_cast<const char*>(&thread), sizeof thread) + arguments);
  }
  // What would be found after a death.
  result<segment_image> image() {
    return read_segment(
        [this](uint64_t offset, std::span<uint8_t> into) {
          const uint64_t first = segment_file::ring_offset(geometry, 0);
          for (size_t i = 0; i < into.size(); ++i) {
            const uint64_t at = offset + i;
            if (at >= segment_file::size(geometry)) return false;
            const auto ring = at < first ? 0 : std::min(static_cast<uint32_t>((at - first) / geometry.ring_size), geometry.all_rings() - 1);
            if (at < first) into[i] = rings->memory().front()[at];
            else into[i] = rings->is_open(ring) ? rings->bytes(ring).bytes[at - segment_file::ring_offset(geometry, ring)] : 0;
          }
          return true;
        },
        {});
  }

  const segment_geometry geometry;
  segment_info info;
  std::unique_ptr<ring_system> threads;
  std::unique_ptr<ring_set> rings;
  std::unique_ptr<site_registry> sites;

 private:
  bool write_to(tharsis_log_ring& r, uint32_t site, uint64_t tick, const std::string& arguments) {
    const uint64_t size = (log_detail::header_size + arguments.size() + 7) / 8 * 8;
    if (r.position + size > r.limit && !rings->room(&r, size, site)) return false;
    uint8_t* const at = r.bytes + (r.position & r.mask);
    const uint64_t head = size | uint64_t{site} << 32;
    std::memcpy(at, &head, 8);
    std::memcpy(at + 8, &tick, 8);
    std::memcpy(at + 16, arguments.data(), arguments.size());
    *r.head = r.position += size;
    return true;
  }
};

}  // namespace tharsis::xlog

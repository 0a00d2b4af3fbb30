// What the tests of the rings share: a line written by hand as sdk/abi/log.h says, a drain that keeps what it reads,
// a folder of one's own, and a keystream anybody can make.
#pragma once
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include "plugins/xlog/core/recovery.h"
#include "plugins/xlog/os_segment_linux.h"
#include "plugins/xlog/ring_set.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {

// Puts the bytes of one line into the ring, without its head.
inline uint32_t place_line(tharsis_log_ring& r, uint32_t site, uint64_t tick, std::span<const uint8_t> arguments) {
  const auto size = static_cast<uint32_t>((record_header_size + arguments.size() + 7) / 8 * 8);
  uint8_t record[128] = {};  // No allocation: a signal may have come.
  std::memcpy(record, &size, 4);
  std::memcpy(record + 4, &site, 4);
  std::memcpy(record + 8, &tick, 8);
  std::copy(arguments.begin(), arguments.end(), record + record_header_size);
  const uint64_t at = r.position & r.mask;
  for (size_t i = 0; i < size; ++i) r.bytes[at + i] = record[i] ^ r.keystream[at + i];
  return size;
}

inline std::atomic_ref<uint32_t> busy(tharsis_log_ring& r) { return std::atomic_ref(const_cast<uint32_t&>(r.busy)); }

// False: dropped.
inline bool write_line(ring_set& rings, tharsis_log_ring& r, uint32_t site, uint64_t tick, std::span<const uint8_t> arguments) {
  busy(r).store(1, std::memory_order_relaxed);
  std::atomic_signal_fence(std::memory_order_seq_cst);
  const uint64_t size = (record_header_size + arguments.size() + 7) / 8 * 8;
  const bool fits = r.position + size <= r.limit || rings.room(&r, size, site);
  if (fits) {
    r.position += place_line(r, site, tick, arguments);
    std::atomic_ref(const_cast<uint64_t&>(*r.head)).store(r.position, std::memory_order_release);
  }
  const bool asleep = std::atomic_ref(const_cast<uint32_t&>(*r.asleep)).load(std::memory_order_relaxed) != 0;
  busy(r).store(0, std::memory_order_release);
  if (asleep) rings.wake();
  return fits;
}

// A line whose tick is its number too.
inline bool write_number(ring_set& rings, tharsis_log_ring& r, uint64_t number, uint32_t site = 1) {
  // Sizes change, so that lines cross the ring's end in every way.
  uint8_t arguments[64] = {};
  std::memcpy(arguments, &number, 8);
  return write_line(rings, r, site, number, std::span(arguments).first(8 + number % 7 * 8));
}

inline uint64_t number_of(const ring_record& r) {
  uint64_t number = 0;
  std::memcpy(&number, r.arguments.data(), 8);
  return number;
}

struct own_folder {
  own_folder() {
    std::string name = std::filesystem::temp_directory_path() / "tharsis_rings_XXXXXX";
    path = mkdtemp(name.data());
  }
  ~own_folder() { std::filesystem::remove_all(path); }
  std::string path;
};

// Different at every position, and the same each time.
inline bool paper_keystream(uint64_t position, std::span<uint8_t> into) {
  for (size_t i = 0; i < into.size(); i += 8) {
    const uint64_t word = (position + i + 1) * 0x9e3779b97f4a7c15;
    std::memcpy(into.data() + i, &word, 8);
  }
  return true;
}

inline segment_info info_for_test(const segment_geometry& g, bool sealed) {
  segment_info info;
  info.geometry = g;
  info.sealed = sealed;
  info.instance = "test";
  info.anchor = {0, 0, 1e9};
  return info;
}

// A segment in `folder` and the rings in it.
struct living_rings {
  explicit living_rings(const std::string& folder, segment_geometry g = {4, 64 << 10, 64 << 10}, bool sealed = false,
                        duration wait = 10s, fill_keystream fill = paper_keystream,
                        std::span<const uint8_t> wrapped = {}, spare_blocks* left = nullptr) {
    auto t = system_threads(left != nullptr ? *left : left_by_it);
    threads = std::move(*t);
    store = system_segments();
    segment_info info = info_for_test(g, sealed);
    store->sign(info);
    auto made = store->create(folder, "test", info, new_segment(info, wrapped));
    if (!made) throw std::runtime_error(made.failure().text);
    ring_settings settings;
    settings.wait = [wait](uint32_t site) { return site == hurried ? duration() : wait; };
    rings = std::make_unique<ring_set>(
        std::move(*made), g, sealed, *threads, settings,
        ring_set::callbacks{[this](uint32_t what) { news |= what, news.notify_all(); }, std::move(fill),
                            [this](uint32_t site) { ++dropped[site]; }});
  }
  spare_blocks left_by_it;  // Else a test would see what another one has left to this thread.
  std::unique_ptr<ring_system> threads;
  std::unique_ptr<segment_store> store;
  static constexpr uint32_t patient = 1, hurried = 2;  // Sites: lines of the second one never wait.
  std::atomic<uint32_t> news{0};
  std::atomic<uint64_t> dropped[3] = {};
  std::unique_ptr<ring_set> rings;
};

// Reads what stands in all rings and keeps each ring's numbers.
struct test_drain {
  explicit test_drain(ring_set& r) : rings(r), seen(r.count()), numbers(r.count()) {}

  // Answers how many lines.
  size_t read(bool commit = true) {
    size_t count = 0;
    rings.begin_draining();
    for (uint32_t i = 0; i < rings.count(); ++i) {
      if (!rings.is_open(i)) continue;
      while (cursors.size() <= i) cursors.emplace_back(ring_bytes{}, 0, 0);
      if (cursors[i].head() == 0) cursors[i] = ring_cursor(rings.bytes(i), 0, rings.record_max());
      cursors[i].look_up_to(rings.head(i));
      ring_record r;
      ring_cursor::found found{};
      for (; (found = cursors[i].next(r, 3)) == ring_cursor::found::record; cursors[i].pass(r), ++count)
        numbers[i].push_back(number_of(r));
      if (found == ring_cursor::found::damaged) damaged += cursors[i].pass_all();
      seen[i] = cursors[i].position();
      if (commit) rings.commit(i, seen[i]);
    }
    rings.end_draining();
    return count;
  }

  ring_set& rings;
  std::vector<ring_cursor> cursors;
  std::vector<uint64_t> seen;
  std::vector<std::vector<uint64_t>> numbers;
  uint64_t damaged = 0;
};

inline result<segment_image> image_of(dead_segment& s, std::span<const ring_range> done = {}) {
  return read_segment([&s](uint64_t offset, std::span<uint8_t> into) { return s.read(offset, into); }, done);
}

}  // namespace tharsis::xlog

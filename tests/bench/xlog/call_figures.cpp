// What a line costs its thread over a raw ring: the counter read, and a record of the same bytes copied. Nobody reads
// the ring, 1 MiB sealed: what is written over is gone, so that only the call is measured.
#include <benchmark/benchmark.h>

#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "sdk/pure/logger.h"
#include "tests/bench/xlog/groups.h"

namespace tharsis::bench {
namespace {

constexpr uint64_t ring_size = 1 << 20;

// A host whose ring always has room.
struct ring_host {
  ring_host() {
    table.size = sizeof table;
    table.self = this;
    table.level = &level;
    table.generation = &generation;
    table.write = [](void*, uint32_t, tharsis_text) {};
    table.ring = [](void* self) { return &of(self).ring; };
    table.site = [](void* self, const tharsis_log_site*) { return ++of(self).sites; };
    table.room = [](void*, tharsis_log_ring* r, uint64_t, uint32_t) -> int32_t {
      r->limit = r->position + ring_size;
      return 1;
    };
    table.level_of = [](void* self, tharsis_text) -> const volatile uint32_t* { return &of(self).level; };
    ring = {sizeof ring, 0, 0, ring_size, bytes.data(), keystream.data(), ring_size - 1, &head, nullptr, &asleep};
  }
  static ring_host& of(void* self) { return *static_cast<ring_host*>(self); }

  // The second half stands for the same bytes mapped again.
  std::vector<uint8_t> bytes = std::vector<uint8_t>(2 * ring_size), keystream = std::vector<uint8_t>(2 * ring_size, 0x5a);
  uint64_t head = 0;
  uint32_t asleep = 0, generation = 1, level = THARSIS_LOG_INFO, sites = 0;
  tharsis_log_ring ring{};
  tharsis_log table{};
};

// The reference.
struct raw_ring {
  std::vector<uint8_t> bytes = std::vector<uint8_t>(2 * ring_size);
  uint64_t position = 0, head = 0;

  void write(const void* record, size_t size) {
    uint8_t* const to = &bytes[position & (ring_size - 1)];
    const uint64_t header[] = {size, __builtin_ia32_rdtsc()};
    std::memcpy(to, header, sizeof header);
    std::memcpy(to + sizeof header, record, size - sizeof header);
    position += size;
    __atomic_store_n(&head, position, __ATOMIC_RELEASE);
  }
};

// A messenger's line: one of ten places, the first ones often, with a number, a time and two texts out of tables.
struct im_line {
  uint32_t place;
  uint32_t size;  // Of its record.
  int32_t task;
  int64_t bytes;
  double milliseconds;
  std::string_view host, word;
};

std::vector<im_line> im_lines() {
  static constexpr std::array<std::string_view, 8> hosts = {"long.weixin.example.com", "short.example.com", "10.77.0.2:443",
      "198.51.100.7:8080", "cdn-3.example.net", "gateway", "resolver.example.org", "[2001:db8::1]:443"};
  static constexpr std::array<std::string_view, 8> words = {"sent", "answered", "gave up", "is connected again", "was pushed",
      "waits for the network", "retries", "timed out after its last try"};
  std::vector<im_line> all(1 << 14);
  uint64_t state = 1;
  const auto below = [&state](uint64_t n) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (state >> 33) % n;
  };
  for (im_line& l : all) {
    l.place = static_cast<uint32_t>(std::min(below(10), below(10)));
    l.task = static_cast<int32_t>(below(100'000));
    l.bytes = static_cast<int64_t>(below(1 << 20));
    l.milliseconds = static_cast<double>(below(1 << 20)) / 1000;
    l.host = hosts[below(8)];
    l.word = words[below(8)];
    l.size = static_cast<uint32_t>((16 + 4 + 8 + 8 + 4 + 4 + l.host.size() + l.word.size() + 7) / 8 * 8);
  }
  return all;
}

void say(const logger& log, const im_line& l) {
  switch (l.place) {
    case 0: return log.info("task {} sent {} bytes in {} ms to {}: {}", l.task, l.bytes, l.milliseconds, l.host, l.word);
    case 1: return log.info("task {} got {} bytes in {} ms from {}: {}", l.task, l.bytes, l.milliseconds, l.host, l.word);
    case 2: return log.info("push {} of {} bytes after {} ms by {}: {}", l.task, l.bytes, l.milliseconds, l.host, l.word);
    case 3: return log.info("link {}: {} bytes, round trip {} ms, {} {}", l.task, l.bytes, l.milliseconds, l.host, l.word);
    case 4: return log.warning("task {} late: {} bytes, {} ms, {} {}", l.task, l.bytes, l.milliseconds, l.host, l.word);
    case 5: return log.info("queue {}: {} bytes, oldest {} ms, {} {}", l.task, l.bytes, l.milliseconds, l.host, l.word);
    case 6: return log.info("store {}: {} bytes in {} ms, {} {}", l.task, l.bytes, l.milliseconds, l.host, l.word);
    case 7: return log.info("name {}: {} bytes in {} ms, {} {}", l.task, l.bytes, l.milliseconds, l.host, l.word);
    case 8: return log.error("task {} failed: {} bytes, {} ms, {} {}", l.task, l.bytes, l.milliseconds, l.host, l.word);
    default: return log.info("other {}: {} bytes, {} ms, {} {}", l.task, l.bytes, l.milliseconds, l.host, l.word);
  }
}

}  // namespace

std::vector<figure> call_figures() {
  static ring_host host;  // This thread remembers its ring.
  const auto log = std::make_shared<logger>(&host.table, "bench");
  const auto raw = std::make_shared<raw_ring>();
  const auto lines = std::make_shared<std::vector<im_line>>(im_lines());
  const auto predictable = [log](size_t n) {
    for (size_t i = 0; i < n; ++i) log->info("line {} of {} at {}", i, n, 7u);
  };
  const auto raw_predictable = [raw](size_t n) {
    struct { uint64_t i, n, seven; } record{0, n, 7};
    for (size_t i = 0; i < n; ++i) {
      record.i = i;
      benchmark::DoNotOptimize(record);
      raw->write(&record, 40);
    }
  };
  const auto im = [log, lines](size_t n) {
    for (size_t i = 0; i < n; ++i) say(*log, (*lines)[i % lines->size()]);
  };
  const auto raw_im = [raw, lines](size_t n) {
    static const std::array<uint8_t, 256> record{};
    for (size_t i = 0; i < n; ++i) raw->write(record.data(), (*lines)[i % lines->size()].size);
  };
  const auto disabled = [log](size_t n) {
    for (size_t i = 0; i < n; ++i) {
      log->debug("line {} of {} at {}", i, n, 7u);
      benchmark::ClobberMemory();
    }
  };
  const auto empty = [](size_t n) {
    for (size_t i = 0; i < n; ++i) benchmark::ClobberMemory();
  };
  const sample off = nanoseconds_each(disabled), nothing = nanoseconds_each(empty);
  return {
      {"a predictable line: value", "ns", nanoseconds_each(predictable), {}, at_most(15), {}},
      {"a predictable line: over a raw ring", "ns", nanoseconds_each(predictable), nanoseconds_each(raw_predictable), at_most(1.3), {}},
      {"a messenger's line: value", "ns", nanoseconds_each(im), {}, at_most(30), {}},
      {"a messenger's line: over a raw ring", "ns", nanoseconds_each(im), nanoseconds_each(raw_im), {}, {}},
      {"a disabled line: over an empty loop", "ns", [off, nothing] { return off() - nothing(); }, {}, at_most(1), {}},
  };
}

}  // namespace tharsis::bench

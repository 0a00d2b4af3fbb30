#include "plugins/xlog/flight_ring.h"

#include "plugins/xlog/core/flight_line.h"
#include "sdk/pure/logger.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

// So many pieces, at most, the ring is given up in.
constexpr uint64_t pieces = 64;

uint64_t size_of(const row& line) {
  return (record_header_size + flight_origin_size + line.arguments.size() + 7) & ~uint64_t{7};
}

}  // namespace

uint64_t flight_ring::size() const { return rings_.bytes(number()).mask + 1; }

bool flight_ring::can_hold(const row& line) const { return size_of(line) <= size() / 2; }

bool flight_ring::record(const row& line, uint32_t from, uint64_t position, uint64_t thread) {
  const uint64_t bytes = size_of(line);
  if (!make_room(bytes)) return false;
  tharsis_log_ring& ring = *rings_.flight();
  if (marks_.empty() || ring.position - marks_.back() >= size() / pieces) marks_.push_back(ring.position);
  const uint64_t at = ring.position & ring.mask;
  log_detail::sealer out{ring.bytes + at, ring.keystream + at};
  out.put(bytes | uint64_t{line.site} << 32);
  out.put(line.tick);
  out.put(thread);
  out.put(stream_position(from, position));
  out.put(as_text(line.arguments));
  ring.position += bytes;
  __atomic_store_n(ring.head, ring.position, __ATOMIC_RELEASE);
  return true;
}

// Lines give way from mark to mark. Whoever comes after our death finds the tail moved before a byte of them is another's.
bool flight_ring::make_room(uint64_t bytes) {
  while (!rings_.flight_room(bytes)) {
    const uint64_t tail = rings_.tail(number()), head = rings_.head(number());
    if (tail < released_ || tail == head) return false;
    while (!marks_.empty() && marks_.front() <= tail) marks_.pop_front();
    rings_.commit(number(), marks_.empty() ? head : marks_.front());
  }
  return true;
}

bool flight_ring::release() {
  const uint64_t head = rings_.head(number());
  if (released_ == head || rings_.tail(number()) == head) return false;
  released_ = head;
  return true;
}

}  // namespace tharsis::xlog

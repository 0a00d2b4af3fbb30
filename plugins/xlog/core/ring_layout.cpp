#include "plugins/xlog/core/ring_layout.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "plugins/xlog/core/crc32c.h"

namespace tharsis::xlog {

namespace layout = segment_file;

uint32_t segment_file::sum_of(const superblock& s, std::span<const uint8_t> key) {
  return crc32c(key, crc32c({reinterpret_cast<const uint8_t*>(&s), offsetof(superblock, sum)}));
}

bool is_sound(const segment_geometry& g) {
  const auto is_ring = [](uint32_t size) { return std::has_single_bit(size) && size >= (64 << 10) && size <= ring_size_max; };
  return g.rings > 0 && g.all_rings() <= rings_max && is_ring(g.ring_size) && (g.flight_size == 0 || is_ring(g.flight_size)) &&
         g.dictionary_size > 0 && g.dictionary_size % (64 << 10) == 0 &&
         g.dictionary_size <= dictionary_size_max;
}

std::vector<uint8_t> new_segment(const segment_info& info, std::span<const uint8_t> wrapped) {
  std::vector<uint8_t> bytes(layout::dictionary_offset);
  layout::superblock s{};
  s.magic = layout::magic;
  s.version = layout::version;
  s.flags = info.sealed ? layout::flag_sealed : 0;
  s.rings = info.geometry.rings;
  s.ring_size = info.geometry.ring_size;
  s.dictionary_size = info.geometry.dictionary_size;
  s.flight_size = info.geometry.flight_size;
  s.pid = info.pid;
  s.start = info.start;
  s.boot = info.boot;
  s.id = info.id;
  const size_t name = std::min(info.instance.size(), s.instance.size() - 1);
  std::copy_n(info.instance.begin(), name, s.instance.begin());
  s.key_size = static_cast<uint32_t>(std::min<size_t>(wrapped.size(), wrapped_key_max));
  std::copy_n(wrapped.begin(), s.key_size, bytes.begin() + layout::key_offset);
  s.sum = layout::sum_of(s, wrapped.first(s.key_size));
  std::memcpy(bytes.data(), &s, sizeof s);
  segment_front(bytes.data()).set_anchor(info.anchor);
  return bytes;
}

void segment_front::set_anchor(const clock_anchor& a) {
  layout::superblock& s = superblock();
  const uint64_t turn = s.anchor_turn + 1;
  s.anchors[turn % 2] = {a.tick, a.wall, std::bit_cast<uint64_t>(a.ticks_per_second)};
  store(s.anchor_turn, turn);
}

void segment_front::set_intent(write_intent w) {
  w.turn = ++intent_turn_;
  w.sum = w.sum_of();
  std::memcpy(bytes_ + layout::intents_offset + w.turn % 2 * sizeof w, &w, sizeof w);
}

bool segment_front::append_to_dictionary(std::span<const uint8_t> entry) {
  layout::superblock& s = superblock();
  const uint64_t used = s.dictionary_used;
  if (entry.size() > s.dictionary_size - used) return false;
  std::copy(entry.begin(), entry.end(), bytes_ + layout::dictionary_offset + used);
  store(s.dictionary_used, used + entry.size());
  return true;
}

bool segment_front::add_owner(uint32_t ring, uint64_t thread) {
  layout::control& c = control(ring);
  const uint64_t head = load(c.head), count = load(c.owners);
  const auto entry = [&](uint64_t number) -> ring_owner& { return c.owner[number % layout::owners_max]; };
  uint64_t place = count;
  if (count > 0 && load(entry(count - 1).position) == head) --place;  // The last one wrote nothing.
  if (place >= layout::owners_max && load(entry(place - layout::owners_max + 1).position) > load(c.tail)) return false;
  // Nobody looks at this entry yet, or only for positions that do not exist.
  store(entry(place).thread, thread);
  store(entry(place).position, head);
  store(c.owners, place + 1);
  return true;
}

uint64_t segment_front::owned_until(uint32_t ring, uint64_t position) {
  layout::control& c = control(ring);
  const uint64_t count = load(c.owners);
  uint64_t next = ~uint64_t{0};
  for (uint64_t back = 1; back <= std::min<uint64_t>(count, layout::owners_max); ++back) {
    const uint64_t begin = load(c.owner[(count - back) % layout::owners_max].position);
    if (begin <= position) break;
    next = begin;
  }
  return next;
}

uint64_t segment_front::owner_of(uint32_t ring, uint64_t position) {
  layout::control& c = control(ring);
  const uint64_t count = load(c.owners);
  for (uint64_t back = 1; back <= std::min<uint64_t>(count, layout::owners_max); ++back) {
    const ring_owner& o = c.owner[(count - back) % layout::owners_max];
    if (load(o.position) <= position) return load(o.thread);
  }
  return 0;
}

}  // namespace tharsis::xlog

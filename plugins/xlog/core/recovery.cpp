#include "plugins/xlog/core/recovery.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <utility>

namespace tharsis::xlog {

namespace layout = segment_file;

namespace {

constexpr std::array<char, 4> payload_magic = {'X', 'L', 'R', 'V'};
constexpr uint32_t payload_version = 1;

struct payload_header {
  std::array<char, 4> magic;
  uint32_t version;
  uint32_t superblock_size;
  uint32_t key_size;
  uint32_t dictionary_size;
  uint32_t rings;
};
struct ring_header {
  uint32_t ring;
  uint32_t owners;
  uint64_t from;
  uint64_t to;
};

error no_segment(std::string text) { return {THARSIS_E_PROTOCOL, std::move(text)}; }

template <class T>
std::span<uint8_t> bytes_over(T& value) {
  return {reinterpret_cast<uint8_t*>(&value), sizeof value};
}

uint64_t size_of(const recovered_ring& r) {
  return sizeof(ring_header) + r.owners.size() * sizeof(ring_owner) + r.bytes.size();
}

segment_geometry geometry_of(const layout::superblock& s) { return {s.rings, s.ring_size, s.dictionary_size, s.flight_size}; }

segment_info info_of(const layout::superblock& s) {
  segment_info i;
  i.geometry = geometry_of(s);
  i.sealed = (s.flags & layout::flag_sealed) != 0;
  i.pid = s.pid;
  i.start = s.start;
  i.boot = s.boot;
  i.id = s.id;
  i.instance.assign(s.instance.data(), std::find(s.instance.begin(), s.instance.end(), '\0'));
  const auto& a = s.anchors[s.anchor_turn % 2];
  i.anchor = {a.tick, a.wall, std::bit_cast<double>(a.ticks_per_second)};
  return i;
}

error check_superblock(const layout::superblock& s) {
  if (s.magic != layout::magic) return no_segment("this is no segment of log rings, or one that was not finished");
  if (s.version != layout::version)
    return no_segment("this segment has version " + std::to_string(s.version) + "; this program reads version " +
                  std::to_string(layout::version));
  if (s.key_size > wrapped_key_max || !is_sound(geometry_of(s)))
    return no_segment("the sizes in this segment's first bytes cannot be");
  return {THARSIS_OK, {}};
}

// Where the first byte stands that no file holds. A block that contradicts the segment says nothing.
uint64_t unconsumed_from(uint32_t ring, uint64_t tail, uint64_t head, std::span<const ring_range> done) {
  uint64_t from = tail;
  for (bool moved = true; moved;) {
    moved = false;
    for (const ring_range& r : done)
      if (r.ring == ring && r.from <= from && r.to > from && r.to <= head && r.to % 8 == 0) from = r.to, moved = true;
  }
  return from;
}

std::vector<ring_owner> owners_of(const layout::control& c, uint64_t from, uint64_t to) {
  std::vector<ring_owner> owners;
  for (uint64_t back = std::min<uint64_t>(c.owners, layout::owners_max); back > 0; --back) {
    const ring_owner& o = c.owner[(c.owners - back) % layout::owners_max];
    if (o.position >= to || (!owners.empty() && o.position < owners.back().position)) continue;
    if (o.position <= from) owners.clear();  // Of those before `from` only the last one matters.
    owners.push_back(o);
  }
  return owners;
}

// Where the other rings begin, for their lines that stand in the flight ring too.
std::vector<ring_owner> beginnings_of(const std::vector<recovered_ring>& rings) {
  std::vector<ring_owner> all;
  for (const recovered_ring& r : rings) all.push_back({r.from, r.ring});
  return all;
}

bool read_ring(const read_bytes& file, const segment_geometry& g, uint64_t offset, recovered_ring& r) {
  r.bytes.resize(r.to - r.from);
  const uint64_t size = g.size_of(r.ring), start = r.from & (size - 1);
  const size_t first = std::min<size_t>(r.bytes.size(), size - start);
  return file(offset + start, std::span(r.bytes).first(first)) && file(offset, std::span(r.bytes).subspan(first));
}

}  // namespace

std::optional<write_intent> last_intent(const read_bytes& file) {
  std::optional<write_intent> last;
  for (uint64_t i = 0; i < 2; ++i) {
    write_intent w;
    if (!file(layout::intents_offset + i * sizeof w, bytes_over(w)) || !w.holds() || w.turn % 2 != i) continue;
    if (!last || w.turn > last->turn) last = w;
  }
  return last;
}

result<segment_image> read_segment(const read_bytes& file, std::span<const ring_range> done) {
  layout::superblock s{};
  if (!file(0, bytes_over(s))) return no_segment("this segment ends within its first bytes");
  if (error e = check_superblock(s); e.status != THARSIS_OK) return e;
  segment_image image;
  image.info = info_of(s);
  image.superblock.assign(bytes_over(s).begin(), bytes_over(s).end());
  if (crash_record c; file(layout::crash_offset, bytes_over(c)) && c.whole == 1) image.crash = c;
  image.wrapped.resize(s.key_size);
  if (!file(layout::key_offset, image.wrapped)) return no_segment("this segment ends within its key");
  if (layout::sum_of(s, image.wrapped) != s.sum) return no_segment("this segment's first bytes have changed since they were written");
  if (s.dictionary_used > s.dictionary_size) return no_segment("this segment's dictionary is larger than its place");
  image.dictionary.resize(s.dictionary_used);
  if (!file(layout::dictionary_offset, image.dictionary)) return no_segment("this segment ends within its dictionary");
  const segment_geometry& g = image.info.geometry;
  for (uint32_t i = 0; i < g.all_rings(); ++i) {
    layout::control c{};
    if (!file(layout::control_offset + i * layout::control_size, bytes_over(c))) return no_segment("this segment ends within its controls");
    const bool sound = c.head >= c.tail && c.head - c.tail <= g.size_of(i) && c.head % 8 == 0 && c.tail % 8 == 0;
    if (!sound) {
      image.damaged.push_back(i);
      continue;
    }
    recovered_ring r;
    r.ring = i;
    r.from = unconsumed_from(i, c.tail, c.head, done);
    r.to = c.head;
    if (r.from == r.to) continue;
    r.owners = g.is_flight(i) ? beginnings_of(image.rings) : owners_of(c, r.from, r.to);
    // The flight ring goes first: whoever comes after a half that was kept does not see any more what stood in the others.
    const auto place = g.is_flight(i) ? image.rings.begin() : image.rings.end();
    if (read_ring(file, g, layout::ring_offset(g, i), r)) image.rings.insert(place, std::move(r));
    else image.damaged.push_back(i);
  }
  return image;
}

std::vector<recovered_payload> recovered_payloads(const segment_image& image, size_t most) {
  std::vector<recovered_payload> all;
  const auto add = [&all](std::span<const uint8_t> more) {
    std::vector<uint8_t>& bytes = all.back().bytes;
    bytes.insert(bytes.end(), more.begin(), more.end());
  };
  for (size_t i = 0; i < image.rings.size();) {
    // As many rings as fit, and one in any case.
    uint64_t size = sizeof(payload_header) + image.superblock.size() + image.wrapped.size() + image.dictionary.size();
    size_t end = i;
    do size += size_of(image.rings[end++]);
    while (end < image.rings.size() && size + size_of(image.rings[end]) <= most);
    payload_header h{payload_magic,
                     payload_version,
                     static_cast<uint32_t>(image.superblock.size()),
                     static_cast<uint32_t>(image.wrapped.size()),
                     static_cast<uint32_t>(image.dictionary.size()),
                     static_cast<uint32_t>(end - i)};
    all.emplace_back().bytes.reserve(size);
    add(bytes_over(h));
    add(image.superblock);
    add(image.wrapped);
    add(image.dictionary);
    for (; i < end; ++i) {
      const recovered_ring& r = image.rings[i];
      ring_header rh{r.ring, static_cast<uint32_t>(r.owners.size()), r.from, r.to};
      add(bytes_over(rh));
      for (ring_owner o : r.owners) add(bytes_over(o));
      add(r.bytes);
      const bool known = !image.info.geometry.is_flight(r.ring) && !r.owners.empty() && r.owners.front().position <= r.from;
      all.back().ranges.push_back({r.ring, r.from, r.to, known ? r.owners.front().thread : 0});
    }
  }
  return all;
}

result<segment_image> read_recovered(std::span<const uint8_t> payload) {
  const auto take = [&payload](std::span<uint8_t> into) {
    if (payload.size() < into.size()) return false;
    std::copy_n(payload.begin(), into.size(), into.begin());
    payload = payload.subspan(into.size());
    return true;
  };
  const auto take_bytes = [&](std::vector<uint8_t>& into, uint64_t count) {
    if (count > payload.size()) return false;
    into.resize(count);
    return take(into);
  };
  const error torn = no_segment("what was recovered from a segment is not whole");
  payload_header h{};
  if (!take(bytes_over(h))) return torn;
  if (h.magic != payload_magic || h.version != payload_version || h.superblock_size != sizeof(layout::superblock))
    return no_segment("this is nothing that was recovered from a segment, or of another version");
  segment_image image;
  layout::superblock s{};
  if (!take_bytes(image.superblock, h.superblock_size)) return torn;
  std::memcpy(&s, image.superblock.data(), sizeof s);
  if (error e = check_superblock(s); e.status != THARSIS_OK) return e;
  image.info = info_of(s);
  if (h.key_size != s.key_size || h.dictionary_size != s.dictionary_used || h.rings > image.info.geometry.all_rings()) return torn;
  if (!take_bytes(image.wrapped, h.key_size) || !take_bytes(image.dictionary, h.dictionary_size)) return torn;
  if (layout::sum_of(s, image.wrapped) != s.sum) return torn;
  for (uint32_t i = 0; i < h.rings; ++i) {
    ring_header rh{};
    if (!take(bytes_over(rh))) return torn;
    const segment_geometry& g = image.info.geometry;
    const bool sound = rh.ring < g.all_rings() && rh.owners <= (g.is_flight(rh.ring) ? rings_max : layout::owners_max) &&
                       rh.from % 8 == 0 && rh.to % 8 == 0 && rh.from < rh.to && rh.to - rh.from <= g.size_of(rh.ring);
    if (!sound) return torn;
    recovered_ring r{rh.ring, rh.from, rh.to, std::vector<ring_owner>(rh.owners), {}};
    for (ring_owner& o : r.owners)
      if (!take(bytes_over(o))) return torn;
    if (!take_bytes(r.bytes, rh.to - rh.from)) return torn;
    image.rings.push_back(std::move(r));
  }
  return payload.empty() ? result<segment_image>(std::move(image)) : result<segment_image>(torn);
}

std::vector<uint8_t> open_dictionary(const segment_image& image, const fill_keystream& fill) {
  std::vector<uint8_t> plain = image.dictionary;
  if (!image.info.sealed) return plain;
  std::vector<uint8_t> keystream((plain.size() + keystream_unit - 1) / keystream_unit * keystream_unit);
  if (!fill(stream_position(dictionary_stream, 0), keystream)) return {};
  for (size_t i = 0; i < plain.size(); ++i) plain[i] ^= keystream[i];
  return plain;
}

recovered_records::recovered_records(const segment_image& image, const fill_keystream& fill, uint32_t sites)
    : sites_(sites), rings_(image.info.geometry.rings) {
  sources_.reserve(image.rings.size());
  for (const recovered_ring& r : image.rings) {
    std::vector<uint8_t> keystream;
    const uint64_t start = r.from / keystream_unit * keystream_unit;
    if (image.info.sealed) {
      keystream.resize((r.to - start + keystream_unit - 1) / keystream_unit * keystream_unit);
      if (!fill(stream_position(r.ring, start), keystream)) {
        unreadable_ += r.bytes.size();
        continue;
      }
    }
    const ring_bytes bytes{r.bytes.data(), image.info.sealed ? keystream.data() + (r.from - start) : nullptr, ~uint64_t{0},
                           r.from};
    ring_cursor cursor(bytes, r.from, image.info.geometry.size_of(r.ring) / 2);
    cursor.look_up_to(r.to);
    const bool flight = image.info.geometry.is_flight(r.ring);
    sources_.push_back({&r, std::move(keystream), std::move(cursor), {}, false, flight, {}, std::vector<uint64_t>(flight ? rings_ : 0)});
    advance(sources_.back());
  }
}

void recovered_records::advance(source& s) {
  for (;;) {
    s.cursor.release();
    const auto found = s.cursor.next(s.record, sites_);
    s.has = found == ring_cursor::found::record && is_credible(s);
    if (!s.has && found != ring_cursor::found::nothing) unreadable_ += s.cursor.pass_all();
    if (!s.has || !stands_elsewhere(s)) return;
    s.cursor.pass(s.record);
  }
}

// In the flight ring what stood in one ring comes in its order.
bool recovered_records::is_credible(source& s) {
  if (s.ring->ring == shared_ring) {
    const auto thread = take_shared_thread(s.record.arguments);
    s.origin.thread = thread.value_or(0);
    return thread.has_value();
  }
  if (!s.flight) return true;
  const auto origin = take_flight_origin(s.record.arguments);
  if (!origin || origin->ring() >= rings_ || origin->position() < s.origins[origin->ring()]) return false;
  s.origin = *origin;
  s.origins[origin->ring()] = origin->position() + 1;
  return true;
}

bool recovered_records::stands_elsewhere(const source& s) {
  if (!s.flight) return false;
  for (const ring_owner& begin : s.ring->owners)
    if (begin.thread == s.origin.ring() && s.origin.position() >= begin.position) return true;
  return false;
}

bool recovered_records::next(recovered_record& out) {
  if (given_ < sources_.size()) {
    source& s = sources_[given_];
    s.cursor.pass(s.record);
    advance(s);
  }
  given_ = ~size_t{0};
  for (size_t i = 0; i < sources_.size(); ++i)
    if (sources_[i].has && (given_ >= sources_.size() || sources_[i].record.tick < sources_[given_].record.tick)) given_ = i;
  if (given_ >= sources_.size()) return false;
  const source& s = sources_[given_];
  out.ring = s.ring->ring;
  out.record = s.record;
  out.thread = s.origin.thread;
  if (s.flight || out.ring == shared_ring) return true;
  for (const ring_owner& o : s.ring->owners)
    if (o.position <= s.record.position) out.thread = o.thread;
  return true;
}

}  // namespace tharsis::xlog

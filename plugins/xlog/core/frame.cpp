#include "plugins/xlog/core/frame.h"

#include <algorithm>
#include <cassert>
#include <cmath>

#include "plugins/xlog/core/append_number.h"
#include "plugins/xlog/core/bits.h"
#include "plugins/xlog/core/crc32c.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

// Ends of lines and a byte of eight bits: what a transfer as text would spoil.
constexpr std::string_view file_magic = "XLOG\r\n\x1A\x80";
constexpr uint16_t version = 1;
constexpr uint16_t sealed_flag = 1;
constexpr size_t range_size = 28, before_ranges = 24 + 16;

void append_anchor(std::string& to, const clock_anchor& a) {
  append_number(to, a.tick);
  append_number(to, a.wall);
  append_number(to, a.ticks_per_second);
}

clock_anchor take_anchor(byte_source& from) {
  clock_anchor a;
  a.tick = from.number<uint64_t>();
  a.wall = from.number<int64_t>();
  a.ticks_per_second = from.number<double>();
  return a;
}

bool is_sane(const clock_anchor& a) { return std::isfinite(a.ticks_per_second) && a.ticks_per_second > 0; }

}  // namespace

std::array<uint8_t, frame_header::header_size> encode(const frame_header& h) {
  assert(h.extra % 4 == 0 && h.extra <= frame_header::extra_max);
  assert(h.first <= frame_header::payload_max && h.second <= frame_header::payload_max);
  std::array<uint8_t, frame_header::header_size> to;
  std::copy(frame_magic.begin(), frame_magic.end(), to.begin());
  to[4] = static_cast<uint8_t>(h.kind);
  to[5] = h.flags;
  to[6] = h.levels;
  to[7] = h.threads;
  store(&to[8], static_cast<uint16_t>(h.extra / 4));
  store(&to[10], h.epoch);
  store(&to[12], h.first);
  store(&to[16], h.second);
  store(&to[20], h.rows);
  store(&to[24], h.number);
  store(&to[32], h.tick_min);
  store(&to[40], h.tick_max);
  store(&to[48], h.sites);
  store(&to[56], h.chain);
  store(&to[60], crc32c(std::span(to).first(60)));
  return to;
}

std::optional<frame_header> decode_frame_header(std::span<const uint8_t> bytes) {
  if (bytes.size() < frame_header::header_size || !as_text(bytes).starts_with(frame_magic)) return {};
  const uint8_t* const at = bytes.data();
  if (load<uint32_t>(at + 60) != crc32c(bytes.first(60))) return {};
  frame_header h;
  h.kind = static_cast<frame_kind>(at[4]);
  h.flags = at[5];
  h.levels = at[6];
  h.threads = at[7];
  h.extra = load<uint16_t>(at + 8) * 4u;
  h.epoch = load<uint16_t>(at + 10);
  h.first = load<uint32_t>(at + 12);
  h.second = load<uint32_t>(at + 16);
  h.rows = load<uint32_t>(at + 20);
  h.number = load<uint64_t>(at + 24);
  h.tick_min = load<uint64_t>(at + 32);
  h.tick_max = load<uint64_t>(at + 40);
  h.sites = load<uint64_t>(at + 48);
  h.chain = load<uint32_t>(at + 56);
  if (h.first > frame_header::payload_max || h.second > frame_header::payload_max) return {};
  return h;
}

size_t find_frame(std::span<const uint8_t> bytes) {
  const std::string_view text = as_text(bytes);
  for (size_t at = text.find(frame_magic[0]); at != std::string_view::npos; at = text.find(frame_magic[0], at + 1)) {
    const std::string_view rest = text.substr(at);
    if (rest.substr(0, 4) != frame_magic.substr(0, std::min<size_t>(rest.size(), 4))) continue;
    if (rest.size() < frame_header::header_size || decode_frame_header(bytes.subspan(at))) return at;
  }
  return bytes.size();
}

void append_block_extra(std::string& to, const block_extra& e) {
  assert(e.consumed.size() <= block_extra::consumed_max);
  const size_t begin = to.size();
  append_anchor(to, e.anchor);
  to += as_text(e.segment);
  for (const ring_range& r : e.consumed) {
    append_number(to, r.ring);
    append_number(to, r.from);
    append_number(to, r.to);
    append_number(to, r.thread);
  }
  append_number(to, crc32c(as_bytes(to).subspan(begin)));
}

std::optional<block_extra> decode_block_extra(std::span<const uint8_t> bytes) {
  const auto content = without_checksum(bytes);
  if (!content || content->size() < before_ranges || (content->size() - before_ranges) % range_size != 0 ||
      content->size() > before_ranges + block_extra::consumed_max * range_size)
    return {};
  byte_source from(*content);
  block_extra e;
  e.anchor = take_anchor(from);
  if (!is_sane(e.anchor)) return {};
  const auto segment = from.take(e.segment.size());
  std::copy(segment.begin(), segment.end(), e.segment.begin());
  e.consumed.resize(from.size() / range_size);
  for (ring_range& r : e.consumed) {
    r.ring = from.number<uint32_t>();
    r.from = from.number<uint64_t>();
    r.to = from.number<uint64_t>();
    r.thread = from.number<uint64_t>();
    if (r.from > r.to) return {};
  }
  return e;
}

std::string encode(const file_header& h) {
  assert(h.seal.size() <= file_header::seal_max);
  std::string to(file_magic);
  append_number(to, version);
  append_number(to, h.sealed ? sealed_flag : uint16_t{0});
  append_number(to, static_cast<uint32_t>(file_header::fixed_size + h.seal.size() + checksum_size));
  to += as_text(h.id);
  append_anchor(to, h.anchor);
  append_number(to, h.tick_shift);
  append_number(to, static_cast<uint64_t>(std::max<int64_t>(h.as_old_as, 0)) / 1000);
  to.resize(file_header::fixed_size);
  to += h.seal;
  append_number(to, crc32c(as_bytes(to)));
  return to;
}

std::optional<file_damage> decode_file_header(std::span<const uint8_t> bytes, file_opening& to) {
  const std::string_view begin = as_text(bytes).substr(0, file_magic.size());
  if (begin != file_magic.substr(0, begin.size())) return file_damage{false, "this is no log file of Tharsis"};
  if (bytes.size() < file_header::fixed_size) return file_damage{true, "the file is cut off in its header"};
  byte_source from(bytes.subspan(file_magic.size()));
  const auto written_by = from.number<uint16_t>();
  if (written_by != version)
    return file_damage{false, "the file has version " + std::to_string(written_by) + " of the format; this program knows " +
                                  std::to_string(version)};
  const auto flags = from.number<uint16_t>();
  const auto size = from.number<uint32_t>();
  if (size < file_header::fixed_size + checksum_size ||
      size > file_header::fixed_size + file_header::seal_max + checksum_size)
    return file_damage{false, "the file's header is damaged: its length is out of range"};
  if (size > bytes.size()) return file_damage{true, "the file is cut off in its header"};
  const auto whole = without_checksum(bytes.first(size));
  if (!whole) return file_damage{false, "the file's header is damaged: its checksum is wrong"};

  to.size = size;
  to.header.sealed = (flags & sealed_flag) != 0;
  const auto id = from.take(to.header.id.size());
  std::copy(id.begin(), id.end(), to.header.id.begin());
  to.header.anchor = take_anchor(from);
  to.header.tick_shift = from.byte();
  const uint64_t micros = load<uint64_t>(bytes.data() + file_header::fixed_size - sizeof micros) >> 8;
  to.header.as_old_as = micros <= INT64_MAX / 1000 ? static_cast<int64_t>(micros) * 1000 : 0;
  to.header.seal = as_text(whole->subspan(file_header::fixed_size));
  if (!is_sane(to.header.anchor) || to.header.tick_shift > 63)
    return file_damage{false, "the file's header is damaged: its clock is impossible"};
  return {};
}

void append_checked(std::string& to, std::span<const uint8_t> payload) {
  to += as_text(payload);
  append_number(to, crc32c(payload));
}

std::optional<std::span<const uint8_t>> without_checksum(std::span<const uint8_t> payload) {
  if (payload.size() < checksum_size) return {};
  const auto content = payload.first(payload.size() - checksum_size);
  if (load<uint32_t>(payload.data() + content.size()) != crc32c(content)) return {};
  return content;
}

}  // namespace tharsis::xlog

#include "plugins/xlog/core/left_out.h"

#include <cstring>

#include "plugins/xlog/core/append_number.h"
#include "plugins/xlog/core/crc32c.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

constexpr size_t extra_size = 32;

template <class T>
T number_at(std::span<const uint8_t> bytes, size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

}  // namespace

std::string left_out_frame(frame_header h, const left_out& what, std::string_view texts) {
  std::string extra, payload;
  append_number(extra, what.until);
  append_number(extra, what.lines);
  append_number(extra, what.bytes);
  append_number(extra, what.chain);
  append_number(extra, crc32c(as_bytes(extra)));
  if (!texts.empty()) append_checked(payload, as_bytes(texts));
  h.kind = frame_kind::left_out;
  h.flags = 0;
  h.extra = static_cast<uint32_t>(extra.size());
  h.first = static_cast<uint32_t>(payload.size());
  h.second = 0;
  h.rows = 0;
  const auto head = encode(h);
  return std::string(head.begin(), head.end()) + extra + payload;
}

std::optional<left_out> decode_left_out(std::span<const uint8_t> extra, const frame_header& h) {
  if (extra.size() != extra_size || number_at<uint32_t>(extra, extra_size - 4) != crc32c(extra.first(extra_size - 4))) return {};
  const left_out what{number_at<uint64_t>(extra, 0), number_at<uint64_t>(extra, 8), number_at<uint64_t>(extra, 16), number_at<uint32_t>(extra, 24)};
  // Behind the last number there is none.
  const bool has_place = what.until > h.number || what.until == left_out::open_end;
  return has_place ? std::optional(what) : std::nullopt;
}

}  // namespace tharsis::xlog

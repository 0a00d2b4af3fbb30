#include "plugins/xlog/core/mars_legacy.h"

#include <algorithm>
#include <array>

#include "plugins/xlog/core/mars_record.h"
#include "plugins/xlog/core/mars_stream.h"
#include "sdk/pure/utf8.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

constexpr size_t text_most = 16 << 20;   // Of one record; Mars' buffers had 150 KiB of it, packed.
constexpr size_t looked_at = 256;        // Bytes that have to look like text.
constexpr uint8_t cover = 0xCC;

uint32_t number_at(std::span<const uint8_t> bytes, size_t at, size_t size) {
  uint32_t value = 0;
  for (size_t i = 0; i < size; ++i) value |= uint32_t{bytes[at + i]} << (8 * i);
  return value;
}

bool is_text(std::string_view text) {
  if (text.empty()) return false;
  for (size_t at = 0; at < std::min(text.size(), looked_at);) {
    const size_t size = utf8_size(text.substr(at));
    const char c = text[at];
    if (size == 0 || (static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\t' && c != '\r' && c != '\x1b')) return false;
    at += size;
  }
  return true;
}

std::string unpacked(std::span<const uint8_t> payload) {
  mars_stream stream(mars_compression::zlib, payload);
  std::string text;
  while (text.size() < text_most)
    if (const auto next = stream.read(text); next != mars_stream::next::more) return next == mars_stream::next::end ? text : std::string();
  return text;
}

// Pieces of two bytes of length and so many bytes; empty: it is something else.
std::string joined(std::span<const uint8_t> payload) {
  std::string all;
  while (payload.size() >= 2) {
    const size_t size = number_at(payload, 0, 2);
    if (size > payload.size() - 2) return {};
    all += as_text(payload.subspan(2, size));
    payload = payload.subspan(2 + size);
  }
  return payload.empty() ? all : std::string();
}

std::string text_of_payload(std::span<const uint8_t> payload, uint8_t covered_by) {
  std::string uncovered(as_text(payload));
  for (char& c : uncovered) c = static_cast<char>(static_cast<uint8_t>(c) ^ covered_by);
  for (const std::string_view bytes : {as_text(payload), std::string_view(uncovered)}) {
    if (is_text(bytes)) return std::string(bytes);
    for (const std::string& packed : {std::string(bytes), joined(as_bytes(bytes))})
      if (std::string text = packed.empty() ? std::string() : unpacked(as_bytes(packed)); is_text(text)) return text;
  }
  return {};
}

}  // namespace

std::optional<mars_legacy_record> read_mars_legacy(std::span<const uint8_t> bytes, bool last) {
  if (bytes.empty() || !is_mars_legacy_magic(bytes[0])) return {};
  struct shape {
    size_t header, length_at;
  };
  constexpr std::array<shape, 1> oldest = {{{5, 1}}};
  constexpr std::array<shape, 2> old = {{{9, 5}, {13, 5}}};
  const std::span<const shape> shapes = bytes[0] <= 0x02 ? std::span<const shape>(oldest) : std::span<const shape>(old);
  std::optional<mars_legacy_record> found;
  for (const shape& s : shapes) {
    if (bytes.size() <= s.header) continue;
    const size_t length = number_at(bytes, s.length_at, 4), end = s.header + length;
    if (end >= bytes.size() || bytes[end] != 0) continue;
    if (end + 1 == bytes.size() ? !last : !is_mars_magic(bytes[end + 1]) && !is_mars_legacy_magic(bytes[end + 1])) continue;
    const uint32_t number = bytes[0] <= 0x02 ? static_cast<uint32_t>(length) : number_at(bytes, 1, 2);
    const auto covered_by = static_cast<uint8_t>(cover ^ (number & 0xFF) ^ bytes[0]);
    std::string text = text_of_payload(bytes.subspan(s.header, length), covered_by);
    if (!found || !text.empty()) found = mars_legacy_record{end + 1, std::move(text)};
    if (!found->text.empty()) break;
  }
  return found;
}

}  // namespace tharsis::xlog

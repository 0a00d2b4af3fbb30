#include "plugins/xlog/core/mars_record.h"

#include <algorithm>

namespace tharsis::xlog {

void append_mars_header(std::string& to, const mars_record_header& h) {
  const auto put = [&to](uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) to += static_cast<char>(value >> (8 * i) & 0xFF);
  };
  put(h.magic, 1);
  put(h.number, 2);
  put(h.first_hour, 1);
  put(h.last_hour, 1);
  put(h.length, 4);
  to.append(reinterpret_cast<const char*>(h.sealed_by.data()), h.sealed_by.size());
}

std::optional<mars_record_header> decode_mars_header(std::span<const uint8_t> bytes) {
  if (bytes.size() < mars_record_header::size || !is_mars_magic(bytes[0])) return {};
  mars_record_header h;
  h.magic = bytes[0];
  h.number = static_cast<uint16_t>(bytes[1] | bytes[2] << 8);
  h.first_hour = bytes[3];
  h.last_hour = bytes[4];
  h.length = uint32_t{bytes[5]} | uint32_t{bytes[6]} << 8 | uint32_t{bytes[7]} << 16 | uint32_t{bytes[8]} << 24;
  std::copy_n(bytes.begin() + 9, h.sealed_by.size(), h.sealed_by.begin());
  return h;
}

}  // namespace tharsis::xlog

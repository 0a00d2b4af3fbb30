#include "plugins/xlog/core/kept_rows.h"

#include <cstring>

namespace tharsis::xlog {

std::optional<size_t> used_bytes(std::string_view codes, std::span<const uint8_t> arguments) {
  const auto fixed = fixed_bytes(codes);
  if (!fixed || *fixed > arguments.size()) return {};
  size_t used = *fixed, at = 0;
  for (const char code : codes) {
    uint32_t size = 0;
    if (is_text(code)) std::memcpy(&size, arguments.data() + at, sizeof size);
    if (size > arguments.size() - used) return {};
    used += size;
    at += *fixed_bytes(code);
  }
  return used;
}

bool kept_rows::add(const row& r) {
  if (r.site == 0 || r.site > sites_.size()) return false;
  const auto used = used_bytes(sites_[r.site - 1].codes, r.arguments);
  if (!used) return false;
  rows_.push_back({r.site, r.thread, r.tick, arena_.size(), *used});
  arena_.insert(arena_.end(), r.arguments.begin(), r.arguments.begin() + static_cast<ptrdiff_t>(*used));
  return true;
}

row kept_rows::at(size_t i) const {
  const kept& k = rows_[i];
  return {k.site, k.thread, k.tick, std::span(arena_).subspan(k.offset, k.size)};
}

void kept_rows::clear() {
  rows_.clear();
  arena_.clear();
}

}  // namespace tharsis::xlog

#include "plugins/xlog/core/stored_texts.h"

#include <zstd.h>

#include <algorithm>
#include <cstring>

#include "plugins/xlog/core/row.h"

namespace tharsis::xlog {
namespace {

// What no writer exceeds: a dictionary that is full, and a block that was begun before it was.
constexpr uint64_t texts_max = 64 << 10;
constexpr uint64_t bindings_max = 64 << 10;
constexpr size_t epoch_bytes_max = (1 << 20) + block_bytes_max;
constexpr size_t content_max = 2 * block_bytes_max;  // Texts, and lengths of empty ones.

bool holds(std::span<const uint8_t> bytes, std::string_view part) {
  return part.empty() || (!bytes.empty() && memmem(bytes.data(), bytes.size(), part.data(), part.size()) != nullptr);
}

uint64_t column_key(uint64_t site, uint64_t argument) { return site << 32 | argument; }

}  // namespace

struct stored_texts::decompressor {
  ZSTD_DCtx* context = ZSTD_createDCtx();
  decompressor() = default;
  decompressor(const decompressor&) = delete;
  decompressor& operator=(const decompressor&) = delete;
  ~decompressor() { ZSTD_freeDCtx(context); }
};

stored_texts::stored_texts() : zstd_(std::make_unique<decompressor>()) {}
stored_texts::~stored_texts() = default;

std::optional<error> stored_texts::on_texts(uint32_t epoch, std::span<const uint8_t> payload) {
  if (epoch_ != epoch) {
    epoch_ = epoch;
    texts_.clear();
    bytes_.clear();
    columns_.clear();
    bindings_ = 0;
    for (looked_for& l : looked_for_) l.up_to = 0, l.found = false;
  }
  literals_ = {};
  if (payload.empty()) return {};
  const auto content = open(payload);
  if (!content) return error{THARSIS_E_PROTOCOL, "a block's texts cannot be decompressed"};
  if (!take(*content)) return error{THARSIS_E_PROTOCOL, "a block's texts are damaged"};
  return {};
}

std::optional<std::span<const uint8_t>> stored_texts::open(std::span<const uint8_t> payload) {
  byte_source from(payload);
  const uint8_t form = from.byte();
  const uint64_t size = form == 1 ? from.varint() : from.size();
  if (!from.ok() || form > 1 || size > content_max) return {};
  const auto content = from.take(from.size());
  opened_.resize(size);
  if (form == 0) {
    std::copy(content.begin(), content.end(), opened_.begin());
    return opened_;
  }
  const size_t n = ZSTD_decompressDCtx(zstd_->context, opened_.data(), size, content.data(), content.size());
  if (ZSTD_isError(n) != 0 || n != size) return {};
  return opened_;
}

// Texts that were known stay as they are.
bool stored_texts::take(std::span<const uint8_t> content) {
  byte_source from(content);
  const uint64_t first = from.varint(), count = from.varint();
  if (first > texts_max || count > texts_max - first || count > from.size()) return false;
  std::vector<uint64_t> sizes(count);
  uint64_t all = 0;
  for (uint64_t& size : sizes) {
    size = from.varint();
    if (size > content.size()) return false;
    all += size;
  }
  if (!take_bindings(from, first) || bytes_.size() + all > epoch_bytes_max) return false;
  const auto bytes = from.take(all);
  if (!from.ok()) return false;
  if (texts_.size() < first + count) texts_.resize(first + count);
  uint32_t start = static_cast<uint32_t>(bytes_.size());
  bytes_.insert(bytes_.end(), bytes.begin(), bytes.end());
  for (uint64_t i = 0; i < count; ++i) {
    piece& p = texts_[first + i];
    if (p.start == absent) p = {start, static_cast<uint32_t>(sizes[i])};
    start += static_cast<uint32_t>(sizes[i]);
  }
  literals_ = from.take(from.size());
  return true;
}

bool stored_texts::take_bindings(byte_source& from, uint64_t fresh) {
  for (uint64_t columns = from.varint(); columns > 0 && from.ok(); --columns) {
    const uint64_t site = from.varint(), argument = from.varint(), first = from.varint(), count = from.varint();
    if (site > UINT32_MAX || argument > UINT32_MAX) return false;
    if (count == 0 || first > bindings_max || count > bindings_max - first || count > from.size()) return false;
    auto& texts = columns_[column_key(site, argument)];
    const size_t more = first + count > texts.size() ? first + count - texts.size() : 0;
    if (more > bindings_max - bindings_) return false;
    bindings_ += more;
    texts.resize(texts.size() + more, absent);
    uint64_t number = fresh;
    for (uint64_t i = first; i < first + count; ++i) {
      number += unzigzag(from.varint());
      if (texts[i] == absent && number < texts_max) texts[i] = static_cast<uint32_t>(number);
    }
  }
  return from.ok();
}

// What stands across two texts counts too: it only makes the block be opened.
bool stored_texts::may_have(std::string_view part) {
  auto l = std::find_if(looked_for_.begin(), looked_for_.end(), [&](const looked_for& one) { return one.part == part; });
  if (l == looked_for_.end()) l = looked_for_.insert(l, {std::string(part)});
  if (!l->found) {
    const size_t again = std::min(l->up_to, part.size());  // It may begin before what is new.
    l->found = holds(std::span(bytes_).subspan(l->up_to - again), part);
    l->up_to = bytes_.size();
  }
  return l->found || holds(literals_, part);
}

std::span<const uint32_t> stored_texts::column(uint32_t site, uint32_t argument) const {
  const auto found = columns_.find(column_key(site, argument));
  return found == columns_.end() ? std::span<const uint32_t>() : found->second;
}

}  // namespace tharsis::xlog

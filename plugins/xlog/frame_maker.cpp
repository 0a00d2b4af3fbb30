#include "plugins/xlog/frame_maker.h"

#include <array>
#include <cstring>

#include "plugins/xlog/core/line_thread.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {

result<frame_maker> frame_maker::make(const clock_anchor& anchor, const unique_id& id, unsigned tick_shift,
                                      std::span<const public_key> recipients, const tharsis_random& random) {
  frame_maker made;
  xlog::file_header head;
  head.id = id;
  head.anchor = anchor;
  head.tick_shift = static_cast<uint8_t>(tick_shift);
  head.sealed = !recipients.empty();
  if (head.sealed) {
    head.seal.resize(envelope_size(recipients.size()));
    const std::string before = encode(head).substr(0, xlog::file_header::fixed_size);
    auto sealer = file_sealer::make(recipients, random, id, as_bytes(before));
    if (!sealer) return sealer.failure();
    made.sealer_.emplace(std::move(*sealer));
    const byte_view envelope = made.sealer_->envelope();
    head.seal.assign(envelope.begin(), envelope.end());
  }
  made.file_header_ = encode(head);
  return made;
}

result<frame_maker> frame_maker::again(const xlog::file_header& head, const private_key* key) {
  frame_maker made;
  made.file_header_ = encode(head);
  if (!head.sealed) return made;
  if (key == nullptr) return error{THARSIS_E_DENIED, "the file is sealed, and nobody gave its key"};
  auto sealer = file_sealer::again(as_bytes(head.seal), *key, as_bytes(made.file_header_).first(xlog::file_header::fixed_size));
  if (!sealer) return sealer.failure();
  made.sealer_.emplace(std::move(*sealer));
  return made;
}

// Sealing happens in place, so the frame is laid out first.
result<std::string> frame_maker::frame(frame_header h, const std::string& extra, std::span<const uint8_t> first,
                                       std::span<const uint8_t> second) {
  const size_t end = sealer_ ? tag_size : checksum_size;
  h.flags = static_cast<uint8_t>(sealer_ ? h.flags | frame_sealed : h.flags);
  h.number = number_++;
  h.extra = static_cast<uint32_t>(extra.size());
  h.first = static_cast<uint32_t>(first.empty() ? 0 : first.size() + end);
  h.second = static_cast<uint32_t>(second.empty() ? 0 : second.size() + end);
  h.chain = sealer_ ? sealer_->chain() : chain_;
  const auto head = encode(h);
  std::string bytes(reinterpret_cast<const char*>(head.data()), head.size());
  bytes.reserve(h.size());
  bytes += extra;
  if (!sealer_) {
    if (!first.empty()) append_checked(bytes, first);
    if (!second.empty()) append_checked(bytes, second);
    if (h.first + h.second > 0) std::memcpy(&chain_, bytes.data() + bytes.size() - sizeof chain_, sizeof chain_);
    return bytes;
  }
  std::array<std::span<uint8_t>, 2> payloads;
  size_t count = 0;
  bytes.resize(h.size());
  auto* at = reinterpret_cast<uint8_t*>(bytes.data()) + head.size() + extra.size();
  for (const auto payload : {first, second}) {
    if (payload.empty()) continue;
    std::memcpy(at, payload.data(), payload.size());
    payloads[count++] = {at, payload.size() + end};
    at += payload.size() + end;
  }
  const byte_view clear(reinterpret_cast<const uint8_t*>(bytes.data()), head.size() + extra.size());
  if (!sealer_->seal(h.number, clear, std::span(payloads).first(count), h.kind == frame_kind::end))
    return error{THARSIS_E_IO, "a block cannot be sealed"};
  return bytes;
}

result<std::string> frame_maker::sites(std::string_view entries) {
  frame_header h;
  h.kind = frame_kind::sites;
  return frame(h, {}, as_bytes(entries), {});
}

result<std::string> frame_maker::block(const xlog::block& b, const block_extra& extra) {
  frame_header h;
  h.kind = frame_kind::block;
  h.rows = b.facts.rows;
  h.threads = told_threads(b.facts.threads);
  h.levels = b.facts.levels;
  h.sites = b.facts.sites;
  h.tick_min = b.facts.tick_min;
  h.tick_max = b.facts.tick_max;
  h.epoch = b.facts.epoch;
  for (const ring_range& r : extra.consumed)
    if (is_recorded(r.ring)) h.flags |= frame_recorded;
  std::string clear;
  append_block_extra(clear, extra);
  return frame(h, clear, b.texts, b.rows);
}

result<std::string> frame_maker::recovered(std::span<const uint8_t> image, const block_extra& extra) {
  frame_header h;
  h.kind = frame_kind::recovered;
  std::string clear;
  append_block_extra(clear, extra);
  return frame(h, clear, image, {});
}

result<std::string> frame_maker::note(int64_t wall, std::string_view text, uint32_t level) {
  frame_header h;
  h.kind = frame_kind::note;
  h.levels = static_cast<uint8_t>(1u << level);
  std::string payload(reinterpret_cast<const char*>(&wall), sizeof wall);
  payload += text;
  return frame(h, {}, as_bytes(payload), {});
}

// A payload, so that the seal has something to prove it by.
result<std::string> frame_maker::end() {
  frame_header h;
  h.kind = frame_kind::end;
  constexpr uint8_t nothing[1] = {0};
  return frame(h, {}, nothing, {});
}

}  // namespace tharsis::xlog

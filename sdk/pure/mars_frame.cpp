#include "sdk/pure/mars_frame.h"

#include <algorithm>
#include <cassert>

namespace tharsis::mars {
namespace {

constexpr size_t option_head_size = 4;
constexpr size_t option_size_max = 0xFFFF;

void append_u16(std::vector<uint8_t>& out, size_t value) {
  out.push_back(static_cast<uint8_t>(value >> 8));
  out.push_back(static_cast<uint8_t>(value));
}

void append_u32(std::vector<uint8_t>& out, size_t value) {
  append_u16(out, value >> 16 & 0xFFFF);
  append_u16(out, value & 0xFFFF);
}

size_t u16_at(std::span<const uint8_t> bytes, size_t at) { return static_cast<size_t>(bytes[at] << 8 | bytes[at + 1]); }

uint32_t u32_at(std::span<const uint8_t> bytes, size_t at) {
  return static_cast<uint32_t>(u16_at(bytes, at) << 16 | u16_at(bytes, at + 2));
}

// A sentence that is longer than an option can hold loses its end.
std::span<const uint8_t> refusal_of(const frame& f) {
  return {reinterpret_cast<const uint8_t*>(f.refusal.data()), std::min(f.refusal.size(), option_size_max)};
}

size_t option_size(std::span<const uint8_t> value) { return value.empty() ? 0 : option_head_size + value.size(); }

void append_option(std::vector<uint8_t>& out, option type, std::span<const uint8_t> value) {
  if (value.empty()) return;
  append_u16(out, type);
  append_u16(out, value.size());
  out.insert(out.end(), value.begin(), value.end());
}

size_t head_length(const frame& f) { return head_size + option_size(f.key) + option_size(refusal_of(f)); }

// What the first 20 bytes promise, or the sentence that says why they are no head.
struct promise {
  size_t head = 0;
  size_t total = 0;
  std::string complaint;
};

promise read_head(std::span<const uint8_t> bytes, uint32_t client_version) {
  const uint64_t head = u32_at(bytes, 0);
  const uint64_t total = head + u32_at(bytes, 16);
  if (head < head_size) return {0, 0, "a frame's head is said to have " + std::to_string(head) + " bytes, at least 20 are needed"};
  if (const uint32_t version = u32_at(bytes, 4); version != client_version)
    return {0, 0, "a frame has client version " + std::to_string(version) + ", expected " + std::to_string(client_version)};
  if (total > frame_size_max)
    return {0, 0, "a frame is said to have " + std::to_string(total) + " bytes, at most " + std::to_string(frame_size_max) + " are allowed"};
  return {static_cast<size_t>(head), static_cast<size_t>(total), {}};
}

// Answers the complaint, empty when the options are well formed. One that stands twice could be read
// in two ways, so it is refused.
std::string read_options(std::span<const uint8_t> area, frame& f) {
  while (!area.empty()) {
    const size_t size = area.size() < option_head_size ? option_size_max : u16_at(area, 2);
    if (area.size() < option_head_size + size) return "a frame's options do not fit into its head";
    const size_t type = u16_at(area, 0);
    const auto value = area.subspan(option_head_size, size);
    area = area.subspan(option_head_size + size);
    if (type == option_key) {
      if (value.empty() || value.size() > key_size_max || !f.key.empty())
        return "a frame's key must stand once and have 1 to " + std::to_string(key_size_max) + " bytes";
      f.key.assign(value.begin(), value.end());
    } else if (type == option_refusal) {
      if (value.empty() || !f.refusal.empty()) return "a frame's refusal must stand once and not be empty";
      f.refusal.assign(value.begin(), value.end());
    }
  }
  return {};
}

}  // namespace

size_t frame_size(const frame& f) { return head_length(f) + f.body.size(); }

void append_frame(std::vector<uint8_t>& out, const frame& f, uint32_t client_version) {
  assert(frame_size(f) <= frame_size_max && f.key.size() <= key_size_max);
  append_u32(out, head_length(f));
  append_u32(out, client_version);
  append_u32(out, f.command);
  append_u32(out, f.sequence);
  append_u32(out, f.body.size());
  append_option(out, option_key, f.key);
  append_option(out, option_refusal, refusal_of(f));
  out.insert(out.end(), f.body.begin(), f.body.end());
}

tharsis_status frame_reader::on_bytes(std::span<const uint8_t> bytes) {
  if (failure_.status != THARSIS_OK) return failure_.status;
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  while (take_from_buffer()) {
  }
  buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(from_));
  from_ = 0;
  return failure_.status;
}

// One whole frame from the buffer to ready_. False: not whole yet, or damaged.
bool frame_reader::take_from_buffer() {
  const auto rest = std::span<const uint8_t>(buffer_).subspan(from_);
  if (rest.size() < head_size) return false;
  promise promised = read_head(rest, client_version_);
  frame f;
  if (promised.complaint.empty()) {
    if (rest.size() < promised.total) return false;
    promised.complaint = read_options(rest.subspan(head_size, promised.head - head_size), f);
  }
  if (!promised.complaint.empty()) {
    failure_ = {THARSIS_E_PROTOCOL, std::move(promised.complaint)};
    from_ = buffer_.size();
    return false;
  }
  f.command = u32_at(rest, 8);
  f.sequence = u32_at(rest, 12);
  const auto body = rest.subspan(promised.head, promised.total - promised.head);
  f.body.assign(body.begin(), body.end());
  ready_.push_back(std::move(f));
  from_ += promised.total;
  return true;
}

std::optional<frame> frame_reader::take_frame() {
  if (ready_from_ == ready_.size()) return std::nullopt;
  frame f = std::move(ready_[ready_from_++]);
  if (ready_from_ == ready_.size()) {
    ready_.clear();
    ready_from_ = 0;
  }
  return f;
}

}  // namespace tharsis::mars

#include "sdk/pure/mars_frame.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>

namespace tharsis::mars {
namespace {

constexpr size_t option_head_size = 4;
constexpr size_t option_size_max = 0xFFFF;
// A large frame's memory goes with it.
constexpr size_t buffer_kept = 128 * 1024;

void put_u16(uint8_t* at, size_t value) {
  at[0] = static_cast<uint8_t>(value >> 8);
  at[1] = static_cast<uint8_t>(value);
}

void put_u32(uint8_t* at, size_t value) {
  put_u16(at, value >> 16);
  put_u16(at + 2, value);
}

size_t u16_at(std::span<const uint8_t> bytes, size_t at) { return static_cast<size_t>(bytes[at] << 8 | bytes[at + 1]); }

uint32_t u32_at(std::span<const uint8_t> bytes, size_t at) {
  return static_cast<uint32_t>(u16_at(bytes, at) << 16 | u16_at(bytes, at + 2));
}

// A sentence that is longer than an option can hold loses its end.
std::span<const uint8_t> refusal_of(const frame_view& f) {
  return {reinterpret_cast<const uint8_t*>(f.refusal.data()), std::min(f.refusal.size(), option_size_max)};
}

size_t option_size(std::span<const uint8_t> value) { return value.empty() ? 0 : option_head_size + value.size(); }

using put_function = void (*)(void* to, const uint8_t* data, size_t size);

void write_option(option type, std::span<const uint8_t> value, put_function put, void* to) {
  if (value.empty()) return;
  std::array<uint8_t, option_head_size> head;
  put_u16(&head[0], type);
  put_u16(&head[2], value.size());
  put(to, head.data(), head.size());
  put(to, value.data(), value.size());
}

void put_into_vector(void* to, const uint8_t* data, size_t size) {
  auto& out = *static_cast<std::vector<uint8_t>*>(to);
  out.insert(out.end(), data, data + size);
}

constexpr size_t retry_after_size = 4;

size_t head_length(const frame_view& f) {
  return head_size + option_size(f.key) + option_size(refusal_of(f)) + (f.retry_after_ms > 0 ? option_head_size + retry_after_size : 0) + option_size(f.move);
}

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
std::string read_options(std::span<const uint8_t> area, frame_view& f) {
  while (!area.empty()) {
    const size_t size = area.size() < option_head_size ? option_size_max : u16_at(area, 2);
    if (area.size() < option_head_size + size) return "a frame's options do not fit into its head";
    const size_t type = u16_at(area, 0);
    const auto value = area.subspan(option_head_size, size);
    area = area.subspan(option_head_size + size);
    if (type == option_key) {
      if (value.empty() || value.size() > key_size_max || !f.key.empty())
        return "a frame's key must stand once and have 1 to " + std::to_string(key_size_max) + " bytes";
      f.key = value;
    } else if (type == option_refusal) {
      if (value.empty() || !f.refusal.empty()) return "a frame's refusal must stand once and not be empty";
      f.refusal = {reinterpret_cast<const char*>(value.data()), value.size()};
    } else if (type == option_retry_after) {
      if (value.size() != retry_after_size || u32_at(value, 0) == 0 || f.retry_after_ms != 0) return "a frame's retry-after must stand once, have 4 bytes and not be 0";
      f.retry_after_ms = u32_at(value, 0);
    } else if (type == option_move) {
      if (value.empty() || value.size() > move_size_max || !f.move.empty())
        return "a frame's move must stand once and have 1 to " + std::to_string(move_size_max) + " bytes";
      f.move = value;
    }
  }
  return {};
}

}  // namespace

size_t frame_size(const frame_view& f) { return head_length(f) + f.body.size(); }

void append_frame(std::vector<uint8_t>& out, const frame_view& f, uint32_t client_version) {
  write_frame(f, client_version, put_into_vector, &out);
}

void write_frame(const frame_view& f, uint32_t client_version, put_function put, void* to) {
  assert(frame_size(f) <= frame_size_max && f.key.size() <= key_size_max && f.move.size() <= move_size_max);
  std::array<uint8_t, head_size> head;
  put_u32(&head[0], head_length(f));
  put_u32(&head[4], client_version);
  put_u32(&head[8], f.command);
  put_u32(&head[12], f.sequence);
  put_u32(&head[16], f.body.size());
  put(to, head.data(), head.size());
  write_option(option_key, f.key, put, to);
  write_option(option_refusal, refusal_of(f), put, to);
  std::array<uint8_t, retry_after_size> retry_after;
  put_u32(&retry_after[0], f.retry_after_ms);
  if (f.retry_after_ms > 0) write_option(option_retry_after, retry_after, put, to);
  write_option(option_move, f.move, put, to);
  if (!f.body.empty()) put(to, f.body.data(), f.body.size());
}

tharsis_status read_frame(std::span<const uint8_t> bytes, uint32_t client_version, frame_view& f, size_t& size, std::string& complaint) {
  f = {};
  size = 0;
  if (bytes.size() < head_size) return THARSIS_PENDING;
  promise promised = read_head(bytes, client_version);
  complaint = std::move(promised.complaint);
  if (!complaint.empty()) return THARSIS_E_PROTOCOL;
  f.command = u32_at(bytes, 8);
  f.sequence = u32_at(bytes, 12);
  size = promised.total;
  if (bytes.size() < size) return THARSIS_PENDING;
  f.body = bytes.subspan(promised.head, size - promised.head);
  if (promised.head > head_size) complaint = read_options(bytes.subspan(head_size, promised.head - head_size), f);
  return complaint.empty() ? THARSIS_OK : THARSIS_E_PROTOCOL;
}

std::span<uint8_t> frame_reader::room(size_t size) {
  if (taken_ == filled_) {
    taken_ = whole_ = filled_ = 0;
    if (buffer_.size() > buffer_kept) buffer_ = {};
  } else if (taken_ > 0 && buffer_.size() - filled_ < size) {
    std::memmove(buffer_.data(), buffer_.data() + taken_, filled_ - taken_);
    whole_ -= taken_;
    filled_ -= taken_;
    taken_ = 0;
  }
  if (buffer_.size() - filled_ < size) buffer_.resize(std::max(filled_ + size, std::min(2 * buffer_.size(), frame_size_max + size)));
  return std::span(buffer_).subspan(filled_, size);
}

tharsis_status frame_reader::on_received(size_t count) {
  filled_ += count;
  if (failure_.status == THARSIS_OK) look();
  return failure_.status;
}

tharsis_status frame_reader::on_bytes(std::span<const uint8_t> bytes) {
  if (failure_.status != THARSIS_OK) return failure_.status;
  if (!bytes.empty()) std::memcpy(room(bytes.size()).data(), bytes.data(), bytes.size());
  return on_received(bytes.size());
}

// How far the bytes are whole frames. After damage nothing more is looked at, or kept.
void frame_reader::look() {
  frame_view f;
  size_t size = 0;
  std::string complaint;
  for (;;) {
    const auto rest = std::span<const uint8_t>(buffer_).subspan(whole_, filled_ - whole_);
    const tharsis_status read = read_frame(rest, client_version_, f, size, complaint);
    if (read == THARSIS_PENDING) return;
    if (read != THARSIS_OK) {
      failure_ = {read, std::move(complaint)};
      filled_ = whole_;
      return;
    }
    whole_ += size;
  }
}

bool frame_reader::take(frame_view& f) {
  if (taken_ == whole_) return false;
  const auto rest = std::span<const uint8_t>(buffer_).subspan(taken_, whole_ - taken_);
  const size_t head = u32_at(rest, 0), body = u32_at(rest, 16);
  f = {};
  f.command = u32_at(rest, 8);
  f.sequence = u32_at(rest, 12);
  f.body = rest.subspan(head, body);
  if (head > head_size) read_options(rest.subspan(head_size, head - head_size), f);  // Has been found well formed.
  taken_ += head + body;
  return true;
}

std::optional<frame> frame_reader::take_frame() {
  frame_view f;
  if (!take(f)) return std::nullopt;
  return frame{f.command, f.sequence, {f.body.begin(), f.body.end()}, {f.key.begin(), f.key.end()}, std::string(f.refusal), f.retry_after_ms,
               {f.move.begin(), f.move.end()}};
}

std::optional<uint32_t> frame_reader::pending_sequence() const {
  if (pending() < head_size) return std::nullopt;
  return u32_at(std::span(buffer_).subspan(whole_), 12);
}

}  // namespace tharsis::mars

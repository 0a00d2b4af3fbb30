#include "sdk/pure/stream_receiver.h"

#include <algorithm>

namespace tharsis::streams {
namespace {
error violation(std::string what) { return {THARSIS_E_PROTOCOL, "the other side " + std::move(what)}; }
}  // namespace

void stream_receiver::begin(uint64_t has, const sha256_sum& so_far) {
  sum_ = so_far;
  kept_.clear();
  received_ = taken_ = confirmed_ = has;
  limit_ = grown_at_ = has;
  end_.reset();
  on_cut();
}

void stream_receiver::begin_anew() {
  const uint64_t allowed = limit_ - received_;
  begin(0, {});
  limit_ = allowed;
}

error stream_receiver::on_data(uint64_t offset, std::span<const uint8_t> bytes) {
  const uint64_t end = offset + bytes.size();
  if (offset != received_) return violation("sends byte " + std::to_string(offset) + " where byte " + std::to_string(received_) + " is due");
  if (end_) return violation("sends bytes behind the end");
  if (end > limit_) return violation("sends more than its window allows");
  if (size_ && end > *size_) return violation("sends more than the " + std::to_string(*size_) + " bytes that it had announced");
  sum_.add(bytes.data(), bytes.size());
  kept_.append(bytes);
  received_ = end;
  grow();
  return fine();
}

// The sender came close to the end of its window, and the application was no slower: the window is too small for the way.
void stream_receiver::grow() {
  const bool held_back = limit_ - received_ < window_ / 4;
  const bool app_keeps_up = kept_.size() <= window_ / 2;
  if (!held_back || !app_keeps_up || window_ >= std::min(settings_.window_max, cap_) || received_ - grown_at_ < window_) return;
  const uint64_t more = std::min(settings_.window_max - window_, window_);
  grown_at_ = received_;
  if (pool_.take(more)) window_ += more;
}

error stream_receiver::on_end(uint64_t size, const sum& of_all) {
  if (end_ && *end_ != of_all) return violation("ends the stream twice, with another sum");
  if (size != received_) return violation("ends the stream at " + std::to_string(size) + ", and " + std::to_string(received_) + " bytes came");
  if (size_ && size != *size_) return violation("ends the stream at " + std::to_string(size) + ", and had announced " + std::to_string(*size_));
  size_ = size;
  end_ = of_all;
  return fine();
}

// In steps that are worth a message, or the sender would fill the line with the heads of small ones.
uint64_t stream_receiver::limit() {
  const uint64_t window = std::min(window_, cap_), wanted = confirmed_ + window;
  if (wanted >= limit_ + window / 4 || (wanted > limit_ && limit_ == received_)) limit_ = wanted;
  return told_limit_ = limit_;
}

std::optional<message> stream_receiver::take_credit() {
  const uint64_t told = told_limit_;
  const uint64_t allowed = limit();
  if (told_seen_ == received_ && told_confirmed_ == confirmed_ && told == allowed) return std::nullopt;
  message m;
  m.is = message::kind::credit;
  m.seen = told_seen_ = received_;
  m.confirmed = told_confirmed_ = confirmed_;
  m.limit = allowed;
  return m;
}

std::vector<uint8_t> stream_receiver::take(size_t most) {
  const auto bytes = kept_.at(0, most);
  std::vector<uint8_t> taken(bytes.begin(), bytes.end());
  kept_.drop(taken.size());
  taken_ += taken.size();
  return taken;
}

}  // namespace tharsis::streams

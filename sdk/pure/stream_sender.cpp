#include "sdk/pure/stream_sender.h"

#include <algorithm>
#include <utility>

namespace tharsis::streams {
namespace {

// Of messages whose way is measured at a time.
constexpr size_t departures_max = 64;

error wrong_write(std::string text) { return {THARSIS_E_INVALID, std::move(text)}; }

}  // namespace

error stream_sender::violation(const char* what) { return {THARSIS_E_PROTOCOL, std::string("the other side ") + what}; }

// More than its own only as far as the pool has it; what was taken is given back when it is confirmed. What is only added up
// comes on top: alone, its last bytes would be too few for anybody to ask for.
size_t stream_sender::room() {
  if (!known_ || last_) return 0;
  const size_t allowed = settings_.own + from_pool_;
  if (allowed < settings_.buffer_max && kept_.size() * 2 > allowed) {
    const size_t more = std::min(settings_.buffer_max - allowed, allowed);
    if (pool_.take(more)) from_pool_ += more;
  }
  const uint64_t old = start_ - std::min(start_, written_);
  const size_t free = settings_.own + from_pool_ - std::min(kept_.size(), settings_.own + from_pool_);
  const uint64_t left = size_ ? *size_ - written_ : UINT64_MAX;
  return static_cast<size_t>(std::min<uint64_t>(std::min<uint64_t>(old, settings_.buffer_max) + free, left));
}

error stream_sender::write(std::span<const uint8_t> bytes, bool last) {
  if (last_ && (!bytes.empty() || last)) return wrong_write("the end of the stream was written already");
  const size_t old = static_cast<size_t>(std::min<uint64_t>(start_ - std::min(start_, written_), bytes.size()));
  if (bytes.size() - old > 0 && kept_.size() + bytes.size() - old > std::max(settings_.buffer_max, settings_.own))
    return wrong_write("more was written than there was room for");
  const uint64_t end = written_ + bytes.size();
  if (size_ && (end > *size_ || (last && end != *size_)))
    return wrong_write("the stream was said to have " + std::to_string(*size_) + " bytes, and " + std::to_string(end) + (last ? " are all" : " were written"));
  if (end > offset_max) return wrong_write("no stream is so long");
  sum_.add(bytes.data(), old);
  written_ += old;
  if (expected_ && written_ == start_) {
    sha256_sum there = sum_;
    const bool same = there.digest() == *std::exchange(expected_, std::nullopt);
    if (!same) return {THARSIS_E_GONE, "the first " + std::to_string(start_) + " bytes are not those that the other side has under this key"};
  }
  if (last && written_ < start_) return wrong_write("the other side has " + std::to_string(start_) + " bytes under this key, which is more than the whole");
  add_up(bytes.subspan(old));
  if (!last) return fine();
  last_ = true;
  size_ = written_;
  sha256_sum all = sum_;
  whole_ = all.digest();
  return fine();
}

void stream_sender::add_up(std::span<const uint8_t> bytes) {
  sum_.add(bytes.data(), bytes.size());
  kept_.append(bytes);
  written_ += bytes.size();
}

// From the first byte: nothing of what was written is known any more.
void stream_sender::begin_anew() {
  sum_ = {};
  expected_.reset();
  kept_.clear();
  start_ = base_ = written_ = sent_max_ = 0;
  last_ = false;
  give_back();
}

void stream_sender::give_back() {
  const size_t needless = kept_.empty() ? from_pool_ : 0;
  pool_.give(needless);
  from_pool_ -= needless;
}

error stream_sender::on_opened(uint64_t has, const sum& of_them, uint64_t limit) {
  if (size_ && has > *size_) return violation("has more bytes than the stream");
  if (limit < has) return violation("allows less than it has");
  if (known_ && has < base_) begin_anew();
  if (has > written_) {
    if (last_ || (known_ && written_ >= start_ && has > sent_max_ && written_ > 0)) return violation("has bytes that were not sent");
    start_ = has;
    expected_ = of_them;
    base_ = has;
  } else {
    if (has > std::max(sent_max_, start_)) return violation("has bytes that were not sent");
    if (has > base_) kept_.drop(static_cast<size_t>(has - base_));
    base_ = has;
  }
  known_ = open_ = true;
  next_ = seen_ = confirmed_ = has;
  limit_ = limit;
  sent_max_ = std::max(sent_max_, has);
  end_sent_ = finished_ = false;  // Each opening has an END of its own: whoever was done before waits for it again.
  give_back();
  return fine();
}

void stream_sender::on_cut() {
  open_ = false;
  departures_.clear();
}

error stream_sender::on_credit(const message& m, instant now) {
  if (!open_) return fine();
  if (m.seen > next_ || m.seen < seen_ || m.confirmed < confirmed_ || m.limit < limit_) return violation("confirms what was not sent, or takes back what it had said");
  for (; !departures_.empty() && departures_.front().end <= m.seen; departures_.pop_front()) round_trip_ = now - departures_.front().at;
  seen_ = m.seen;
  confirmed_ = m.confirmed;
  limit_ = m.limit;
  if (confirmed_ <= base_) return fine();
  kept_.drop(static_cast<size_t>(confirmed_ - base_));
  base_ = confirmed_;
  give_back();
  return fine();
}

error stream_sender::on_done(uint64_t size) {
  if (!open_ || !last_ || !end_sent_ || size != written_) return violation("has the whole of a stream that has not ended");
  confirmed_ = seen_ = base_ = written_;
  kept_.clear();
  give_back();
  finished_ = true;
  open_ = false;
  return fine();
}

std::optional<message> stream_sender::take(size_t most, instant now) {
  if (!has_more()) return std::nullopt;
  message m;
  if (next_ >= sendable()) {
    m.is = message::kind::end;
    m.size = written_;
    m.sum = whole_;
    end_sent_ = true;
    return m;
  }
  if (most == 0) return std::nullopt;
  m.is = message::kind::data;
  m.offset = next_;
  const uint64_t allowed = std::min<uint64_t>(sendable() - next_, std::min(most, data_max));
  m.bytes = kept_.at(static_cast<size_t>(next_ - base_), static_cast<size_t>(allowed));
  next_ += m.bytes.size();
  sent_max_ = std::max(sent_max_, next_);
  if (departures_.size() < departures_max) departures_.push_back({next_, now});
  return m;
}

}  // namespace tharsis::streams

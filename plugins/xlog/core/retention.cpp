#include "plugins/xlog/core/retention.h"

#include <algorithm>
#include <bit>
#include <numeric>
#include <tuple>

#include "sdk/abi/log.h"

namespace tharsis::xlog {
namespace {

int64_t time_of(const kept_file& f) {
  if (f.modified != 0) return std::clamp(f.modified, -farthest_time, farthest_time);
  return std::clamp(f.name.day + 1, -farthest_time / day_length, farthest_time / day_length) * day_length;
}

// Clocks differ by a little; what lies further ahead was written while the clock was wrong.
bool is_of_the_future(const kept_file& f, int64_t now) { return time_of(f) - now > day_length; }

// Nobody knows how old a file of the future is, and it must not outlive all that are right: it is the oldest.
std::vector<size_t> by_age(std::span<const kept_file> files, int64_t now) {
  std::vector<size_t> order(files.size());
  std::iota(order.begin(), order.end(), size_t{0});
  const auto key = [&](size_t i) { return std::tuple(!is_of_the_future(files[i], now), time_of(files[i]), files[i].name); };
  std::sort(order.begin(), order.end(), [&](size_t a, size_t b) { return key(a) < key(b); });
  return order;
}

// Those that may go, the oldest first: all but the newest, and those that somebody writes.
std::vector<size_t> candidates(std::span<const kept_file> files, uint32_t keep_at_least, int64_t now) {
  std::vector<size_t> order = by_age(files, now);
  std::erase_if(order, [&](size_t i) { return !files[i].may_go; });
  order.resize(order.size() - std::min<size_t>(order.size(), keep_at_least));
  return order;
}

// What is no warning is missed equally little.
int severity(const kept_file& f) { return std::max(std::bit_width(f.levels) - 1, int{THARSIS_LOG_INFO}); }

bool is_missed_less(const kept_file& a, const kept_file& b) { return severity(a) < severity(b); }

class choice {
 public:
  choice(std::span<const kept_file> files, std::vector<size_t> left) : files_(files), left_(std::move(left)) {}

  bool any() const { return !left_.empty(); }
  std::vector<size_t>::iterator oldest() { return left_.begin(); }
  // Of equals the first, which is the oldest.
  std::vector<size_t>::iterator least() {
    return std::min_element(left_.begin(), left_.end(), [&](size_t a, size_t b) { return is_missed_less(files_[a], files_[b]); });
  }
  void go(std::vector<size_t>::iterator which, departure_reason why) {
    gone_.push_back({*which, why});
    bytes_gone_ += files_[*which].bytes;
    left_.erase(which);
  }
  uint64_t bytes_gone() const { return bytes_gone_; }
  std::vector<departure> take() { return std::move(gone_); }
  const std::vector<size_t>& left() const { return left_; }

 private:
  std::span<const kept_file> files_;
  std::vector<size_t> left_;
  std::vector<departure> gone_;
  uint64_t bytes_gone_ = 0;
};

}  // namespace

std::vector<departure> departures(std::span<const kept_file> files, const retention& limits, uint64_t reserve,
                                  std::optional<uint64_t> free, int64_t now) {
  choice c(files, candidates(files, limits.keep_at_least, now));
  if (limits.keep_for > duration::zero()) {
    const auto is_old = [&](size_t i) { return now - time_of(files[i]) > limits.keep_for.count(); };
    while (c.any()) {
      const auto old = std::find_if(c.left().begin(), c.left().end(), is_old);
      if (old == c.left().end()) break;
      c.go(c.oldest() + (old - c.left().begin()), departure_reason::age);
    }
  }
  uint64_t all = reserve;
  for (const kept_file& f : files) all += f.bytes;
  while (limits.keep_bytes > 0 && c.any() && all - c.bytes_gone() > limits.keep_bytes) c.go(c.oldest(), departure_reason::bytes);
  while (free && c.any() && *free + c.bytes_gone() < limits.keep_free) c.go(c.least(), departure_reason::room);
  return c.take();
}

std::optional<size_t> least_missed(std::span<const kept_file> files, uint32_t keep_at_least, int64_t now) {
  choice c(files, candidates(files, keep_at_least, now));
  return c.any() ? std::optional(*c.least()) : std::nullopt;
}

}  // namespace tharsis::xlog

#include "plugins/stn/core/send_schedule.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "sdk/pure/error.h"

namespace tharsis::stn {
namespace {

// The smallest that so many of a hundred do not exceed; of a sorted list that is not empty.
duration percentile(const std::vector<duration>& sorted, size_t percent) {
  return sorted[(sorted.size() * percent + 99) / 100 - 1];
}

}  // namespace

std::optional<send_schedule::turn> send_schedule::take(instant now) {
  if (due() > now) return std::nullopt;
  const turn t{sent_, plan_.rate > 0 ? due() : now, later(plan_.rate > 0 ? due() : now, plan_.deadline)};
  due_.push_back(t.due);
  if (plan_.times) times_.emplace_back();
  ++sent_;
  ++open_;
  return t;
}

instant send_schedule::due() const {
  if (sent_ == plan_.count) return never;
  // From the start each time: a sum of rounded gaps would drift.
  if (plan_.rate > 0) {
    const double offset = static_cast<double>(sent_) / plan_.rate * 1e9;
    return offset < 9e18 ? later(start_, duration(std::llround(offset))) : never;
  }
  return open_ < plan_.in_flight ? start_ : never;
}

std::optional<tharsis_status> send_schedule::on_outcome(int64_t number, tharsis_status status, instant now) {
  const int64_t first = sent_ - static_cast<int64_t>(due_.size());
  if (number < first || number >= sent_) return std::nullopt;
  const instant since = std::exchange(due_[static_cast<size_t>(number - first)], never);
  if (since == never) return std::nullopt;
  --open_;
  while (!due_.empty() && due_.front() == never) due_.pop_front();
  if (status == THARSIS_OK && now > later(since, plan_.deadline)) status = THARSIS_E_TIMEOUT;
  if (status == THARSIS_OK) {
    latencies_.push_back(now - since);
    if (plan_.times) times_[static_cast<size_t>(number)] = now - since;
    last_answer_ = now - start_;
    if (!first_answer_) first_answer_ = last_answer_;
  } else {
    ++reasons_[std::string(status_name(status))];
  }
  return status;
}

std::vector<int64_t> send_schedule::end() {
  std::vector<int64_t> numbers;
  const int64_t first = sent_ - static_cast<int64_t>(due_.size());
  for (size_t i = 0; i < due_.size(); ++i)
    if (due_[i] != never) numbers.push_back(first + static_cast<int64_t>(i));
  for (const int64_t number : numbers) on_outcome(number, THARSIS_E_CANCELLED, start_);
  plan_.count = sent_;
  return numbers;
}

send_report send_schedule::report() const {
  send_report r;
  r.sent = sent_;
  r.ok = static_cast<int64_t>(latencies_.size());
  r.reasons = reasons_;
  for (const auto& [reason, times] : reasons_) r.failed += times;
  r.first_answer = first_answer_;
  r.began = start_;
  r.times = times_;
  if (latencies_.empty()) return r;
  r.elapsed = *last_answer_ - *first_answer_;
  std::vector<duration> sorted = latencies_;
  std::sort(sorted.begin(), sorted.end());
  r.p50 = percentile(sorted, 50);
  r.p95 = percentile(sorted, 95);
  r.p99 = percentile(sorted, 99);
  r.max = sorted.back();
  return r;
}

}  // namespace tharsis::stn

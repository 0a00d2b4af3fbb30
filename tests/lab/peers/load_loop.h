// Which request is sent when. An open loop: request i is due at start + i / rate, whatever became of the others. Its
// latency counts from when it was due, so a client that falls behind has to say so. A closed loop: so many are without
// an answer at a time, and the next one is due when one has ended. Pure: `now` is an argument.
#pragma once
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/pure/json.h"
#include "sdk/pure/time.h"

namespace tharsis::lab {

struct load {
  uint32_t count = 1;
  double rate = 1;          // Requests in a second.
  duration deadline = 15s;  // Of each request, from when it is due.
  uint32_t in_flight = 0;   // Above 0: a closed loop, without a rate.
  bool times = false;       // Keep how long each took.
};

struct traffic {
  uint64_t connects = 0;  // Connections that came to stand.
  uint64_t bytes_sent = 0;
  uint64_t bytes_received = 0;
};

class load_loop {
 public:
  load_loop(load l, instant start) : load_(l), start_(start), ended_(l.count, false), due_(l.in_flight > 0 ? l.count : 0, start), times_(l.times ? l.count : 0) {}

  // In a closed loop: of one that was sent.
  instant due(uint32_t request) const {
    if (load_.in_flight > 0) return due_[request];
    return start_ + duration(std::llround(static_cast<double>(request) * 1e9 / load_.rate));
  }
  instant deadline_of(uint32_t request) const { return due(request) + load_.deadline; }

  // When there is another request to send, as far as is known now; `never`: that hangs on an end, or there is none.
  instant next_due() const {
    if (sent_ == load_.count) return never;
    if (load_.in_flight == 0) return due(sent_);
    return sent_ - answered() - failed_ < load_.in_flight ? start_ : never;
  }

  // The next request to send, if its time has come.
  std::optional<uint32_t> take_due(instant now) {
    if (next_due() > now) return {};
    if (load_.in_flight > 0) due_[sent_] = now;
    return sent_++;
  }

  // The next request whose deadline has passed; it counts as failed, and is to be forgotten.
  std::optional<uint32_t> take_expired(instant now) {
    skip_ended();
    if (oldest_ == sent_ || deadline_of(oldest_) > now) return {};
    end(oldest_, "deadline");
    return oldest_;
  }

  // The first word about a request counts, later ones change nothing. An answer behind its deadline is none.
  void on_answer(uint32_t request, instant now) {
    if (ended_[request]) return;
    if (now > deadline_of(request)) return end(request, "deadline");
    ended_[request] = true;
    latencies_.push_back(now - due(request));
    if (load_.times) times_[request] = latencies_.back();
    if (!first_answer_) first_answer_ = now - start_;
    last_answer_ = now - start_;
  }
  void on_failure(uint32_t request, std::string_view reason) {
    if (!ended_[request]) end(request, reason);
  }

  // When take_due() or take_expired() has something next; `never` when all have ended.
  instant deadline() {
    skip_ended();
    return std::min(next_due(), oldest_ < sent_ ? deadline_of(oldest_) : never);
  }
  bool done() const { return answered() + failed_ == load_.count; }

  uint32_t sent() const { return sent_; }
  uint32_t answered() const { return static_cast<uint32_t>(latencies_.size()); }
  uint32_t failed() const { return failed_; }
  const std::map<std::string, uint32_t>& reasons() const { return reasons_; }
  std::optional<duration> first_answer() const { return first_answer_; }
  instant began() const { return start_; }
  // By request, nothing of one without an answer; empty unless they are to be kept.
  const std::vector<std::optional<duration>>& times() const { return times_; }
  // From the first answer to the last.
  std::optional<duration> elapsed() const { return first_answer_ ? std::optional(last_answer_ - *first_answer_) : std::nullopt; }

  // The smallest latency that `share` of the answers did not exceed.
  std::optional<duration> percentile(double share) const {
    if (latencies_.empty()) return {};
    std::vector<duration> sorted = latencies_;
    const double rank = std::ceil(share * static_cast<double>(sorted.size()));
    const auto at = sorted.begin() + std::max<std::ptrdiff_t>(0, static_cast<std::ptrdiff_t>(rank) - 1);
    std::nth_element(sorted.begin(), at, sorted.end());
    return *at;
  }

 private:
  void skip_ended() {
    while (oldest_ < sent_ && ended_[oldest_]) ++oldest_;
  }
  void end(uint32_t request, std::string_view reason) {
    ended_[request] = true;
    ++failed_;
    ++reasons_[std::string(reason)];
  }

  load load_;
  instant start_;
  std::vector<bool> ended_;
  std::vector<instant> due_;  // In a closed loop.
  std::vector<std::optional<duration>> times_;
  uint32_t sent_ = 0, oldest_ = 0;  // Every request before `oldest_` has ended.
  uint32_t failed_ = 0;
  std::vector<duration> latencies_;
  std::map<std::string, uint32_t> reasons_;
  std::optional<duration> first_answer_;
  duration last_answer_{};
};

// The object that `tharsis stn send` prints too.
inline std::string outcome_json(const load_loop& loop, const traffic& moved) {
  json_object reasons, all;
  for (const auto& [reason, count] : loop.reasons()) reasons.add(reason, count);
  all.add("sent", loop.sent()).add("ok", loop.answered()).add("failed", loop.failed()).add("reasons", reasons);
  const auto add_us = [&](std::string_view name, std::optional<duration> d) {
    if (d) all.add(name, std::chrono::duration_cast<std::chrono::microseconds>(*d).count());
    else all.add_raw(name, "null");
  };
  add_us("p50_us", loop.percentile(0.50));
  add_us("p95_us", loop.percentile(0.95));
  add_us("p99_us", loop.percentile(0.99));
  add_us("max_us", loop.percentile(1));
  add_us("first_answer_us", loop.first_answer());
  add_us("elapsed_us", loop.elapsed());
  all.add("connects", moved.connects).add("bytes_sent", moved.bytes_sent).add("bytes_received", moved.bytes_received);
  if (!loop.times().empty()) {
    std::string times;
    for (const auto& took : loop.times()) times += (times.empty() ? "[" : ",") + (took ? std::to_string(took->count() / 1000) : "null");
    all.add("began_us", loop.began().time_since_epoch().count() / 1000).add_raw("times_us", times + "]");
  }
  return all.text();
}

}  // namespace tharsis::lab

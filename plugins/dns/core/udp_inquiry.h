// One question over UDP: when it is sent again, which datagrams answer it, and how long to listen for a second answer
// after the first: who races forged answers against true ones cannot keep the true one from coming.
//
// Pure. The owner sends the question when send() says so, hands in what comes from the server's address, and is done when
// over() is true.
#pragma once
#include <algorithm>
#include <vector>

#include "plugins/dns/core/findings.h"
#include "sdk/pure/address.h"
#include "sdk/pure/time.h"

namespace tharsis::dns {

struct udp_settings {
  // Of the question that gets no answer; twice as long each time. Nearly all resolvers answer sooner.
  duration again = 400ms;
  // After an answer, for another one. Longer than a true answer needs from abroad; zero: the first one counts.
  duration late_window = 200ms;
};

class udp_inquiry {
 public:
  udp_inquiry(question q, const udp_settings& s, instant now, instant until)
      : question_(std::move(q)), settings_(s), wait_(s.again), next_send_(now), until_(until) {}

  // True: send the question now; ask at each deadline().
  bool send(instant now) {
    if (over(now) || answered() || now < next_send_) return false;
    ++sent_;
    next_send_ = later(now, wait_);
    wait_ *= 2;
    return true;
  }

  void on_datagram(std::span<const uint8_t> bytes, instant now) {
    message m;
    switch (match(question_, bytes, m)) {
      case fit::fits: break;
      case fit::other_case: case_lost_ = true; return;
      default: ++strangers_; return;
    }
    if (m.truncated() || m.code() == rcode::bad_cookie) {  // A server that wants to see its own half of a cookie first takes a connection instead.
      truncated_ = true;
      return;
    }
    if (m.code() == rcode::format && !m.has_options() && !question_.bare) {
      knows_no_edns_ = true;
      return;
    }
    findings f = read_findings(question_, m);
    f.came = now;
    f.reached = true;
    if (!answered()) until_ = std::min(until_, later(now, settings_.late_window));
    if (answers_.size() >= answers_max || std::any_of(answers_.begin(), answers_.end(), [&](const auto& a) { return same(a, f); })) return;
    contradicted_ = contradicted_ || std::any_of(answers_.begin(), answers_.end(), [&](const auto& a) { return contradict(a, f); });
    answers_.push_back(std::move(f));
  }

  bool over(instant now) const { return truncated_ || (knows_no_edns_ && !answered()) || now >= until_; }
  instant deadline() const { return answered() ? until_ : std::min(until_, next_send_); }

  const question& asked() const { return question_; }
  bool answered() const { return !answers_.empty(); }
  // Two answers to one question that have nothing in common: at most one is the server's. Where the question was sent more
  // than once they may be two moments' answers.
  bool disputed() const { return contradicted_ && sent_ == 1; }
  // Ask over TCP, which nobody answers who does not sit on the way: it did not fit, answers differ, or none was in the letters of the
  // question. Who knows what the server will say may forge an answer that has that too.
  bool wants_tcp() const { return truncated_ || answers_.size() > 1 || (!answered() && case_lost_); }
  // Nothing but that the question cannot be understood: ask once more without EDNS (RFC 6891, 7).
  bool wants_bare() const { return knows_no_edns_ && !answered() && !truncated_; }
  // In the order they came; those that say the same once.
  const std::vector<findings>& answers() const { return answers_; }
  // Datagrams that claimed to be the answer and were not: somebody guesses.
  size_t strangers() const { return strangers_; }
  int sent() const { return sent_; }

  // Takes away from `f` the addresses that `sure` has too.
  static void remove_common(findings& f, const findings& sure) {
    std::erase_if(f.addresses, [&](const auto& a) {
      return std::any_of(sure.addresses.begin(), sure.addresses.end(), [&](const auto& b) { return same_ip(a, b); });
    });
  }

 private:
  static constexpr size_t answers_max = 4;

  static bool has(const findings& f, const tharsis_address& at) {
    return std::any_of(f.addresses.begin(), f.addresses.end(), [&](const auto& one) { return same_ip(one, at); });
  }
  // Do they say the same, in whatever order?
  static bool same(const findings& a, const findings& b) {
    const auto keys = [](const service_record& x, const service_record& y) { return x.ech == y.ech; };
    return a.what == b.what && a.addresses.size() == b.addresses.size() && std::all_of(a.addresses.begin(), a.addresses.end(), [&](const auto& one) { return has(b, one); }) &&
           std::is_permutation(a.texts.begin(), a.texts.end(), b.texts.begin(), b.texts.end()) &&
           std::is_permutation(a.services.begin(), a.services.end(), b.services.begin(), b.services.end(), keys);
  }
  // One address in common is enough: servers hand out parts of a list.
  static bool contradict(const findings& a, const findings& b) {
    if (a.what != b.what) return true;
    if (a.addresses.empty() || b.addresses.empty()) return a.addresses.empty() != b.addresses.empty() || a.texts != b.texts;
    return std::none_of(a.addresses.begin(), a.addresses.end(), [&](const auto& one) { return has(b, one); });
  }

  const question question_;
  const udp_settings settings_;
  duration wait_;
  instant next_send_;
  instant until_;
  int sent_ = 0;
  bool truncated_ = false, case_lost_ = false, knows_no_edns_ = false, contradicted_ = false;
  size_t strangers_ = 0;
  std::vector<findings> answers_;
};

}  // namespace tharsis::dns

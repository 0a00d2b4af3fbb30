// Follows one link of stn: when to look for the cause of its failing, and what to tell about it.
//
// A failure asks for a round of checks, a new one supersedes what a running round began with; rounds
// are limited. A verdict is told when it says something new about the outage; FINE once, when the
// link is up again after a bad one.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "plugins/sdt/core/evidence.h"
#include "plugins/sdt/core/settings.h"
#include "plugins/sdt/core/token_bucket.h"
#include "sdk/abi/stn.h"

namespace tharsis::sdt {

// tharsis_stn_link, owned.
struct link_state {
  uint32_t state = THARSIS_STN_DOWN;
  tharsis_status status = THARSIS_OK;
  std::string endpoint;
  std::string address;
  std::string reason;
  duration gap{};
};

class watch {
 public:
  explicit watch(const settings& s) : settings_(s), rounds_(s.rate.burst, s.rate.every) {}

  void on_link(const link_state& told, instant now);
  // The end of the round that was taken last.
  void on_findings(findings found, instant now);
  void on_deadline(instant now);
  instant deadline(instant now);

  // A round to start; one that runs is given up for it.
  std::optional<target> take_round() { return std::exchange(round_, std::nullopt); }
  // The running round, if there is one, is for nothing: the link is up, or meant to be down.
  bool take_end() { return std::exchange(end_, false); }
  std::vector<link_verdict> take_verdicts() { return std::exchange(verdicts_, {}); }

 private:
  void on_up(const link_state& told, instant now);
  void on_failure(link_report what, instant since, instant now);
  void forget();
  void start_round(instant now);
  instant connecting_due() const;

  const settings settings_;
  token_bucket rounds_;

  std::optional<link_state> last_;
  instant connecting_since_ = never;
  instant failing_since_ = never;
  link_report report_;
  target target_;
  bool wanted_ = false;  // A round, as soon as the rate allows it.
  struct round {
    endpoint server;
    link_report link;
  };
  std::optional<round> running_;
  std::optional<std::pair<uint32_t, std::string>> bad_;  // Told in this outage: code and place.

  std::optional<target> round_;
  bool end_ = false;
  std::vector<link_verdict> verdicts_;
};

}  // namespace tharsis::sdt

// One suspicion while its evidence is gathered: how surely it is true, and what speaks for and against it.
//
// Log-odds add up. What two observations that differ in one factor say counts as a contrast; without one nothing is
// more than 0.6 sure, without the mechanism itself nothing more than 0.85, and nothing is ever surer than 0.97.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "plugins/sdt/core/verdict.h"

namespace tharsis::sdt {

class claim {
 public:
  // `prior`: log-odds before anything was seen. Faults are rare, and -2 is one in eight of those who ask.
  explicit claim(verdict_code code, double prior = -2);

  // `weight`: how much likelier the observation is if the claim is true, as a natural logarithm.
  claim& because(const probe& seen, double weight);
  // It differs from the evidence in one factor, and fares otherwise.
  claim& unlike(const probe& control, double weight = 2);
  // The same seen once more.
  claim& again(const probe& seen, double weight = 1.5);
  claim& despite(const probe& seen, double weight);
  // The mechanism itself was seen.
  claim& proven_by(const probe& seen, double weight = 6);
  // Without an observation of its own, by what the session is.
  claim& contrast(double weight = 2);
  claim& proven();

  // A word for a place in the sentences: with("size", "1400").
  claim& with(std::string_view place, std::string word);
  claim& detail(std::string text);
  claim& blames(blame who);
  claim& is_information();  // It breaks nothing this time.
  claim& asks_for(std::string name, std::vector<std::string> args = {});

  double confidence() const;
  verdict take(const session_facts& about) const;

 private:
  void note(std::vector<std::string>& into, const probe& seen);
  std::string filled(std::string_view sentence, const session_facts& about) const;

  verdict made_;
  double log_odds_;
  bool contrast_ = false, mechanism_ = false;
  std::vector<std::pair<std::string, std::string>> words_;
};

// A claim below this is not made: it would be wrong more often than right.
inline constexpr double claim_floor = 0.45;

}  // namespace tharsis::sdt

// What many seeds have come to, for people and as JSON.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "runtime/simulation/simulated_run.h"

namespace tharsis::runtime {

class simulation_report {
 public:
  void add(uint64_t seed, const seed_outcome& outcome);

  uint64_t seeds() const { return seeds_; }
  uint64_t failed() const { return failed_; }
  // The lowest seed that failed.
  std::optional<uint64_t> first_failed() const;

  // Tables of faults and ends; the first seed that failed with its problems and `replay` behind it, the
  // command that shows it.
  std::string text(const std::string& replay) const;
  std::string json(const std::string& replay) const;

 private:
  struct fault_count {
    int drawn = 0, struck = 0, seeds = 0, failed = 0;
  };
  uint64_t seeds_ = 0, failed_ = 0, wakes_ = 0;
  duration took_{};
  std::map<std::string, fault_count> faults_;
  std::map<std::string, std::map<std::string, uint64_t>> ends_;
  std::map<std::string, uint64_t> codes_;
  std::map<uint64_t, std::vector<std::string>> worst_;  // The lowest seeds that failed, and why.
};

}  // namespace tharsis::runtime

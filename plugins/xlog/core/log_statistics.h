// Counts lines over time, by level, plugin, tag and place, in bounded memory; and draws it.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>

#include "plugins/xlog/core/level.h"
#include "plugins/xlog/core/log_line.h"

namespace tharsis::xlog {

class log_statistics {
 public:
  void add(const log_line& l);

  // `bytes`: of the files. `colours`: the levels' in the histogram.
  std::string text(uint64_t bytes, bool colours) const;
  std::string json(uint64_t bytes) const;

 private:
  using by_level = std::array<uint64_t, levels_count>;
  using names = std::map<std::string, uint64_t, std::less<>>;
  struct counters {
    site of;
    uint64_t *plugin = nullptr, *tag = nullptr, *place = nullptr;
  };
  static uint64_t* counter(names& in, const std::string& name);
  counters counters_of(const site& s);
  by_level& stretch_of(int64_t wall);
  std::string histogram(bool colours) const;
  std::string top(const std::string& title, const names& of) const;

  uint64_t lines_ = 0;
  int64_t first_ = 0, last_ = 0;
  by_level levels_{};
  int64_t width_ = 1'000'000'000;      // Of a stretch of time; it doubles when there are too many.
  std::map<int64_t, by_level> times_;  // By number of the stretch since 1970.
  names plugins_, tags_, sites_;
  std::unordered_map<const site*, counters> known_;  // What is at an address may become another site.
  by_level* stretch_ = nullptr;                      // Of the line before,
  int64_t stretch_at_ = 0;                           // and its number.
};

}  // namespace tharsis::xlog

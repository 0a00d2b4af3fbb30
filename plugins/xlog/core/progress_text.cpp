#include "plugins/xlog/core/progress_text.h"

#include <algorithm>
#include <array>
#include <cstdio>

namespace tharsis::xlog {
namespace {

struct unit {
  double bytes;
  const char* name;
};

// In which a number of bytes has three digits at most before the point, if there is one.
unit unit_of(double bytes) {
  constexpr std::array units{unit{1, "B"}, unit{1e3, "kB"}, unit{1e6, "MB"}, unit{1e9, "GB"}, unit{1e12, "TB"}};
  size_t at = 0;
  while (at + 1 < units.size() && bytes >= 999.5 * units[at].bytes) ++at;
  return units[at];
}

std::string number_text(double bytes, const unit& in) {
  const double value = bytes / in.bytes;
  char digits[32];
  std::snprintf(digits, sizeof digits, in.bytes > 1 && value < 9.95 ? "%.1f" : "%.0f", value);
  return digits;
}

}  // namespace

std::string progress_text(const progress& p) {
  const auto all = static_cast<double>(p.all), done = static_cast<double>(std::min(p.done, p.all));
  const unit in = unit_of(all);
  std::string text = std::to_string(p.all > 0 ? static_cast<int>(done / all * 100) : 100) + " %, " + number_text(done, in) + " of " + number_text(all, in) + " " + in.name;
  if (p.took > 0) {
    const double speed = static_cast<double>(p.done) * 1e9 / static_cast<double>(p.took);
    const unit each = unit_of(speed);
    text += ", " + number_text(speed, each) + " " + each.name + "/s";
  }
  return text + ", " + std::string(p.file);
}

}  // namespace tharsis::xlog

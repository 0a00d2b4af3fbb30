// What has changed from one report to another: verdicts that went and came, and numbers that moved.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/sdt/core/verdict.h"

namespace tharsis::sdt {

// One number of a session, as both saw it.
struct measure {
  std::string name;  // "round trip", "loss", "name", ...
  double before = 0, after = 0;
  bool is_share = false;  // Else milliseconds.
  bool moved = false;     // By more than noise.
};

struct report_difference {
  std::optional<bool> same_network;  // Nothing: one of them does not say of which it is.
  std::vector<verdict> gone, come, stayed;  // As `before` had them; as `after` has them.
  std::vector<measure> measures;
};

report_difference compare(const report& before, const report& after);

std::string render_text(const report& before, const report& after, const report_difference& d);
std::string render_json(const report& before, const report& after, const report_difference& d);

}  // namespace tharsis::sdt

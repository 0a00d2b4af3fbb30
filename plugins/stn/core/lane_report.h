// How the lanes of a link are, for people.
#pragma once
#include <cstdint>
#include <string>

namespace tharsis::stn {

struct lane_totals {
  uint64_t opened = 0;      // Lanes that came up beside the link's own connection,
  uint64_t failed = 0;      // and that did not, or died.
  uint64_t copies = 0;      // Tasks that were sent once more on another lane,
  uint64_t copy_bytes = 0;  // and how large those were.
  uint64_t won = 0;         // Tasks that a copy's answer ended,
  uint64_t late = 0;        // and answers that came for nobody any more.
  uint64_t refused = 0;     // Copies that were due, and that budget or queue did not allow.
  bool operator==(const lane_totals&) const = default;
};

// As THARSIS_STN_LANES_ONE ...
enum class lane_use : uint32_t { one, several, off };

struct lane_report {
  lane_use use = lane_use::one;
  std::string reason;
  uint64_t lanes = 0;  // That are up, the link's own connection among them.
  uint64_t late_permille = 0;  // Tasks without an answer when a copy was due.
  uint64_t copies_left = 0;    // That the budget allows now.
  lane_totals totals;          // Since the link began.
};

inline constexpr const char* lane_use_names[] = {"one", "several", "off"};

// One line without its end; empty where there is nothing to say.
inline std::string lane_text(const lane_report& r) {
  const lane_totals& t = r.totals;
  if (r.use == lane_use::one && t.opened == 0 && t.copies == 0) return {};
  std::string text = r.use == lane_use::several ? std::to_string(r.lanes) : lane_use_names[static_cast<size_t>(r.use)];
  if (!r.reason.empty()) text += ": " + r.reason;
  const auto number = [](uint64_t n, const char* of) { return ", " + std::to_string(n) + of; };
  text += number(t.opened, " opened") + number(t.failed, " failed") + number(t.copies, " copies") + " (" + std::to_string(t.copy_bytes) + " bytes)";
  return text + number(t.won, " won") + number(t.late, " for nothing") + number(t.refused, " not allowed") + number(r.copies_left, " may go now");
}

}  // namespace tharsis::stn

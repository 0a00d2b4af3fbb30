// How second connections of a link went, for people.
#pragma once
#include <string>

#include "plugins/stn/core/second_way.h"

namespace tharsis::stn {

struct second_report {
  second_totals totals;  // Since the link began.
  second_reason why = second_reason::none;  // The last one.
  uint64_t copies = 0;   // Requests that went on both connections.
};

// One line without its end; empty where there is nothing to say.
inline std::string second_text(const second_report& r) {
  if (r.totals.dialled == 0) return {};
  const auto number = [](uint64_t n, const char* of) { return std::to_string(n) + of; };
  return number(r.totals.dialled, " dialled") + ", " + number(r.totals.needed, " needed, ") + number(r.totals.needless, " needless, ") +
         number(r.totals.failed, " failed; ") + number(r.copies, " requests on both; the last one: ") + second_reason_names[static_cast<size_t>(r.why)];
}

}  // namespace tharsis::stn

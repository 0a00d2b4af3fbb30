// What `tharsis dns resolve` prints of one name.
#pragma once
#include <string>
#include <vector>

#include "plugins/dns/core/answer.h"
#include "sdk/pure/time.h"

namespace tharsis::dns {

struct resolve_report {
  std::string name;
  answer what;
  bool has_records = false;  // Of another type than addresses was asked.
  std::vector<std::string> records;
  std::vector<testimony> heard;  // For explanations.
  bool explain = false;
  duration took{};

  // {"name","candidates":[{"address","port","source","proven","stale","why"}],"refused":[{"address","source","why"}],
  //  "verdict","ms","status","reason"}, and "records" and "sources" where they were asked for.
  std::string json() const;
  // One line, and one for each address that was refused; the name in so many columns.
  std::string text(size_t width) const;
};

}  // namespace tharsis::dns

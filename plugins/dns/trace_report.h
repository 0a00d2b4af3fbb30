// What `tharsis dns trace` prints of one name: a table over time, or a line of JSON.
#pragma once
#include <string>
#include <vector>

#include "plugins/dns/core/answer.h"
#include "plugins/dns/core/trace.h"

namespace tharsis::dns {

struct trace_report {
  std::string name;
  trust mode = trust::guarded;
  instant began{};
  duration took{};
  std::vector<trace_matter> matters;  // None: no server was asked.
  answer what;
  std::vector<std::string> records{};  // Where no addresses were asked for.

  std::string text() const;
  std::string json() const;
};

}  // namespace tharsis::dns

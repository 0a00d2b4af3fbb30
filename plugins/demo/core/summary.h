// What the demo says at its end, and while it runs: pure text.
#pragma once
#include <string>

#include "plugins/demo/core/settings.h"
#include "plugins/demo/core/tally.h"

namespace tharsis::demo {

struct surroundings_of_run {
  duration took{};
  std::string state_folder;
  std::string program;
  int64_t outages = 0;
  bool colours = false;
};

// One short line: how far it is.
std::string progress_line(const tally& t, instant now, instant down_since);
// One line: something that changed.
std::string event_line(duration since, const std::string& text);
// Several lines: what happened, what is left and where, what to try next.
std::string summary(const tally& t, const surroundings_of_run& run);

}  // namespace tharsis::demo

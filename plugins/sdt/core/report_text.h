// A report for a terminal: what is wrong, what to do, why, on one screen.
#pragma once
#include <string>

#include "plugins/sdt/core/verdict.h"

namespace tharsis::sdt {

// Without a line end at its end. At most 24 lines of 80 columns where the sentences allow it.
std::string render_text(const report& r, bool colours);

// For searching logs: "sdt im.example.com:443 pmtu_black_hole_up 0.97 path clamp_mss(1360)".
std::string render_line(const report& r);

}  // namespace tharsis::sdt

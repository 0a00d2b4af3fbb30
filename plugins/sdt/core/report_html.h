// A report as one HTML file that needs nothing else: no script, no font, no picture from outside, light and dark.
//
// Whatever servers and networks said is escaped and never becomes a link.
#pragma once
#include <string>
#include <string_view>

#include "plugins/sdt/core/verdict.h"

namespace tharsis::sdt {

std::string render_html(const report& r);

// For text and for attributes in quotes; what is no UTF-8 becomes U+FFFD.
std::string html_text(std::string_view text);

}  // namespace tharsis::sdt

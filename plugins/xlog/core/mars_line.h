// A line as Mars writes it:
//
//   [I][2026-11-25 +1.0 11:11:12.123][4711, 4712*][stn/dialer][dialer.cpp:42, dial][link 'main' is up
//
// level, local time with its hours before UTC, process, thread and * for the main one, tag, place in the program, text. A text
// may have more lines, and nothing marks where it ends but the next line that begins like this.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "plugins/xlog/core/record.h"
#include "plugins/xlog/core/settings.h"

namespace tharsis::xlog {

// No line is longer: texts and names are cut.
inline constexpr size_t mars_line_max = text_max + (8 << 10);

// With a newline at its end. `ahead`: of UTC, in nanoseconds. The tag is the plugin, then a slash and its tag.
void append_mars_line(std::string& out, const record& r, uint32_t process, int64_t ahead);

// Of a line without its newline. False: it does not begin like one of Mars'; `into` is then unspecified. What has no slash in
// its tag has no plugin.
bool parse_mars_line(std::string_view line, record& into);

// Of the day, local time.
unsigned local_hour(int64_t wall, int64_t ahead);

}  // namespace tharsis::xlog

// The text form of a record: one record is one line, whatever its bytes are.
//
//     2026-11-25T10:11:12.123456Z I 4711 stn/dialer link 'main' is up\n
//
// UTC time, level (V D I W E F), thread, plugin, "/" and the tag if there is one, text. A line is valid UTF-8 without
// control characters: they, and bytes that are no UTF-8, stand as \n \r \t \xhh, a backslash as \\. In a plugin's id
// and in a tag the space is escaped too, in the id the slash, and an empty id is "-". A line tells all of a record but
// file and line, and has exactly one form, so that damage shows.
#pragma once
#include <array>
#include <optional>
#include <string>
#include <string_view>

#include "plugins/xlog/core/record.h"

namespace tharsis::xlog {

// With the newline. `level` above the last counts as fatal.
void append_line(std::string& out, const record& r);

// Plugin and tag as a line has them.
void append_origin(std::string& out, std::string_view plugin, std::string_view tag);

// Why a line is not one of ours.
struct line_damage {
  std::string why;   // "byte 31: there is no level 'Q'".
  bool cut = false;  // Right as far as it goes, but it ends too early.
};

// `line` without its newline. On damage `into` is unspecified.
std::optional<line_damage> parse_line(std::string_view line, record& into);

// What a writer puts behind a line that another one left unfinished: whatever stood there, the whole
// is a line that is known to be cut.
inline constexpr std::string_view cut_mark = " \\\n";

// What stands behind a text of which so many bytes were left out: nothing, if none were. It needs no memory.
class cut_note {
 public:
  explicit cut_note(size_t missing);
  std::string_view text() const { return {text_.data(), size_}; }

 private:
  std::array<char, 48> text_;
  size_t size_ = 0;
};

// For showing bytes of unknown origin to a person: as a line's text is written.
std::string escaped(std::string_view text);

}  // namespace tharsis::xlog

// The text of a site's lines, taken apart once, so that each line costs little more than copying its parts. It says
// exactly what format_line() and append_line() say.
#pragma once
#include <array>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/xlog/core/bits.h"
#include "plugins/xlog/core/cells.h"
#include "plugins/xlog/core/site.h"
#include "sdk/pure/log_format.h"

namespace tharsis::xlog {

class site_format {
 public:
  explicit site_format(const site& s);

  // The text as it is, and as a line of a log has it: without control characters and bytes that are no UTF-8.
  void append_text(byte_sink& to, const cells& values) const;
  void append_escaped(byte_sink& to, const cells& values) const;

  // " I " and " stn/dialer ", which stand before and behind the thread, to where head_most() bytes can be written; where they
  // end.
  char* put_level(char* to) const {
    std::memcpy(to, level_.data(), level_.size());
    return to + level_.size();
  }
  char* put_origin(char* to) const;
  size_t head_most() const { return level_.size() + origin_.size(); }

 private:
  enum class kind : uint8_t { none, text, i32, u32, i64, u64, f64, other };
  struct piece {
    uint32_t literal = 0;     // Where it begins in literals_, before the argument;
    uint32_t size = 0;
    uint32_t escaped = 0;     // and as a line has it.
    uint32_t escaped_size = 0;
    uint32_t fixed = 0;       // Where the argument is among the fixed parts,
    uint32_t text = 0;        // and among the texts.
    kind is = kind::none;     // The last one has none. `other`: it is rare, or its spec asks for something.
    char code = 0;
    format_spec spec;
  };

  bool add_pieces();
  uint32_t keep(std::string_view literal);
  template <bool escapes>
  bool append_pieces(byte_sink& to, const cells& values) const;
  void append_slowly(byte_sink& to, const cells& values, bool escapes) const;
  bool fits(const cells& values) const { return fits_ && values.fixed.size() == fixed_ && values.texts.size() == texts_; }

  std::string text_, codes_;
  std::array<char, 3> level_{' ', ' ', ' '};
  std::string origin_;    // Padded.
  std::vector<piece> pieces_;
  std::string literals_;  // One behind the other, each readable some bytes beyond its end.
  size_t most_ = 0;       // Bytes of a line's text without its texts.
  size_t texts_ = 0;
  size_t fixed_ = 0;
  bool fits_ = false;  // Text and codes belong together, and its literals can be escaped by themselves.
};

// A text as a line has it. False: it is no UTF-8, and what it means depends on what stands beside it; nothing is added.
bool append_escaped_alone(byte_sink& to, std::string_view text);

inline void append(byte_sink& to, std::string_view text) {
  if (text.empty()) return;
  std::memcpy(to.room(text.size()), text.data(), text.size());
  to.took(text.size());
}

}  // namespace tharsis::xlog

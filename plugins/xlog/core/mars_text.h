// Takes the text of Mars' records apart into lines. What does not begin like a line belongs to the one before it: texts may
// have more lines, and Mars says of itself what it has to say without a beginning.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "plugins/xlog/core/record.h"

namespace tharsis::xlog {

class mars_text {
 public:
  // More of the text of the record that is open goes there; in pieces, and with take() between them: so much memory it needs,
  // and some for a line, which is cut where it is too long.
  std::string& more() { return left_; }
  // That was all of the record.
  void end() { ended_ = true; }
  // Another record begins.
  void begin();
  // The rest of the record is not believed: what begins like a line still counts.
  void doubt() { doubted_ = true; }

  // Nothing: more text is needed, or that was all.
  std::optional<record> take();

 private:
  std::optional<std::string_view> next_line();
  std::optional<record> finish(int64_t following);
  void append_more(std::string_view line);
  int64_t time_ahead() const;

  std::string left_;
  size_t taken_ = 0;     // Of it.
  std::optional<record> open_;
  bool is_line_ = false;  // It began like one.
  bool doubted_ = false;
  bool ended_ = false;
  int64_t last_wall_ = 0;
};

}  // namespace tharsis::xlog

#include "plugins/xlog/core/full_policy.h"

#include <optional>
#include <string>

#include "plugins/xlog/core/level.h"
#include "sdk/pure/units.h"

namespace tharsis::xlog {
namespace {

constexpr std::string_view form = "say \"drop\", \"wait 200ms\", \"drop below warning\" or \"drop below warning, wait 50ms\"";

// The words of a rule one by one; a comma is one.
class words {
 public:
  explicit words(std::string_view text) : text_(text) {}

  // Empty: there are no more.
  std::string_view next() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    begin_ = at_;
    if (at_ < text_.size() && text_[at_] == ',') ++at_;
    else
      while (at_ < text_.size() && text_[at_] != ' ' && text_[at_] != ',') ++at_;
    return text_.substr(begin_, at_ - begin_);
  }
  // About the word that came last.
  error wrong(const std::string& what) const {
    const std::string_view word = text_.substr(begin_, at_ - begin_);
    const std::string found = word.empty() ? "the end" : "'" + std::string(word) + "'";
    return {THARSIS_E_INVALID, "character " + std::to_string(begin_ + 1) + " of \"" + std::string(text_) + "\": " + what + ", got " + found +
                                   "; " + std::string(form)};
  }

 private:
  std::string_view text_;
  size_t at_ = 0, begin_ = 0;
};

result<duration> take_wait(words& from) {
  const auto time = parse_duration(from.next());
  if (!time) return from.wrong(time.failure().text);
  if (*time > full_wait_max) return from.wrong("expected at most 1m");
  return *time;
}

result<uint32_t> take_level(words& from) {
  const auto level = level_from(from.next());
  if (!level || *level == THARSIS_LOG_OFF) return from.wrong("expected a level, verbose to fatal");
  return *level;
}

}  // namespace

result<full_rule> parse_full_rule(std::string_view text, duration common) {
  words from(text);
  std::optional<duration> wait;
  std::optional<uint32_t> below;
  for (std::string_view word = from.next();; word = from.next()) {
    if (word == "wait" && !wait) {
      const auto time = take_wait(from);
      if (!time) return time.failure();
      wait = *time;
      word = from.next();
    } else if (word == "drop" && !below) {
      word = from.next();
      if (word == "below") {
        const auto level = take_level(from);
        if (!level) return level.failure();
        below = *level;
        word = from.next();
      } else if (word.empty() && !wait) {
        return full_rule{};  // All of them, at once.
      } else {
        return from.wrong("expected \"below\" and a level");
      }
    } else {
      return from.wrong(wait || below ? "expected the other half of the rule" : "expected \"wait\" or \"drop\"");
    }
    if (word.empty()) break;
    if (word != ",") return from.wrong("expected a comma or the end");
  }
  return full_rule{below.value_or(THARSIS_LOG_VERBOSE), wait.value_or(common)};
}

}  // namespace tharsis::xlog

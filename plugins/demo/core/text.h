// The text that is sent, and the log in which its tasks must be found again: pure.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/demo/core/settings.h"
#include "sdk/pure/error.h"

namespace tharsis::demo {

// The lines that are not empty, without the white space around them.
inline result<std::vector<std::string>> lines_of(std::string_view text) {
  constexpr std::string_view white = " \t\r";
  std::vector<std::string> lines;
  while (!text.empty()) {
    const size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    line.remove_prefix(std::min(line.find_first_not_of(white), line.size()));
    line = line.substr(0, line.find_last_not_of(white) + 1);
    if (line.size() > line_size_max)
      return error{THARSIS_E_INVALID, "line " + std::to_string(lines.size() + 1) + " has " +
                                          std::to_string(line.size()) + " bytes, more than " +
                                          std::to_string(line_size_max)};
    if (!line.empty()) lines.emplace_back(line);
  }
  if (lines.empty()) return error{THARSIS_E_INVALID, "there is not one line in it"};
  return lines;
}

// What every line about a task begins with, so that this run's are told from an earlier one's.
inline std::string task_mark(std::string_view run, size_t line) {
  return "run " + std::string(run) + " task " + std::to_string(line + 1) + " ";
}

// Reads a log in pieces of any size and notes which tasks it holds.
class log_search {
 public:
  log_search(std::string_view run, size_t tasks) : mark_("run " + std::string(run) + " task "), found_(tasks, false) {}

  void on_bytes(std::string_view bytes) {
    for (const char c : bytes) {
      if (c == '\n') {
        on_line();
        line_.clear();
      } else if (line_.size() < line_part_max) {
        line_ += c;
      }
    }
  }
  uint64_t lines() const { return lines_; }
  uint64_t tasks_found() const { return tasks_found_; }

 private:
  // The mark stands near the beginning; what comes after is the text of the line.
  static constexpr size_t line_part_max = 512;

  void on_line() {
    ++lines_;
    const size_t at = line_.find(mark_);
    if (at == std::string::npos) return;
    size_t number = 0, i = at + mark_.size();
    for (; i < line_.size() && line_[i] >= '0' && line_[i] <= '9' && number <= found_.size(); ++i)
      number = number * 10 + static_cast<size_t>(line_[i] - '0');
    if (i == line_.size() || line_[i] != ' ' || number == 0 || number > found_.size() || found_[number - 1]) return;
    found_[number - 1] = true;
    ++tasks_found_;
  }

  std::string mark_;
  std::vector<bool> found_;
  std::string line_;
  uint64_t lines_ = 0, tasks_found_ = 0;
};

}  // namespace tharsis::demo

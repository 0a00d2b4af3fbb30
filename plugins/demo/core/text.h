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

// Reads a log line by line and notes which tasks it holds.
class log_search {
 public:
  log_search(std::string_view run, size_t tasks) : mark_("run " + std::string(run) + " task "), found_(tasks, false) {}

  void on_line(std::string_view text) {
    ++lines_;
    const size_t at = text.find(mark_);
    if (at == std::string_view::npos) return;
    size_t number = 0, i = at + mark_.size();
    for (; i < text.size() && text[i] >= '0' && text[i] <= '9' && number <= found_.size(); ++i)
      number = number * 10 + static_cast<size_t>(text[i] - '0');
    if (i == text.size() || text[i] != ' ' || number == 0 || number > found_.size() || found_[number - 1]) return;
    found_[number - 1] = true;
    ++tasks_found_;
  }
  uint64_t lines() const { return lines_; }
  uint64_t tasks_found() const { return tasks_found_; }

 private:
  std::string mark_;
  std::vector<bool> found_;
  uint64_t lines_ = 0, tasks_found_ = 0;
};

}  // namespace tharsis::demo

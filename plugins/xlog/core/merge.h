// Which of several files has the next line: the earliest first, between equals the first file.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <queue>
#include <utility>
#include <vector>

namespace tharsis::xlog {

class merge {
 public:
  // The next line of `file` was said at `wall`. One line of a file at a time.
  void on_line(size_t file, int64_t wall) { heads_.emplace(wall, file); }

  // Whose line comes now; after this the file's next line may be told.
  std::optional<size_t> take() {
    if (heads_.empty()) return {};
    const size_t file = heads_.top().second;
    heads_.pop();
    return file;
  }

 private:
  using head = std::pair<int64_t, size_t>;
  std::priority_queue<head, std::vector<head>, std::greater<>> heads_;
};

}  // namespace tharsis::xlog

// Answers in the order of their tasks, whatever the order in which they come: what is early waits.
#pragma once
#include <cstdint>
#include <map>
#include <utility>
#include <vector>

namespace tharsis::stn {

class answer_order {
 public:
  // Task `number` is over, each number once; one that failed has an empty body.
  void on_over(int64_t number, std::vector<uint8_t> body) { early_.emplace(number, std::move(body)); }

  // Bodies whose turn has come.
  std::vector<std::vector<uint8_t>> take() {
    std::vector<std::vector<uint8_t>> bodies;
    for (auto first = early_.begin(); first != early_.end() && first->first == next_; first = early_.erase(first), ++next_)
      bodies.push_back(std::move(first->second));
    return bodies;
  }

 private:
  int64_t next_ = 0;
  std::map<int64_t, std::vector<uint8_t>> early_;
};

}  // namespace tharsis::stn

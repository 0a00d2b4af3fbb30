// Lines in, the bytes of a file in Mars' form out.
#pragma once
#include <functional>
#include <string>
#include <utility>

#include "plugins/xlog/core/mars_writer.h"
#include "plugins/xlog/core/record.h"

namespace tharsis::xlog {

class mars_export {
 public:
  // How far local time is before UTC at a wall time, in nanoseconds; null: UTC is shown.
  using zone = std::function<int64_t(int64_t wall)>;

  // `at_once`: a record for each line, in the clear.
  explicit mars_export(mars_writer writer, zone local = {}, bool at_once = false)
      : writer_(std::move(writer)), local_(std::move(local)), at_once_(at_once) {}

  // Appends what is finished. After a failure lines are missing. `process`: that said it; 0: not known.
  error add(std::string& to, const record& r, uint32_t process = 0);
  // What was added and stands nowhere yet. More may follow.
  error end(std::string& to);

 private:
  mars_writer writer_;
  zone local_;
  bool at_once_;
  std::string text_;  // Of the block that grows.
  unsigned first_hour_ = 0, last_hour_ = 0;
};

}  // namespace tharsis::xlog

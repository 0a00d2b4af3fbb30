// Format mars: lines as Mars writes them, in records that its decoders read.
#pragma once
#include <functional>
#include <string>
#include <utility>

#include "plugins/xlog/core/line_form.h"
#include "plugins/xlog/core/mars_writer.h"

namespace tharsis::xlog {

class mars_form final : public line_form {
 public:
  // `at_once`: a record for each line, in the clear. `ahead`: how far local time is before UTC at that time.
  mars_form(mars_writer writer, bool at_once, uint32_t process, std::function<int64_t(int64_t wall)> ahead)
      : line_form(process), writer_(std::move(writer)), at_once_(at_once), ahead_(std::move(ahead)) {}

 protected:
  error put(std::string& to, const record& r, const site* of, std::span<const uint8_t> arguments, uint32_t process) override;
  error close(std::string& to) override;

 private:
  mars_writer writer_;
  const bool at_once_;
  const std::function<int64_t(int64_t)> ahead_;
  std::string text_;  // Of the block that grows.
  unsigned first_hour_ = 0, last_hour_ = 0;
};

}  // namespace tharsis::xlog

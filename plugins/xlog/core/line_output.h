// How lines are shown: as text, JSON or CSV.
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "plugins/xlog/core/log_line.h"
#include "sdk/pure/error.h"

namespace tharsis::xlog {

// How far local time is ahead of UTC at a wall time, in nanoseconds; null: times are shown in UTC.
using zone = std::function<int64_t(int64_t wall)>;

// Renders times, all but their last digits once a second: "2026-11-25T10:11:12.123456Z", or "...+01:00".
class time_text {
 public:
  explicit time_text(zone local = {}) : local_(std::move(local)) {}
  void append(byte_sink& to, int64_t wall) {
    char* const at = reinterpret_cast<char*>(to.room(most));
    to.took(static_cast<size_t>(put(at, wall) - at));
  }

  // Where it ends; up to `most` bytes are written.
  static constexpr size_t most = 20 + 8 + 6;
  char* put(char* to, int64_t wall);

 private:
  zone local_;
  int64_t second_begins_ = 0;
  bool second_known_ = false;
  std::array<char, 20> text_{};  // Up to the point, with it.
  std::array<char, 6> ending_{};  // Behind the fraction.
  size_t ending_size_ = 0;
};

class line_output {
 public:
  virtual ~line_output() = default;
  // What comes before all lines.
  virtual void begin(byte_sink&) {}
  virtual void add(byte_sink& to, const log_line& l) = 0;
  // What comes behind them. A failure tells that some are missing.
  virtual error end(byte_sink&) { return {THARSIS_OK, {}}; }
};

// core/line.h's form; with `colours` the levels' around each line.
std::unique_ptr<line_output> text_output(bool colours = false, zone local = {});
// core/json_line.h's.
std::unique_ptr<line_output> json_output();
// RFC 4180, with a line of names; the last column has the fields as JSON.
std::unique_ptr<line_output> csv_output();

// core/mars_export.h's, packed by zlib, in the clear.
std::unique_ptr<line_output> mars_output(zone local = {});

}  // namespace tharsis::xlog

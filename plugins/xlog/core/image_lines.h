// The lines of a plain segment of which not all was in files, in the order of their clocks.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "plugins/xlog/core/recovery.h"
#include "plugins/xlog/core/site.h"

namespace tharsis::xlog {

class image_lines {
 public:
  image_lines(segment_image image, const clock_anchor& anchor);
  image_lines(const image_lines&) = delete;

  struct line {
    const site* of;
    uint64_t thread;
    int64_t wall;
    std::span<const uint8_t> arguments;  // Good until the next call.
  };
  std::optional<line> next();

  uint32_t process() const { return image_.info.pid; }

 private:
  const segment_image image_;
  const clock_anchor anchor_;
  const std::vector<site> sites_;  // By number.
  recovered_records records_;
};

// The sites of a segment's dictionary, by number; of one that is opened.
std::vector<site> sites_of(std::span<const uint8_t> dictionary);

}  // namespace tharsis::xlog

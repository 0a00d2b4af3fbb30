// The lines that a dead process left in its rings, out of the frame that holds them.
#pragma once
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "plugins/xlog/core/clock_anchor.h"
#include "plugins/xlog/core/key_file.h"
#include "plugins/xlog/core/keystream.h"
#include "plugins/xlog/core/recovery.h"
#include "plugins/xlog/core/site.h"

namespace tharsis::xlog {

class recovered_lines {
 public:
  // `payload` is copied. Fails with a sentence where it cannot be read.
  static result<std::unique_ptr<recovered_lines>> open(std::span<const uint8_t> payload, const clock_anchor& anchor, const private_key* key);
  static result<std::unique_ptr<recovered_lines>> open(segment_image image, const clock_anchor& anchor, const private_key* key);

  // False: that was all.
  bool next(recovered_record& out) { return records_->next(out); }
  // By number; those below it are there.
  const std::vector<site>& sites() const { return sites_; }
  const clock_anchor& anchor() const { return anchor_; }
  uint32_t process() const { return image_.info.pid; }
  uint64_t unreadable() const { return records_->unreadable(); }

 private:
  recovered_lines() = default;

  segment_image image_;
  std::optional<keystream> stream_;
  std::vector<site> sites_;
  clock_anchor anchor_;
  std::optional<recovered_records> records_;
};

}  // namespace tharsis::xlog

// Rows as a block_writer wants them: each behind its head, and where it is until the block is finished.
#pragma once
#include <deque>
#include <string>
#include <string_view>

#include "plugins/xlog/core/row.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {

class headed_rows {
 public:
  row add(uint32_t site, uint32_t thread, uint64_t tick, std::string_view arguments) {
    bytes_.push_back(std::string(row_head, '\xA5').append(arguments));
    return {site, thread, tick, as_bytes(bytes_.back()).subspan(row_head)};
  }

 private:
  std::deque<std::string> bytes_;
};

}  // namespace tharsis::xlog

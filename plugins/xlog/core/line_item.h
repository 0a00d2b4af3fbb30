// What a reader of somebody's files makes of their bytes: a line in words, or damage.
#pragma once
#include <string>

#include "plugins/xlog/core/record.h"

namespace tharsis::xlog {

struct line_item {
  record value;             // When there is no damage.
  std::string damage = {};  // "byte 1234: ...".
  bool cut = false;         // As in struct damage.
  bool torn = false;
};

}  // namespace tharsis::xlog

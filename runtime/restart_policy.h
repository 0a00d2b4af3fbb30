#pragma once
#include <cstdint>

#include "runtime/settings.h"

namespace tharsis::runtime {

// When a plugin that has failed is started again. The wait doubles from one failure to the next.
struct restart_policy {
  enum class when {
    never,
    on_failure,  // Once it has run: what cannot even start is more often wrong than unlucky.
    always,
  };
  when on = when::on_failure;
  duration wait = runtime_settings{}.restart_wait;
  duration wait_longest = runtime_settings{}.restart_wait_longest;
  uint32_t limit = runtime_settings{}.restart_limit;  // So often in a row, then it stays failed.
};

}  // namespace tharsis::runtime

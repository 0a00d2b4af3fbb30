// tharsis.log/1 as one of those has it who write: a plugin, the host application. Its lines go to the hub under its name.
#pragma once
#include <string>
#include <string_view>

#include "runtime/log_hub.h"
#include "runtime/metrics.h"
#include "sdk/abi/platform.h"

namespace tharsis::runtime {

class log_table {
 public:
  // Both outlive it.
  log_table(log_hub& hub, metrics& counted, std::string name);
  log_table(const log_table&) = delete;

  const tharsis_log* table() const { return &table_; }
  // Where flush() answers; before that it is not supported. [nobody writes yet]
  void answer_on(const tharsis_strand* strand) { strand_ = strand; }
  void write(uint32_t level, std::string_view text) const;  // [any thread]

 private:
  static void write(void* self, uint32_t level, tharsis_text text);
  static tharsis_status flush(void* self, tharsis_wake wake, void* context, tharsis_handle handle);
  static tharsis_log_ring* ring(void* self);
  static uint32_t site(void* self, const tharsis_log_site* site);
  static int32_t room(void* self, tharsis_log_ring* ring, uint64_t bytes, uint32_t site);
  static void wake(void* self);
  static const volatile uint32_t* level_of(void* self, tharsis_text tag);
  static tharsis_status flush_now(void* self, int64_t most);
  static int32_t is_secret(void* self, tharsis_text field);
  static log_table& of(void* self) { return *static_cast<log_table*>(self); }

  log_hub& hub_;
  const std::string name_;
  const shared_counter texts_, warnings_, errors_;
  const tharsis_strand* strand_ = nullptr;
  tharsis_log table_{};
};

}  // namespace tharsis::runtime

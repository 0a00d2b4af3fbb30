// Events that a host application takes when it suits, on a thread that owns no strand.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "runtime/bus.h"
#include "runtime/os_host_wake_linux.h"
#include "sdk/pure/error.h"

namespace tharsis::runtime {

class host_inbox {
 public:
  // Both outlive the inbox.
  host_inbox(bus& events, host_wake& wake) : bus_(events), wake_(wake) {}
  ~host_inbox();
  host_inbox(const host_inbox&) = delete;

  // Once, before everything else.
  tharsis_status open(const std::string& pattern, uint32_t policy, uint32_t depth, tharsis_error* error);

  // The next event, or null; valid until the next call. [one thread]
  const tharsis_event* next();
  // The same as a line of JSON. [one thread]
  std::string_view next_json();
  uint64_t dropped() const { return bus_.dropped(id_); }

 private:
  bus& bus_;
  host_wake& wake_;
  tharsis_handle id_ = 0;
  std::optional<bus::taken> last_;
  std::string json_;
};

}  // namespace tharsis::runtime

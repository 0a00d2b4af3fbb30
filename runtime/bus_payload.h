// A copy of an event's payload that owns everything its field table says it points to.
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "sdk/abi/bus.h"
#include "sdk/pure/error.h"

namespace tharsis::runtime {

// Names the first field that does not fit the payload; THARSIS_OK when the table is sound.
tharsis_status check_topic(const tharsis_topic& topic, tharsis_error* error);

class payload_copy {
 public:
  payload_copy(const tharsis_topic& topic, const void* payload);
  const void* data() const { return storage_.data(); }

 private:
  std::vector<std::max_align_t> storage_;  // The struct, then the texts it points to.
};

// The payload as a JSON object, secrets as "***". Bytes are printed in hexadecimal.
std::string payload_json(const tharsis_topic& topic, const void* payload);
// {"topic":..,"sequence":..,"wall":..,"snapshot":..,"payload":{..}}
std::string event_json(const tharsis_event& event);

}  // namespace tharsis::runtime

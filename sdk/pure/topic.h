// What a plugin says of a topic when it declares it: from its fields, and the type of its payload.
#pragma once
#include <cstddef>
#include <cstdint>

#include "sdk/abi/bus.h"

namespace tharsis {

// `kind`: THARSIS_TOPIC_STATE, _EVENT or _LOG, of which the last `depth` are kept. `fields` and `name` stay where they are.
template <class Payload, size_t count>
constexpr tharsis_topic topic_of(uint32_t kind, const char* name, const tharsis_field (&fields)[count], uint32_t depth = 0, uint32_t flags = 0) {
  return {sizeof(tharsis_topic), kind, name, fields, count, sizeof(Payload), depth, flags};
}

}  // namespace tharsis

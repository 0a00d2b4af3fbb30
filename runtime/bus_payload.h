// What a topic's field table says about payloads: whether it is sound, how to copy one, how to print one.
#pragma once
#include <cstddef>
#include <string>

#include "sdk/abi/bus.h"
#include "sdk/pure/error.h"

namespace tharsis::runtime {

// Names the first field that does not fit the payload; THARSIS_OK when the table is sound.
tharsis_status check_topic(const tharsis_topic& topic, tharsis_error* error);

bool is_inline(const tharsis_topic& topic);

// How many bytes a copy needs: the struct, then all that its fields point to.
size_t payload_size(const tharsis_topic& topic, const void* payload);
// `into` has so many bytes and is aligned for any type; the copy's fields point into it.
void copy_payload(const tharsis_topic& topic, const void* payload, void* into);

// The payload as a JSON object, secrets as "***". Bytes are printed in hexadecimal.
std::string payload_json(const tharsis_topic& topic, const void* payload);
// {"topic":..,"sequence":..,"wall":..,"snapshot":..,"payload":{..}}
std::string event_json(const tharsis_event& event);

}  // namespace tharsis::runtime

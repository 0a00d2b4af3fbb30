// Host table "tharsis.settings/1": the plugin's part of the profile, checked and typed by the
// manifest's schema, defaults filled in.
//
// Paths are dotted and relative to the plugin ("links.main.heartbeat.interval_min"); list elements
// are numbers ("endpoints.0"). Durations are int64 nanoseconds, sizes int64 bytes, enums and
// endpoints text. Texts stay valid until the next configure() or destroy(). [own strand]
#pragma once
#include "sdk/abi/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THARSIS_SETTINGS_ID "tharsis.settings/1"

// All answer THARSIS_E_NOT_FOUND for a setting that is absent and has no default, and
// THARSIS_E_INVALID for one of another type.
typedef struct tharsis_settings {
  uint32_t size;
  void* self;
  tharsis_status (*get_int)(void* self, const char* path, int64_t* value);  // int, duration, size
  tharsis_status (*get_real)(void* self, const char* path, double* value);
  tharsis_status (*get_bool)(void* self, const char* path, int32_t* value);
  tharsis_status (*get_text)(void* self, const char* path, tharsis_text* value);  // text, enum, endpoint, path
  // Elements of a list, entries of a map.
  tharsis_status (*count)(void* self, const char* path, uint32_t* value);
  // The key of a map's entry, in the order of the profile.
  tharsis_status (*key)(void* self, const char* path, uint32_t index, tharsis_text* value);
  // Where the value was set, for a person: "demo.yaml:12:7", "--set", "default".
  tharsis_status (*where)(void* self, const char* path, tharsis_text* value);
} tharsis_settings;

#ifdef __cplusplus
}
#endif

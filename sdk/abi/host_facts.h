// Small host tables: "tharsis.random/1", "tharsis.paths/1".
#pragma once
#include "sdk/abi/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THARSIS_RANDOM_ID "tharsis.random/1"
#define THARSIS_PATHS_ID "tharsis.paths/1"

typedef struct tharsis_random {
  uint32_t size;
  void* self;
  // Unpredictable bytes, good enough for keys. In the simulator they come from its seed.
  // [any thread] [does not block]
  void (*fill)(void* self, uint8_t* into, size_t size);
} tharsis_random;

// Absolute, without a trailing slash; valid for the life of the plugin. [any thread]
typedef struct tharsis_paths {
  uint32_t size;
  void* self;
  tharsis_text (*data)(void* self);    // ${data}/<id>: the plugin's own, not made yet.
  tharsis_text (*plugin)(void* self);  // The folder with plugin.yaml and what is shipped beside it.
} tharsis_paths;

#ifdef __cplusplus
}
#endif

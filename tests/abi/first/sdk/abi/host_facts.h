// Small host tables: "tharsis.random/1", "tharsis.paths/1", "tharsis.machine/1".
#pragma once
#include "sdk/abi/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THARSIS_RANDOM_ID "tharsis.random/1"
#define THARSIS_PATHS_ID "tharsis.paths/1"
#define THARSIS_MACHINE_ID "tharsis.machine/1"

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

// There is a real machine underneath. Where a host has no such table, as in the simulator, a plugin makes no system
// call: what it has in its os_*.cpp files is replaced by something of its own that needs none.
typedef struct tharsis_machine {
  uint32_t size;
  uint32_t reserved;
} tharsis_machine;

#ifdef __cplusplus
}
#endif

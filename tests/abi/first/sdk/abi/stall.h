// What the runtime's watchdog tells: event topic "runtime.stall". A callback of a plugin has run longer
// than the profile's `stall_limit`; everything else on its thread waits meanwhile.
#pragma once
#include "sdk/abi/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THARSIS_STALL_TOPIC "runtime.stall"

typedef struct tharsis_stall {
  tharsis_text plugin;
  tharsis_text callback;  // For a person: "an event of stn.link".
  int64_t lasted;         // At least so long, ns.
  uint8_t over;           // 0: it still runs.   1: it has come back.
  tharsis_text stack;     // One call a line, the innermost first; empty when it is over, or could not be had.
} tharsis_stall;

#ifdef __cplusplus
}
#endif

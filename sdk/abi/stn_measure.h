// Topic "stn.measure": what stn has done of its own accord, where no other topic tells of it: why, and what it cost. The others
// are "stn.lanes", "stn.datagrams", "stn.segments", "stn.server", "stn.heal", "stn.stream", and "stn.connect" because of SECOND;
// plugins/stn/MECHANISMS.md has all of them in a table, each with what switches it off.
#pragma once
#include "sdk/abi/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THARSIS_STN_MEASURE_TOPIC "stn.measure"

// A number keeps its meaning for ever; new ones come last.
enum {
  THARSIS_STN_MEASURE_RACED = 0,       // An address has not answered in time, so the next one is dialled beside it: a dial.
  THARSIS_STN_MEASURE_SPREAD = 1,      // A link comes back after `time`, since its server may have ended those of all its clients.
  THARSIS_STN_MEASURE_INTERVAL = 2,    // The path may be idle for `time` from now on, before a ping asks.
  THARSIS_STN_MEASURE_DEDUPLICATED = 3,  // A task without a key of the application's was sent more than once: `bytes` more of it.
  THARSIS_STN_MEASURE_PUSH_TWICE = 4,  // Two connections brought the same push, of `bytes`: it was given once.
  THARSIS_STN_MEASURE_KEPT = 5,        // A durable task is on the disk: `bytes`.
  THARSIS_STN_MEASURE_KEPT_AGAIN = 6,  // It has no answer yet, and goes again: `bytes`.
  THARSIS_STN_MEASURE_COUNT = 7
};

typedef struct tharsis_stn_measure {
  tharsis_text link;    // Empty where it is no single link's.
  tharsis_text reason;  // One sentence.
  uint32_t what;        // THARSIS_STN_MEASURE_*.
  uint32_t reserved;
  uint64_t bytes;       // Of the network, or of the disk,
  int64_t time;         // or ns, as `what` says; else 0.
} tharsis_stn_measure;

#ifdef __cplusplus
}
#endif

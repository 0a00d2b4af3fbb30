// Topic "stn.lanes": the connections beside a long link's own one, and the copies of tasks on them. An event comes when
// there are more or fewer of them; the numbers are since the link began. On a network that is well there is none.
#pragma once
#include "sdk/abi/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THARSIS_STN_LANES_TOPIC "stn.lanes"

enum {
  THARSIS_STN_LANES_ONE = 0,      // The link's own connection carries all.
  THARSIS_STN_LANES_SEVERAL = 1,  // Tasks are late: `reason` says how many.
  THARSIS_STN_LANES_OFF = 2,      // The profile, or the server, wants one connection only.
};

typedef struct tharsis_stn_lanes {
  tharsis_text link;
  tharsis_text reason;  // A sentence; empty where there is nothing to say.
  uint32_t state;       // One of the above.
  uint32_t lanes;       // That are up, the link's own connection among them.
  uint32_t late_permille;  // Tasks that had no answer when a copy was due.
  uint64_t opened;      // Lanes that came up,
  uint64_t failed;      // and that did not, or died.
  uint64_t copies;      // Tasks that were sent once more on another lane,
  uint64_t copy_bytes;  // and how large those were: what it costs.
  uint64_t won;         // Tasks that a copy's answer ended,
  uint64_t late;        // and answers that came for nobody any more.
  uint64_t refused;     // Copies that were due, and that budget or queue did not allow.
} tharsis_stn_lanes;

#ifdef __cplusplus
}
#endif

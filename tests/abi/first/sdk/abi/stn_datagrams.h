// Topic "stn.datagrams": how the sealed datagrams beside a long link of stn do. An event comes when they open, are asked
// about, or are given up; the numbers are since the link began. Where a server offers none there is none.
#pragma once
#include "sdk/abi/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THARSIS_STN_DATAGRAMS_TOPIC "stn.datagrams"

enum {
  THARSIS_STN_DATAGRAMS_NONE = 0,  // The connection has ended, or has none: `reason` says why.
  THARSIS_STN_DATAGRAMS_ASKS = 1,  // A probe is to show whether any come through; tasks go by the connection.
  THARSIS_STN_DATAGRAMS_OPEN = 2,  // Small tasks with a key go by datagram.
  THARSIS_STN_DATAGRAMS_OFF = 3,   // None comes back; tasks go by the connection until it is worth asking again.
};

typedef struct tharsis_stn_datagrams {
  tharsis_text link;
  tharsis_text reason;     // Of ASKS and OFF: a sentence.
  uint32_t state;          // One of the above.
  uint32_t loss_permille;  // Of datagrams, there and back.
  uint64_t sent;           // Requests in datagrams, and of these
  uint64_t copies;         // such as were not a task's first: what it costs.
  uint64_t won;            // Tasks that were answered by datagram first,
  uint64_t lost;           // and those that had gone by one and were answered by the connection first.
  uint64_t dropped;        // Datagrams that were not the server's, or came again.
} tharsis_stn_datagrams;

#ifdef __cplusplus
}
#endif

// What servers ask of stn, and how stn spares servers that are in trouble, on the bus:
//
//   "stn.server"  event  (tharsis_stn_server_event)
#pragma once
#include "sdk/abi/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THARSIS_STN_SERVER_TOPIC "stn.server"

enum {
  THARSIS_STN_SERVER_MOVE = 0,          // Its server asks the link to go elsewhere, and it will, after `wait`.
  THARSIS_STN_SERVER_MOVE_REFUSED = 1,  // It does not, and `reason` says why.
  THARSIS_STN_SERVER_BUSY = 2,          // The server has too much to do: what it refused rests for `wait`.
  THARSIS_STN_SERVER_LEFT_ALONE = 3,    // No connection is made to `address` for `wait`: what it does after the connect fails too often.
  THARSIS_STN_SERVER_NO_BUDGET = 4,     // A request is not sent again: tasks.budget is used up. At most once a second.
};

typedef struct tharsis_stn_server_event {
  tharsis_text link;      // Or the short link, or "http".
  tharsis_text address;   // Of the server, or its host; may be empty.
  tharsis_text reason;    // One sentence.
  uint32_t what;          // THARSIS_STN_SERVER_*.
  uint32_t command;       // BUSY over a link: of which; 0: of all.
  int64_t wait;           // ns.
} tharsis_stn_server_event;

#ifdef __cplusplus
}
#endif

// Service "tharsis.stn.route/1": which way a task goes. An application provides it; stn asks it once for each task,
// before the task waits: to send the tasks of a moved user elsewhere, or to keep those of a switched-off feature at home.
#pragma once
#include "sdk/abi/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THARSIS_STN_ROUTE_ID "tharsis.stn.route/1"

// What is known of a task. All of it is borrowed for the call.
typedef struct tharsis_stn_route_task {
  uint32_t size;
  uint32_t command;
  uint32_t flags;      // THARSIS_STN_SEND_ONLY ...
  int32_t priority;
  tharsis_text link;   // The one that its caller named.
  tharsis_text user;
  uint64_t body_size;  // Bytes; 0 where the request is made later.
} tharsis_stn_route_task;

typedef struct tharsis_stn_route {
  uint32_t size;
  void* self;
  // THARSIS_OK: the task goes over `*link`, which is the caller's until you name another; the text may go when you
  // return from the next call. A link that the profile does not have ends the task with THARSIS_E_NOT_FOUND; a group
  // of links does for a task without order and connection, and ends others with THARSIS_E_INVALID.
  // Any failure ends the task with it, and with the sentence in `*error`.
  // It is asked for every task, so it looks up and computes nothing. It may not throw. [stn's strand] [does not block]
  tharsis_status (*route)(void* self, const tharsis_stn_route_task* task, tharsis_text* link, tharsis_error* error);
} tharsis_stn_route;

#ifdef __cplusplus
}
#endif

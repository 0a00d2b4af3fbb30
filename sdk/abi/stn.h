// Service "tharsis.stn/1": send a request over a named link and get exactly one answer back.
//
// Also on the bus: state topic "stn.link" (tharsis_stn_link) and event topic "stn.push"
// (tharsis_stn_push).
#pragma once
#include "sdk/abi/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THARSIS_STN_ID "tharsis.stn/1"
#define THARSIS_STN_LINK_TOPIC "stn.link"
#define THARSIS_STN_PUSH_TOPIC "stn.push"

// What a task's time went to, ns each; together from start() to the answer. What its link did while the
// task waited is told apart, so that a slow name server is not taken for a slow server.
typedef struct tharsis_stn_times {
  uint32_t size;
  uint32_t reserved;
  int64_t queued;      // Waited: for its turn, or because the link rested between two attempts.
  int64_t resolve;     // Waited while the link's name was resolved,
  int64_t connect;     // dialled,
  int64_t tls;         // shook hands,
  int64_t prove;       // or said hello.
  int64_t first_byte;  // From the request's way to the wire to the first byte of the answer.
  int64_t rest;        // From there to its last byte.
  int64_t lost;        // On connections that died before the answer.
} tharsis_stn_times;

// The end of a task. All of it is borrowed for the call.
typedef struct tharsis_stn_result {
  uint32_t size;
  tharsis_status status;
  uint32_t sends;   // How often the request went to the wire.
  uint32_t reserved;
  tharsis_bytes body;  // Of the answer; empty unless `status` is THARSIS_OK.
  tharsis_text reason;  // One sentence, empty on THARSIS_OK.
  const tharsis_stn_times* times;
} tharsis_stn_result;

// The one and only end of a task. [the strand that called start()]
typedef void (*tharsis_stn_done)(void* context, tharsis_handle task, const tharsis_stn_result* result);

// Higher first. Mars' priorities 0 to 5 are 3 to -2.
enum {
  THARSIS_STN_PRIORITY_MIN = -2,
  THARSIS_STN_PRIORITY_NORMAL = 0,
  THARSIS_STN_PRIORITY_MAX = 3,
};

enum {
  // No answer is waited for: done, with an empty body, once the request was given to a connection that is
  // up. What becomes of it there nobody learns.
  THARSIS_STN_SEND_ONLY = 1,
};

typedef struct tharsis_stn_task {
  uint32_t size;
  uint32_t command;     // The application's message type, carried in every frame. Not 0.
  uint32_t timeout_ms;  // Total time, queueing and retries included. 0: the profile's.
  uint32_t flags;       // THARSIS_STN_SEND_ONLY, or 0.
  tharsis_text link;    // Which link of the profile; empty: "main".
  tharsis_bytes body;   // Copied.
  // Names the work, not the attempt, at most 64 bytes; copied. With a key the task is sent again on a new
  // connection when the old one died before the answer, and the server executes it once. Without
  // one a task whose bytes were sent fails with THARSIS_E_NETWORK instead.
  tharsis_bytes key;
  void* context;
  tharsis_stn_done done;
  // Among the tasks that wait for the same link; of equals the one that was started first. THARSIS_STN_PRIORITY_*.
  int32_t priority;
  uint32_t reserved;
} tharsis_stn_task;

typedef struct tharsis_stn {
  uint32_t size;
  void* self;

  // Queue a task. On THARSIS_OK `done` is called exactly once, later, never inside this call; *id
  // names the task until then. On failure `done` is not called:
  //   THARSIS_E_INVALID    `done` is null, command 0, a flag or priority is unknown, or the body or key is
  //                        longer than allowed.
  //   THARSIS_E_NOT_FOUND  the profile has no link of that name.
  //   THARSIS_E_BUSY       too many tasks wait; try again after an answer.
  //   THARSIS_E_GONE       stn is stopping.
  // [any strand]
  tharsis_status (*start)(void* self, const tharsis_stn_task* task, tharsis_handle* id, tharsis_error* error);

  // Withdraw a task. Its `done` is still called, with THARSIS_E_CANCELLED unless an answer was on
  // its way already. An unknown or finished id is no error. [any strand]
  void (*cancel)(void* self, tharsis_handle id);
} tharsis_stn;

enum {
  THARSIS_STN_DOWN = 0,        // Waiting for the next attempt.
  THARSIS_STN_CONNECTING = 1,  // Resolving, dialling, TLS, hello.
  THARSIS_STN_UP = 2,
};
// More exactly.
enum {
  THARSIS_STN_PHASE_DOWN = 0,
  THARSIS_STN_PHASE_RESOLVE = 1,
  THARSIS_STN_PHASE_CONNECT = 2,
  THARSIS_STN_PHASE_TLS = 3,
  THARSIS_STN_PHASE_PROVE = 4,  // The hello, or the first ping.
  THARSIS_STN_PHASE_AUTH = 5,   // The application's own proof, see stn_auth.h.
  THARSIS_STN_PHASE_READY = 6,
};

typedef struct tharsis_stn_link {
  tharsis_text link;
  uint32_t state;         // THARSIS_STN_*.
  int32_t status;         // Why it went down; THARSIS_OK otherwise.
  tharsis_text endpoint;  // As the profile writes it: "tcps://im.example.com:443".
  tharsis_text address;   // The one in use or tried last: "192.0.2.1:443"; may be empty.
  tharsis_text reason;    // One sentence when down, else empty.
  uint32_t connects;      // How often the link has come up.
  uint32_t waiting;       // Tasks without an answer.
  int64_t gap;            // When up again: how long it was not up, ns.
  uint32_t why;           // THARSIS_STN_WHY_* (stn_links.h): of the going down, or of the connecting.
  uint32_t phase;         // THARSIS_STN_PHASE_*.
  tharsis_text causes;    // What led to it, oldest first: "the network changed; a ping was sent; ..."; may be empty.
} tharsis_stn_link;

typedef struct tharsis_stn_push {
  tharsis_text link;
  uint32_t command;
  uint32_t reserved;
  tharsis_bytes body;
} tharsis_stn_push;

#ifdef __cplusplus
}
#endif

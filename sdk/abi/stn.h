// Service "tharsis.stn/1": send a request over a named link and get exactly one answer back.
//
// Also on the bus: state topic "stn.link" (tharsis_stn_link), event topics "stn.push" (tharsis_stn_push) and
// "stn.task" (tharsis_stn_task_event).
#pragma once
#include "sdk/abi/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THARSIS_STN_ID "tharsis.stn/1"
#define THARSIS_STN_LINK_TOPIC "stn.link"
#define THARSIS_STN_PUSH_TOPIC "stn.push"
#define THARSIS_STN_TASK_TOPIC "stn.task"

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

// Why a task ended. Numbers keep their meaning for ever.
enum {
  THARSIS_STN_ANSWERED = 0,         // THARSIS_OK
  THARSIS_STN_NO_TIME = 1,          // THARSIS_E_TIMEOUT  Its total time was over.
  THARSIS_STN_NO_FIRST_BYTE = 2,    // THARSIS_E_TIMEOUT  It was sent; no byte of the answer came in time,
  THARSIS_STN_STALLED = 3,          // THARSIS_E_TIMEOUT  or none after those that had come,
  THARSIS_STN_NOT_WHOLE = 4,        // THARSIS_E_TIMEOUT  or not the last one.
  THARSIS_STN_LOST = 5,             // THARSIS_E_NETWORK  Its connection died, and it may not be sent again.
  THARSIS_STN_SERVER_REFUSED = 6,   // THARSIS_E_DENIED   An answer that says no.
  THARSIS_STN_CANCELLED = 7,        // THARSIS_E_CANCELLED  By cancel().
  THARSIS_STN_CLEARED = 8,          // THARSIS_E_CANCELLED  By clear() or reset().
  THARSIS_STN_STOPPING = 9,         // THARSIS_E_CANCELLED  stn stops.
  THARSIS_STN_NO_NETWORK = 10,      // THARSIS_E_UNREACHABLE  See THARSIS_STN_SENSITIVE.
  THARSIS_STN_OTHER_CONNECTION = 11,  // THARSIS_E_GONE   That to which it was bound is no more.
  THARSIS_STN_REPEATED_TOO_OFTEN = 12,  // THARSIS_E_BUSY  Equal requests came too often: settings tasks.repeats.
  THARSIS_STN_FLOOD = 13,           // THARSIS_E_BUSY     More bytes than the settings tasks.flow allow.
  THARSIS_STN_NOT_ENCODED = 14,     // As `encode` says.
  THARSIS_STN_ENDED = 15,           // THARSIS_E_REFUSED  `decode` said END, or too often that it is to be sent again.
  THARSIS_STN_DROPPED = 16,         // THARSIS_E_CANCELLED  `decode` said DROP.
  THARSIS_STN_STOPPED_COMMAND = 17,  // THARSIS_E_REFUSED  `decode` said STOP, of this task or of one like it.
  THARSIS_STN_NOT_CARRIED = 18,     // As the link's codec says: a body that is too large for it.
  THARSIS_STN_NOT_ROUTED = 19,      // As tharsis.stn.route/1 says, or THARSIS_E_NOT_FOUND.
  THARSIS_STN_HTTP_STATUS = 20,     // THARSIS_E_BUSY, _DENIED  A short link's server answered with another status than 200.
  THARSIS_STN_NO_ANSWER = 21,       // As the status says: over a short link no server answered.
  THARSIS_STN_LINK_REMOVED = 22,    // THARSIS_E_GONE     Its link is no more.
  THARSIS_STN_MINOR_BUSY = 23,      // THARSIS_E_BUSY     It is for a minor link, and the profile allows no more of them now.
  THARSIS_STN_NOT_KEPT = 24,        // As the status says: a durable task that the outbox did not take, unsent.
  THARSIS_STN_BUSY = 25,            // THARSIS_E_BUSY     The server has too much to do, and may be asked again only when the task's time is over.
  THARSIS_STN_NO_BUDGET = 26,       // THARSIS_E_BUSY     It would have to be sent again, and tasks.budget is used up.
  // THARSIS_E_FULL  A durable task that the server has answered with more than the outbox has room for: the body is lost. Only who adopts
  // the entry hears this; its caller, while he is there, has the answer.
  THARSIS_STN_BODY_NOT_KEPT = 27,
};

// The end of a task. All of it is borrowed for the call.
typedef struct tharsis_stn_result {
  uint32_t size;
  tharsis_status status;
  uint32_t sends;   // How often the request went to the wire.
  uint32_t why;     // THARSIS_STN_ANSWERED ...
  tharsis_bytes body;  // Of the answer; empty unless `status` is THARSIS_OK or `decode` ended the task.
  tharsis_text reason;  // One sentence, empty on THARSIS_OK.
  const tharsis_stn_times* times;
  int32_t code;         // What `decode` said besides; 0 otherwise.
  uint32_t connection;  // Of its last way to the wire: the link's `connects` of then. 0: it was never sent.
  // Of a short link's server; 0: none. Another than 200 is a failure, THARSIS_E_BUSY (408, 425, 429, 5xx: later
  // perhaps) or THARSIS_E_DENIED, and `body` is what the server said with it.
  uint32_t http_status;
  uint32_t http_reserved;
  // Of a durable task: its place in the outbox. Acknowledge the answer with it, or it is told again after a restart. 0: nothing
  // is kept.
  uint64_t entry;
} tharsis_stn_result;

// The one and only end of a task. [the strand that called start()]
typedef void (*tharsis_stn_done)(void* context, tharsis_handle task, const tharsis_stn_result* result);

// Where and when a request is about to be sent.
typedef struct tharsis_stn_turn {
  uint32_t size;
  uint32_t sends;       // How often the task was sent before.
  uint32_t connection;  // The link's `connects`; 0 over a short link, where it is made once for all attempts.
  uint32_t reserved;
  tharsis_text link;
} tharsis_stn_turn;

// Makes a request's body when its link is ready, maybe again for another connection. It writes at most `room`
// bytes to `into` and answers how many; more than `room`: so much room is needed, it is called again.
// Negative: a tharsis_status with which the task ends.
// A hook that does not come back holds up its own strand, and nothing else: the task's time goes on.
// [the strand that called start()]
typedef int64_t (*tharsis_stn_encode)(void* context, tharsis_handle task, const tharsis_stn_turn* turn, uint8_t* into, size_t room);

// What an answer means to the application.
enum {
  THARSIS_STN_ACCEPT = 0,        // The task ends well.
  THARSIS_STN_RETRY = 1,         // It is sent again, as far as its retries and time allow; with a new key if it has one.
  THARSIS_STN_RETRY_USER = 2,    // So is every task of its user that is without an answer.
  THARSIS_STN_SESSION_OVER = 3,  // The link proves anew who it is; then as RETRY_USER. The first time it costs no retry.
  THARSIS_STN_END = 4,           // The task ends with THARSIS_E_REFUSED.
  THARSIS_STN_DROP = 5,          // The task ends with THARSIS_E_CANCELLED; nobody waits for it any more.
  THARSIS_STN_STOP = 6,          // As END; and so do tasks of the same command and user for `tasks.stop`, unsent, with this answer.
};

// Judges an answer before `done` hears of it: THARSIS_STN_ACCEPT ... ; `*code` goes into the result.
// [the strand that called start()]
typedef uint32_t (*tharsis_stn_decode)(void* context, tharsis_handle task, tharsis_bytes body, int32_t* code);

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
  // Fails at once with THARSIS_E_UNREACHABLE while the machine has no network and the link is not up.
  THARSIS_STN_SENSITIVE = 2,
  // Not counted by `tasks.repeats`,
  THARSIS_STN_ANY_REPEATS = 4,
  // nor by `tasks.flow`.
  THARSIS_STN_ANY_FLOW = 8,
  // When all its tries have failed and time is left, it is kept until something shows that the network works
  // again, and is then tried once more, as far as `tasks.budget` allows. It needs a key, as what is sent again does. A durable task
  // needs no such wish.
  THARSIS_STN_PARK = 16,
  // Short links: the server keeps the answer back until there is something to tell, as the profile's
  // long_poll_timeout allows.
  THARSIS_STN_LONG_POLL = 32,
  // Of both kinds of link: the long one only while no other task is on it, waiting or without its answer.
  THARSIS_STN_FAST = 64,
  // Kept on the disk until it is answered and that is acknowledged, also when this process dies: stn_outbox.h. It
  // needs a key and a body, and has no encode, decode or connection; `timeout_ms` is its whole life, 0: `outbox.ttl`.
  THARSIS_STN_DURABLE = 128,
  // Where the server has asked to be spared for a while (it has too much to do) the task fails at once with THARSIS_E_BUSY.
  // Without this it waits, where its time allows.
  THARSIS_STN_IMPATIENT = 256,
};

// Kinds of links. Mars' bits are another order: 1 short, 2 long, 4 minor.
enum { THARSIS_STN_LONG = 1, THARSIS_STN_SHORT = 2, THARSIS_STN_MINOR = 4 };

// A durable task is on the disk, as this entry, and survives its process. [the strand that called start()]
typedef void (*tharsis_stn_on_disk)(void* context, tharsis_handle task, uint64_t entry);

typedef struct tharsis_stn_header {
  tharsis_text name;
  tharsis_text value;
} tharsis_stn_header;

typedef struct tharsis_stn_task {
  uint32_t size;
  uint32_t command;     // The application's message type, carried in every frame. Not 0.
  uint32_t timeout_ms;  // Total time, queueing and retries included. 0: the profile's.
  uint32_t flags;       // THARSIS_STN_SEND_ONLY ..., or 0.
  tharsis_text link;    // Which link of the profile, or which group of links; empty: "main".
  tharsis_bytes body;   // Copied. Empty where there is `encode`.
  // Names the work, not the attempt, at most 64 bytes; copied. With a key the task is sent again on a new
  // connection when the old one died before the answer, and the server executes it once. Without
  // one a task whose bytes were sent fails with THARSIS_E_NETWORK instead.
  tharsis_bytes key;
  void* context;
  tharsis_stn_done done;
  // Among the tasks that wait for the same link; of equals the one that was started first. THARSIS_STN_PRIORITY_*.
  int32_t priority;
  int32_t retries;  // How often at most it is sent again. 0: the profile's; -1: never.
  tharsis_stn_encode encode;  // Or null: `body` is what is sent.
  tharsis_stn_decode decode;  // Or null: every answer is accepted.
  tharsis_text user;  // Whose task it is, at most 64 bytes; copied. For clear() and THARSIS_STN_RETRY_USER.
  // Tasks of one link with the same number here are sent one after the other, each when the one before has
  // ended, in the order in which they were started. 0: no such order.
  uint64_t order;
  // Only on the link's connection of this number (tharsis_stn_link.connects); 0: on any.
  uint32_t connection;
  uint32_t server_ms;  // How long the server may need before it begins to answer. 0: as usual.
  // Over which kinds of links of that name: THARSIS_STN_LONG, THARSIS_STN_SHORT, THARSIS_STN_MINOR. Of several: over a
  // minor link if one is available, else over the long link while it is up, else over the short one; one that is
  // available is up and has no task, or may be made. 0: over the long link, and where there is none of that name over the short one.
  uint32_t channels;
  uint32_t header_count;
  tharsis_text path;  // Over a short link: where the request goes, "/mars/sendmessage"; copied.
  const tharsis_stn_header* headers;  // Stronger than the link's; copied.
  tharsis_text host;  // Over a minor link: to which host; empty: to the first of the profile's minor_links; copied.
  tharsis_stn_on_disk on_disk;  // Of a durable task, before its answer; or null.
} tharsis_stn_task;

typedef struct tharsis_stn {
  uint32_t size;
  void* self;

  // Queue a task. On THARSIS_OK `done` is called exactly once, later, never inside this call; *id
  // names the task until then. On failure `done` is not called:
  //   THARSIS_E_INVALID    `done` is null, command 0, a flag or priority is unknown, the body, key or user is
  //                        longer than allowed, or two of its wishes contradict each other.
  //   THARSIS_E_NOT_FOUND  the profile has no link, group or minor links of that name.
  //   THARSIS_E_UNSUPPORTED  the task is durable, and the profile has no outbox (`outbox.use`).
  //   THARSIS_E_BUSY       too many tasks wait; try again after an answer.
  //   THARSIS_E_GONE       stn is stopping.
  // [any strand]
  tharsis_status (*start)(void* self, const tharsis_stn_task* task, tharsis_handle* id, tharsis_error* error);

  // Withdraw a task. Its `done` is still called, with THARSIS_E_CANCELLED unless an answer was on
  // its way already. An unknown or finished id is no error. [any strand]
  void (*cancel)(void* self, tharsis_handle id);

  // Whether a task has no end yet. [any thread] [does not block]
  uint32_t (*has)(void* self, tharsis_handle id);

  // The following say for which links, by a link's name or a group's: empty: all. An unknown name is no error. [any strand]

  // Withdraw all tasks, those of one user only where one is named.
  void (*clear)(void* self, tharsis_text link, tharsis_text user);
  // Leave the connection for a new one, now. What was sent is sent again, if its key allows.
  void (*redo)(void* self, tharsis_text link);
  // Somebody cares now: a link that rests between two attempts tries at once, one that is up asks the server
  // for a sign of life, and parked tasks are tried again.
  void (*touch)(void* self, tharsis_text link);
  // clear(), and redo().
  void (*reset)(void* self, tharsis_text link);
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

// The end of a task that start() took, whoever started it. While nobody listens it costs next to nothing.
typedef struct tharsis_stn_task_event {
  tharsis_text link;      // Over which it went; of one that went over none: for which it was meant. Empty: that is gone.
  tharsis_text reason;    // As in its result, and so are the following.
  tharsis_handle task;
  uint32_t command;
  int32_t status;
  uint32_t why;
  int32_t code;
  uint32_t sends;
  uint32_t connection;
  uint32_t http_status;
  uint32_t channel;       // THARSIS_STN_LONG, _SHORT or _MINOR: the kind of that link.
  int32_t priority;
  uint32_t weak;          // 1: the network was weak then (stn_links.h).
  uint64_t request_size;  // Bytes of its body,
  uint64_t answer_size;   // and of the answer's.
  int64_t took;           // From start() to the end, ns; of that (tharsis_stn_times):
  int64_t queued, resolve, connect, tls, prove, first_byte, rest, lost;
} tharsis_stn_task_event;

typedef struct tharsis_stn_push {
  tharsis_text link;
  uint32_t command;
  uint32_t reserved;
  tharsis_bytes body;
} tharsis_stn_push;

#ifdef __cplusplus
}
#endif

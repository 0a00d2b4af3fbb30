// Service "tharsis.stn.outbox/1": what became of durable tasks (THARSIS_STN_DURABLE, stn.h), also of those that
// processes started which are no more.
//
// A message that a person has written must not be lost, nor be sent twice. So:
//   1. Start it as a durable task. Its key is the message's own id. When `on_disk` is called it is safe: it is sent, and sent again,
//      until there is an answer or its life is over, by this process or by the next one.
//   2. In `done`, store what became of the message, and then acknowledge(result->entry).
//   3. After each start adopt() what earlier processes have left: `found` names the messages that are still on their way,
//      `told` brings the answers. Store them and acknowledge them as in 2.
//
// What is promised. The server sees each task at least once, with the same key and client id: one that remembers keys for as long as
// tasks may be away (the gateway: gateway.keep.time, for clients that say hello) carries each out once. Each answer is kept before
// anybody hears of it. It is told once in this process, and again after a restart, unless its acknowledgement had reached the disk by
// then; once it had, never again. Between the call of `done` or `told` and that moment, some milliseconds, a death makes it come again: who must
// not count twice stores the entry's number together with the outcome and passes over one that he has. While the disk takes nothing, what is
// acknowledged is known to this process alone. An answer that nobody acknowledges is dropped after `outbox.ttl`.
//
// Tasks of one link and one `order` go one after the other, also across restarts. A task that ends with
// THARSIS_STN_STOPPING stays in the outbox; one that is cancelled or cleared does not.
//
// An answer for which `outbox.bytes` has no room, and one above 32 MiB, is kept without its body. Its caller, while he is there, has the body all the same;
// an adopter hears THARSIS_E_FULL and THARSIS_STN_BODY_NOT_KEPT, or the failure that it was.
//
// All of these may be called from the moment on at which the service is there: what is said before the file is read waits for that.
#pragma once
#include "sdk/abi/abi.h"
#include "sdk/abi/stn.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THARSIS_STN_OUTBOX_ID "tharsis.stn.outbox/1"

enum {
  THARSIS_STN_ENTRY_WAITING = 1,   // Without an answer.
  THARSIS_STN_ENTRY_ANSWERED = 2,  // Without an acknowledgement.
};

// Borrowed for the call, with all that it points to.
typedef struct tharsis_stn_entry {
  uint32_t size;
  uint32_t state;    // THARSIS_STN_ENTRY_*
  uint64_t entry;    // Never given twice, also where the file is lost or moved away: numbers then go on from the clock's microseconds.
  uint32_t command;
  uint32_t sends;    // Of tries that have ended.
  tharsis_bytes key;
  tharsis_text link;
  tharsis_text user;
  uint64_t order;
  uint64_t bytes;    // What it takes of `outbox.bytes`.
  int64_t put;       // When it was started, wall ns.
  int64_t left;      // Until its life ends, or its answer is dropped, ns.
} tharsis_stn_entry;

typedef struct tharsis_stn_adopter {
  uint32_t size;
  uint32_t command;   // Tasks of this command only; 0: of any.
  tharsis_text user;  // Of this user only; empty: of any. Copied.
  void* context;
  // A task without an answer that is this adopter's now; may be null. [the strand that called adopt()]
  void (*found)(void* context, const tharsis_stn_entry* entry);
  // Its answer. [the strand that called adopt()]
  void (*told)(void* context, const tharsis_stn_entry* entry, const tharsis_stn_result* result);
  // After release(), or when stn stops: nothing is called any more after this; may be null. [the strand that called adopt()]
  void (*released)(void* context);
} tharsis_stn_adopter;

typedef struct tharsis_stn_outbox {
  uint32_t size;
  void* self;

  // Take on the tasks of earlier processes, and those whose caller's plugin has stopped. Each goes to the first adopter that wants it.
  //   THARSIS_E_INVALID      `told` is null, or this is no strand.
  //   THARSIS_E_UNSUPPORTED  `outbox.use` is off.
  //   THARSIS_E_GONE         stn has stopped.
  // [any strand]
  tharsis_status (*adopt)(void* self, const tharsis_stn_adopter* adopter, tharsis_handle* adoption, tharsis_error* error);
  // What was told and not acknowledged goes to the next adopter. An unknown one is no error. [any thread]
  void (*release)(void* self, tharsis_handle adoption);

  // The answer has been stored: the entry goes. One without an answer stays, an unknown one is no error. [any thread]
  void (*acknowledge)(void* self, uint64_t entry);
  // Nobody wants it any more, answered or not: it goes and is not sent again; a request that is on its way cannot be called back. Its
  // caller in this process hears THARSIS_E_CANCELLED. [any thread]
  void (*discard)(void* self, uint64_t entry);

  // Calls `visit` for each entry, oldest first, later, and then once with null.
  //   THARSIS_E_INVALID      this is no strand.
  //   THARSIS_E_UNSUPPORTED  `outbox.use` is off.
  //   THARSIS_E_GONE         stn has stopped.
  // [any strand, where it is called too]
  tharsis_status (*list)(void* self, void (*visit)(void* context, const tharsis_stn_entry* entry), void* context, tharsis_error* error);
} tharsis_stn_outbox;

#ifdef __cplusplus
}
#endif

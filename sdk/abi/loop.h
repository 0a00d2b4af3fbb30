// Host table "tharsis.loop/1": the plugin's strand, its time, its timers, and work that may block.
//
// A strand is a serial place of execution: all callbacks of a plugin arrive on its strand, one at a
// time, in the order in which they were posted, with no lock of the host held.
#pragma once
#include "sdk/abi/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THARSIS_LOOP_ID "tharsis.loop/1"

// A wake. `context` is what was given with it; `handle` tells the receiver what the wake is for, so
// that a wake which comes too late can be recognised and dropped.
typedef void (*tharsis_wake)(void* context, tharsis_handle handle);

typedef struct tharsis_loop {
  uint32_t size;
  void* self;

  // Nanoseconds since an arbitrary start, never going back; constant inside one callback.
  // [any thread]
  int64_t (*now)(void* self);

  // Nanoseconds since 1970-01-01 UTC; may jump when somebody sets the clock. [any thread]
  int64_t (*wall)(void* self);

  // The strand on which the calling code runs, of whichever plugin; 0 on a thread of nobody's.
  // A service function asks it where its answer must go. [any thread]
  tharsis_handle (*current)(void* self);

  // Call wake(context, handle) on `strand` (0: the plugin's own), later, never inside this call.
  // Posts from one thread to one strand keep their order.
  //   THARSIS_E_GONE  the strand's plugin has been destroyed; the wake will not come.
  // [any thread] [does not block]
  tharsis_status (*post)(void* self, tharsis_handle strand, tharsis_wake wake, void* context,
                         tharsis_handle handle);

  // Call wake(context, handle) on the own strand once now() has reached `at`. `*timer` may be null
  // when the timer will never be cancelled. [own strand]
  tharsis_status (*timer_set)(void* self, int64_t at, tharsis_wake wake, void* context, tharsis_handle handle,
                              tharsis_handle* timer);

  // After this the timer's wake does not come.
  //   THARSIS_E_GONE  it has fired, or was cancelled already.
  // [own strand]
  tharsis_status (*timer_cancel)(void* self, tharsis_handle timer);

  // Run work(context) on a thread where it may block, then wake(context, handle) on the own strand.
  // The wake always comes, also while the plugin stops; `context` must live until then. `work` may
  // use tables tagged [any thread] and tharsis.files/1, nothing else; what it throws fails the plugin.
  //   THARSIS_E_BUSY  too many are waiting; try again after one has come back.
  // [own strand]
  tharsis_status (*run_blocking)(void* self, void (*work)(void* context), tharsis_wake wake, void* context,
                                 tharsis_handle handle);

  // How far local time is ahead of UTC at that wall time, in nanoseconds, by the rules of this machine's zone.
  // [any thread] [may block]
  int64_t (*ahead_of_utc)(void* self, int64_t wall);

  // A bell, for as long as the strand is open: each time that it has been rung, once or often, wake(context, handle)
  // comes on the own strand.
  //   THARSIS_E_BUSY  there are 16 already.
  // [own strand]
  tharsis_status (*bell_open)(void* self, tharsis_wake wake, void* context, tharsis_handle handle, tharsis_handle* bell);

  // Takes no lock and no memory, so that a signal's handler may do it, whatever its thread was at. What was
  // stored before is seen by the wake. [any thread] [does not block]
  void (*bell_ring)(void* self, tharsis_handle bell);
} tharsis_loop;

#ifdef __cplusplus
}
#endif

// What a runtime stands on: strands with their time and network, files, randomness. libtharsis has
// the real one inside; sdk/sim brings a simulated one. A runtime never asks which.
#pragma once
#include "sdk/abi/abi.h"
#include "sdk/abi/files.h"
#include "sdk/abi/host_facts.h"
#include "sdk/abi/loop.h"
#include "sdk/abi/net.h"
#include "sdk/abi/network.h"
#include "sdk/abi/plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

// Which thread carries a strand.
enum {
  THARSIS_STRAND_SHARED = 0,     // One of a small pool; several strands may share it.
  THARSIS_STRAND_DEDICATED = 1,  // A thread of its own.
  THARSIS_STRAND_MAIN = 2,       // The thread that pumps the platform.
};

// What a callback is there for, as far as anybody says.
enum {
  THARSIS_RUNS_WAKE = 1,      // Of post().
  THARSIS_RUNS_TIMER = 2,
  THARSIS_RUNS_SOCKET = 3,    // Told of a socket.
  THARSIS_RUNS_NAME = 4,      // Told the answer to a name question.
  THARSIS_RUNS_BLOCKING = 5,  // Told that blocking work has come back.
  THARSIS_RUNS_STEP = 6,      // Of a plugin's life; `about` names it.
  THARSIS_RUNS_EVENT = 7,     // Of the topic `about`.
  THARSIS_RUNS_SERVICE = 8,   // Told of a change of the interface `about`.
  THARSIS_RUNS_COMMAND = 9,   // Of a plugin, for a person.
};

// What can be open on a strand.
enum { THARSIS_OPEN_TIMER = 0, THARSIS_OPEN_SOCKET = 1, THARSIS_OPEN_NAME = 2, THARSIS_OPEN_BLOCKING = 3 };

// What is still open on a strand.
typedef struct tharsis_strand_audit {
  uint32_t size;
  uint32_t timers;
  uint32_t sockets;   // Connections, listeners, datagram sockets.
  uint32_t queries;   // Of the resolver.
  uint32_t blocking;  // run_blocking() calls that have not come back.

  // From the caller; may be null. Called for each of them: what it is in words ("listener on 127.0.0.1:80"),
  // or, where the words are empty, by the function that it would call.
  void (*tell)(void* context, uint32_t kind, tharsis_text what, tharsis_wake code);
  void* context;
} tharsis_strand_audit;

// Where a strand counts what it does (see metrics.h); cells that are null are not counted.
typedef struct tharsis_strand_cells {
  uint32_t size;
  uint64_t* wakes;         // Callbacks that it ran, of all kinds.
  uint64_t* timers;        // Timers among them.
  uint64_t* queue_high;    // Most that waited when its turn came.
  uint64_t* turn_longest;  // Longest time, in ns, that its callbacks held their thread before others' had their turn.
  uint64_t* blocking;      // run_blocking() calls.
  uint64_t* blocking_refused;
} tharsis_strand_cells;

// One strand and the tables that are bound to it. Made by strand_open, valid until the platform is
// destroyed; after close() its functions answer THARSIS_E_GONE.
typedef struct tharsis_strand {
  uint32_t size;
  void* self;
  tharsis_handle id;  // What loop->current() answers inside, and post() takes.
  const tharsis_loop* loop;
  const tharsis_net* net;

  // [own strand]
  void (*audit)(void* self, tharsis_strand_audit* audit);

  // Close what is open; drop queued wakes; refuse new ones. Blocking work that is under way ends
  // unheard. [own strand] (the wake that runs now may finish)
  void (*close)(void* self);

  // Count there until close(), after which the cells are not touched. [before its first wake]
  void (*count_into)(void* self, const tharsis_strand_cells* cells);
  // What runs from now on is another callback, for this purpose. `about` must live as long as the
  // strand. Costs next to nothing. May be null. [own strand]
  void (*begins)(void* self, uint32_t kind, const char* about);

  // An exception that leaves a callback ends here instead of ending the process: `caught` is called while
  // it is handled, on the strand. [before the first wake]
  void (*catches)(void* self, void (*caught)(void* context), void* context);
} tharsis_strand;

// What a thread runs.
typedef struct tharsis_activity {
  uint32_t size;
  uint32_t kind;          // THARSIS_RUNS_*
  uint64_t turn;          // Another callback has another number.
  tharsis_handle strand;  // Whose it is: one of those that share the thread.
  const char* about;      // May be null.
  tharsis_wake code;      // The function that was called; null where nobody knows.
} tharsis_activity;

// For a watchdog: strands seen from outside.
typedef struct tharsis_watch {
  uint32_t size;
  void* self;

  // What the thread of this strand runs now.
  //   THARSIS_E_NOT_FOUND  nothing, or there is no such strand.
  // [any thread] [does not block]
  tharsis_status (*sample)(void* self, tharsis_handle strand, tharsis_activity* activity);

  // The stack of the strand's thread while it is in that turn: one call a line, the innermost first,
  // ends in a zero.
  //   THARSIS_E_GONE     the turn is over.   THARSIS_E_TIMEOUT  the thread does not answer.
  //   THARSIS_E_UNSUPPORTED  this platform cannot do it.
  // [any thread] [may take a second]
  tharsis_status (*stack)(void* self, tharsis_handle strand, uint64_t turn, char* text, size_t capacity);

  // The threads of this process that the platform did not start, by the system's numbers. Null where
  // there is no such thing. [any thread]
  void (*foreign_threads)(void* self, void (*tell)(void* context, uint64_t thread), void* context);

  // What such a thread runs of the library that holds `code`: its name and its outermost function there.
  //   THARSIS_E_NOT_FOUND  nothing of it, as far as can be seen.
  // [any thread] [may take a second]
  tharsis_status (*runs_code_of)(void* self, uint64_t thread, const void* code, char* text, size_t capacity);
} tharsis_watch;

// How traffic of one family would leave the machine now.
typedef struct tharsis_way {
  tharsis_text interface;   // Empty: it would not, and the rest means nothing.
  uint32_t type;            // THARSIS_NETWORK_WIRED and following.
  uint32_t mtu;
  tharsis_address source;   // What it would be sent with.
  tharsis_address gateway;  // Family 0: it needs none.
  tharsis_bytes gateway_hardware;  // Its hardware address; empty when not known.
  uint32_t resolves;  // Gateways of this interface have hardware addresses: an empty one is not known yet.
  uint32_t reserved;
} tharsis_way;

typedef struct tharsis_observation {
  uint32_t size;
  uint32_t addresses_count;
  tharsis_way v4;
  tharsis_way v6;
  const tharsis_address* addresses;  // All that the machine has now and may send with, but the loopback's.
} tharsis_observation;

// Null: from now on the system does not say.
typedef void (*tharsis_on_observation)(void* context, const tharsis_observation* seen);

// The machine's eyes: its way out and its sleep.
typedef struct tharsis_observer {
  uint32_t size;
  void* self;

  // How long the machine has slept so far, while loop->now() stood still, ns. Setting the clock does not
  // change it. [any thread]
  int64_t (*asleep)(void* self);

  // Calls see(context, seen) on the strand, first inside this call, then whenever it may have changed (the
  // same may be seen twice), and after a sleep. Ends with the strand; one for each strand.
  //   THARSIS_E_UNSUPPORTED, THARSIS_E_DENIED  this system does not say, or not to this process.
  //   THARSIS_E_IN_USE  the strand watches already.
  // [own strand]
  tharsis_status (*watch)(void* self, const tharsis_strand* strand, tharsis_on_observation see, void* context,
                          tharsis_error* error);

  // As tharsis_network's. [any thread]
  tharsis_status (*survey)(void* self, tharsis_on_survey see, void* context, tharsis_error* error);
} tharsis_observer;

typedef struct tharsis_platform {
  uint32_t size;
  void* self;
  const tharsis_files* files;
  const tharsis_random* random;
  const tharsis_observer* observer;

  // `name` is for people: threads and stalls are told by it. [any thread]
  tharsis_status (*strand_open)(void* self, const char* name, uint32_t kind, const tharsis_strand** strand,
                                tharsis_error* error);

  // The system's number of the calling thread; a constant in the simulator. [any thread]
  uint64_t (*thread)(void* self);

  // Null, as on the real platform: nobody stands between runtime and plugins. Else asked before a plugin's
  // "create", "start", "configure" and "stop": a failure of the first three is the step's own, and the plugin's
  // code does not run; at "prepared", of new settings, it has to forget them. At "create" another table may be put into *host, which the plugin sees from
  // then on; at "closed" neither table may be used any more. Faults are made here. [the plugin's strand]
  tharsis_status (*before_step)(void* self, const char* plugin, const char* step, const tharsis_host** host,
                                tharsis_error* error);
  const tharsis_watch* watch;
  uint32_t simulated;  // Not 0: there is no machine underneath, and plugins get no tharsis.machine/1.
  uint32_t reserved;
} tharsis_platform;

#ifdef __cplusplus
}
#endif

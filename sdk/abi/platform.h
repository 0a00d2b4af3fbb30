// What a runtime stands on: strands with their time and network, files, randomness. libtharsis has
// the real one inside; sdk/sim brings a simulated one. A runtime never asks which.
#pragma once
#include "sdk/abi/abi.h"
#include "sdk/abi/files.h"
#include "sdk/abi/host_facts.h"
#include "sdk/abi/loop.h"
#include "sdk/abi/net.h"
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

// What is still open on a strand. `text` names the things, for a person.
typedef struct tharsis_strand_audit {
  uint32_t size;
  uint32_t timers;
  uint32_t sockets;   // Connections, listeners, datagram sockets.
  uint32_t queries;   // Of the resolver.
  uint32_t blocking;  // run_blocking() calls that have not come back.
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
} tharsis_strand;

typedef struct tharsis_platform {
  uint32_t size;
  void* self;
  const tharsis_files* files;
  const tharsis_random* random;

  // `name` is for people: threads and stalls are told by it. [any thread]
  tharsis_status (*strand_open)(void* self, const char* name, uint32_t kind, const tharsis_strand** strand,
                                tharsis_error* error);

  // The system's number of the calling thread; a constant in the simulator. [any thread]
  uint64_t (*thread)(void* self);

  // Null, as on the real platform: nobody stands between runtime and plugins. Else asked before a plugin's
  // "create", "start", "configure" and "stop": a failure of the first three is the step's own, and the
  // plugin's code does not run. At "create" another table may be put into *host, which the plugin sees from
  // then on; at "closed" neither table may be used any more. Faults are made here. [the plugin's strand]
  tharsis_status (*before_step)(void* self, const char* plugin, const char* step, const tharsis_host** host,
                                tharsis_error* error);
} tharsis_platform;

#ifdef __cplusplus
}
#endif

// Host table "tharsis.log/1": one line of log from anywhere; and "tharsis.log_sink/1", the service
// of the plugin that keeps the lines.
//
// Until a provider of log_sink takes over, the host keeps the last 1,024 records and prints warnings
// and worse to stderr; then it hands the kept records on.
#pragma once
#include "sdk/abi/abi.h"
#include "sdk/abi/loop.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THARSIS_LOG_ID "tharsis.log/1"
#define THARSIS_LOG_SINK_ID "tharsis.log_sink/1"

enum {
  THARSIS_LOG_VERBOSE = 0,
  THARSIS_LOG_DEBUG = 1,
  THARSIS_LOG_INFO = 2,
  THARSIS_LOG_WARNING = 3,
  THARSIS_LOG_ERROR = 4,
  THARSIS_LOG_FATAL = 5,
  THARSIS_LOG_OFF = 6,
};

typedef struct tharsis_log_record {
  uint32_t size;
  uint32_t level;
  int64_t wall;         // Nanoseconds since 1970 UTC.
  uint64_t thread;      // The system's number of the thread.
  tharsis_text plugin;  // Whose line it is.
  tharsis_text text;
  tharsis_text tag;     // Empty: none, or told in the text.
  tharsis_text file;    // Where in the program; empty: not known.
  uint32_t line;
  uint32_t reserved;
} tharsis_log_record;

// What a line's arguments are, one letter each in tharsis_log_site.codes, and how they stand in a ring:
// first the fixed parts in the order of the letters, unaligned, little-endian; then the bytes of the texts in
// the same order, without anything between.
enum {
  THARSIS_LOG_BOOL = 'b',      // u8
  THARSIS_LOG_CHAR = 'c',      // u8
  THARSIS_LOG_I32 = 'i',
  THARSIS_LOG_U32 = 'u',
  THARSIS_LOG_I64 = 'l',
  THARSIS_LOG_U64 = 'm',
  THARSIS_LOG_F64 = 'd',
  THARSIS_LOG_POINTER = 'p',   // u64
  THARSIS_LOG_DURATION = 't',  // i64, nanoseconds
  THARSIS_LOG_WALL = 'w',      // i64, nanoseconds since 1970 UTC
  THARSIS_LOG_TEXT = 's',      // u32, the length; the bytes follow the fixed parts
  THARSIS_LOG_BYTES = 'x',     // u32, as a text; shown in hexadecimal
  THARSIS_LOG_SECRET = 'z',    // nothing: it is never written; shown as "(secret)"
};

// One place in a program that writes lines. What it points to is copied.
typedef struct tharsis_log_site {
  uint32_t size;
  uint32_t level;
  uint32_t line;
  uint32_t reserved;
  const char* file;    // Null: none.
  const char* text;    // With {} or {name} or {name:spec} where arguments go; {{ and }} are braces.
  const char* codes;   // A letter an argument.
  const char* tag;     // Empty: none.
} tharsis_log_site;

// Where the lines of one thread wait: a ring that only that thread writes. Positions count bytes from the
// ring's first day and never turn back. A line is
//   u32 bytes in all, a multiple of 8    u32 number of its site    u64 clock    its arguments
// and each byte is combined (exclusive or) with the keystream's byte of its position, which is zero where
// nothing is sealed. Both are mapped twice in a row, so a line stands in one piece.
//
// To write one: busy must be 0, else a signal interrupted this thread inside a line and the line goes to
// write(). Set it; if *generation is not that of the ring, clear it and ask for another ring. Write at `position`,
// if the line ends no further than `limit` (else ask room(), for at most half a ring); store the new position to
// *head with release; if *asleep is not 0, call wake(); clear busy, with release.
//
// So whoever changes *generation, has all threads pass a barrier (the store to busy and the load of *generation
// have none between them), and then sees a ring that is not busy, knows that nobody writes to it any more: its
// bytes may go. This structure and what asleep and clock point to stay readable until the thread has ended.
typedef struct tharsis_log_ring {
  uint32_t size;
  volatile uint32_t busy;
  uint64_t position;
  uint64_t limit;
  uint8_t* bytes;
  const uint8_t* keystream;
  uint64_t mask;                    // Bytes of the ring minus 1.
  volatile uint64_t* head;
  const volatile uint64_t* clock;   // Where the time is read; null: the processor's own counter.
  const volatile uint32_t* asleep;  // Nobody looks at the rings now.
} tharsis_log_ring;

typedef struct tharsis_log {
  uint32_t size;
  void* self;
  // The lowest level that is kept now; read it before formatting. Changes while running; the host
  // writes, plugins read it relaxed.
  const volatile uint32_t* level;
  // `text` is copied. [any thread] [does not block]
  void (*write)(void* self, uint32_t level, tharsis_text text);
  // wake(context, handle) on the calling strand once everything written before is in the file (or,
  // without a sink, on stderr). The wake always comes. [own strand]
  tharsis_status (*flush)(void* self, tharsis_wake wake, void* context, tharsis_handle handle);

  // Rings: how a line costs a few stores instead of a call. sdk/pure/logger.h does all of this.
  //
  // *generation is another number each time a sink comes or goes; 0: there are no rings, use write(). What
  // ring() and site() answered is good while it is the same.
  const volatile uint32_t* generation;
  // The calling thread's own, or null where there is none left. [any thread]
  tharsis_log_ring* (*ring)(void* self);
  // The site's number, from 1; 0: use write(). [any thread]
  uint32_t (*site)(void* self, const tharsis_log_site* site);
  // Makes limit >= position + bytes for a line of this site; may wait as long as the policy for its plugin, tag and
  // level says. 0: the line is dropped and has been counted; if *generation has changed meanwhile, use write().
  // [the ring's thread, busy]
  int32_t (*room)(void* self, tharsis_log_ring* ring, uint64_t bytes, uint32_t site);
  // Waits where the sink promises that a line is in the file when its call comes back; else [does not block].
  // [the ring's thread, busy]
  void (*wake)(void* self);
  // Where the lowest level stands that is kept of this plugin's lines with this tag. Changes while running;
  // the place is good for as long as the runtime lives, whether a sink is there or not. `level` is that of the
  // empty tag. [any thread]
  const volatile uint32_t* (*level_of)(void* self, tharsis_text tag);
  // Waits until everything written before is in the file, at most so many nanoseconds; not on a thread that the
  // sink needs for it.
  //   THARSIS_E_TIMEOUT      it was not, or the caller is such a thread.
  //   THARSIS_E_NOT_FOUND    there is no sink.   THARSIS_E_UNSUPPORTED  the sink cannot tell, or time is simulated.
  // [any thread] [blocks]
  tharsis_status (*flush_now)(void* self, int64_t most);
  // 1: no log may hold the value of a field of this name, such as "password". [any thread]
  int32_t (*is_secret)(void* self, tharsis_text field);
} tharsis_log;

typedef struct tharsis_log_sink {
  uint32_t size;
  void* self;
  // [any thread] [does not block]
  void (*write)(void* self, const tharsis_log_record* record);
  uint32_t (*level)(void* self);
  // Post wake(context, handle) to `strand` once everything written before is in the file, or could
  // not be written. [any thread]
  void (*flush)(void* self, tharsis_handle strand, tharsis_wake wake, void* context, tharsis_handle handle);

  // As in tharsis_log, with the plugin whose lines they are. A sink without rings ends before them, or has nulls.
  // Once close_rings() has been called no ring is asked for; room(), site() and wake() until it has come back.
  tharsis_log_ring* (*ring)(void* self);
  uint32_t (*site)(void* self, tharsis_text plugin, const tharsis_log_site* site);
  int32_t (*room)(void* self, tharsis_log_ring* ring, uint64_t bytes, uint32_t site);
  void (*wake)(void* self);
  // What level() answers where the sink makes no difference. Asked again when level() is.
  uint32_t (*level_of)(void* self, tharsis_text plugin, tharsis_text tag);
  // When this has come back, nobody is inside a line of any ring, or ever will be: it ends all waiting in room(),
  // has every thread pass a barrier, and waits until no ring is busy. Called when the sink is withdrawn, after
  // *generation has changed. [any thread]
  void (*close_rings)(void* self);

  // As in tharsis_log; null: the sink cannot, or makes no difference.
  tharsis_status (*flush_now)(void* self, int64_t most);
  int32_t (*is_secret)(void* self, tharsis_text field);
} tharsis_log_sink;

#ifdef __cplusplus
}
#endif

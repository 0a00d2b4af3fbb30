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
} tharsis_log_record;

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
} tharsis_log_sink;

#ifdef __cplusplus
}
#endif

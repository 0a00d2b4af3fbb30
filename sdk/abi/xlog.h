// What xlog tells the others: state topic "xlog.state"; service "tharsis.log_reader/1": its files, read; and service
// "tharsis.log_tap/1": lines as they come. Lines are written through tharsis.log/1.
#pragma once
#include "sdk/abi/abi.h"
#include "sdk/abi/log.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THARSIS_XLOG_STATE_TOPIC "xlog.state"

// Published when a file was opened, when writing begins to fail, when it works again, and when lines
// were lost.
typedef struct tharsis_xlog_state {
  tharsis_text file;     // Absolute; empty while none could be opened.
  int32_t status;        // THARSIS_OK, or why lines do not reach the file now.
  uint32_t reserved;
  tharsis_text reason;   // One sentence, empty on THARSIS_OK.
  uint64_t lines;        // Written since the start.
  uint64_t lost;         // Dropped since the start: memory for waiting lines was full.
} tharsis_xlog_state;

#define THARSIS_LOG_READER_ID "tharsis.log_reader/1"

typedef struct tharsis_log_reader {
  uint32_t size;
  void* self;
  // Calls on_line(context, record) for each line of a log file, in the order of the file, before it comes back. What
  // cannot be read is passed over and told in the error, and the status is then THARSIS_E_PROTOCOL.
  //   THARSIS_E_DENIED  the file is sealed.  THARSIS_E_NOT_FOUND, _E_IO ...  see tharsis_files.
  // [any thread] [may block]
  tharsis_status (*read)(void* self, tharsis_text path, void (*on_line)(void* context, const tharsis_log_record* record),
                         void* context, tharsis_error* error);
} tharsis_log_reader;

#define THARSIS_LOG_TAP_ID "tharsis.log_tap/1"

// Which lines a tap gets: all conditions hold. A text that is empty asks nothing.
typedef struct tharsis_log_filter {
  uint32_t size;
  uint32_t level;       // The least severe.
  tharsis_text plugin;
  tharsis_text tag;
  tharsis_text text;    // Stands somewhere in the line.
} tharsis_log_filter;

// Answers whether the file gets the line: 0 leaves it out, if the tap may `decide`. The record is good until it comes
// back. It may log; its own lines come to no tap. [a thread of the sink's, one call at a time] [soon]
typedef int32_t (*tharsis_on_line)(void* context, const tharsis_log_record* line);

typedef struct tharsis_log_tap {
  uint32_t size;
  void* self;
  // Lines written from now on, within some 50 ms, in the order of their times where they came to different threads
  // within that time. What is below the levels that are kept comes to no tap. `filter` may be null: all lines.
  // [any thread]
  tharsis_status (*open)(void* self, const tharsis_log_filter* filter, int32_t decides, tharsis_on_line on_line, void* context,
                         tharsis_handle* tap, tharsis_error* error);
  // When it has come back, no call of on_line is under way, but for the one that it was called from. [any thread]
  void (*close)(void* self, tharsis_handle tap);
} tharsis_log_tap;

#ifdef __cplusplus
}
#endif

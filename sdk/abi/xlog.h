// What xlog tells the others: state topic "xlog.state"; service "tharsis.log_reader/1": its files, read; and service
// "tharsis.log_tap/1": lines as they come. Lines are written through tharsis.log/1.
#pragma once
#include "sdk/abi/abi.h"
#include "sdk/abi/log.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THARSIS_XLOG_STATE_TOPIC "xlog.state"

// Published when a file was opened, when writing begins to fail, when it works again, when lines are left out for want of
// room and when they no longer are, and when lines were lost.
typedef struct tharsis_xlog_state {
  tharsis_text file;     // Absolute; empty while none could be opened.
  int32_t status;        // THARSIS_OK, or why lines do not reach the file now.
  uint32_t below;        // Lines less severe than this THARSIS_LOG_* are left out now, the disk being full; 0: none are.
  tharsis_text reason;   // One sentence, empty on THARSIS_OK.
  uint64_t lines;        // Written since the start.
  uint64_t lost;         // Dropped since the start: memory for waiting lines was full, or the disk was.
} tharsis_xlog_state;

#define THARSIS_LOG_READER_ID "tharsis.log_reader/1"

enum {
  THARSIS_LOG_FILE_SEALED = 1,
  THARSIS_LOG_FILE_COMPLETE = 2,  // It was closed in peace.
  THARSIS_LOG_FILE_OPEN = 4,      // Somebody writes it now.
  THARSIS_LOG_FILE_CURRENT = 8,   // This runtime does.
  THARSIS_LOG_FILE_TORN = 16,     // It ends in the midst of something, or something stands there that is nothing.
  THARSIS_LOG_FILE_OLDER = 32,    // It has lines that a dead process left in a ring: they are not in its lines, levels and times.
  THARSIS_LOG_FILE_UNKNOWN = 64,  // It is no file of frames: what is in it is not looked into.
};

typedef struct tharsis_log_file {
  uint32_t size;
  uint32_t flags;      // THARSIS_LOG_FILE_*
  tharsis_text path;
  tharsis_text name;   // Of the log; what stands before the day.
  int64_t day;         // That the file is named by, since 1970.
  uint32_t number;     // Of that day.
  uint32_t levels;     // Bit: some line has this THARSIS_LOG_*.
  uint64_t bytes;
  uint64_t lines;
  int64_t first, last; // Times of its lines, by the wall clock of then; both 0: it has none.
} tharsis_log_file;

// Which files: those that may have lines of this time.
typedef struct tharsis_log_span {
  uint32_t size;
  uint32_t has_day;    // Then only files that are named by this day.
  int64_t day;
  int64_t since, until;  // INT64_MIN, INT64_MAX: no limit.
} tharsis_log_span;

typedef struct tharsis_log_reader {
  uint32_t size;
  void* self;
  // Calls on_line(context, record) for each line of a log file, in the order of the file, before it comes back. What
  // cannot be read is passed over and told in the error, and the status is then THARSIS_E_PROTOCOL.
  //   THARSIS_E_DENIED  the file is sealed.  THARSIS_E_NOT_FOUND, _E_IO ...  see tharsis_files.
  // [any thread] [may block]
  tharsis_status (*read)(void* self, tharsis_text path, void (*on_line)(void* context, const tharsis_log_record* record),
                         void* context, tharsis_error* error);
  // Calls on_file(context, file) for the log files in a folder (an empty text: where this runtime writes, and its folder
  // for young files), by name, then in the order of their numbers, before it comes back. `span` may be null: all.
  // [any thread] [may block]
  tharsis_status (*files)(void* self, tharsis_text folder, const tharsis_log_span* span,
                          void (*on_file)(void* context, const tharsis_log_file* file), void* context, tharsis_error* error);
} tharsis_log_reader;

#define THARSIS_LOG_SHIPPER_ID "tharsis.log_shipper/1"

// Sends the log to the receiver that xlog's settings `ship` name: for whoever is asked from outside, as by a push message.
typedef struct tharsis_log_shipper {
  uint32_t size;
  void* self;
  // Blocks that may have lines of that time (wall ns) and level are sent soon, on any network, and again and again until it was
  // done; what came of it is told on the topic "xlog.shipped".
  //   THARSIS_E_UNSUPPORTED  there is no receiver.  THARSIS_E_INVALID  a level is none, or the time is empty.
  // [any thread] [does not block]
  tharsis_status (*ship)(void* self, int64_t since, int64_t until, uint32_t level, tharsis_error* error);
} tharsis_log_shipper;

#define THARSIS_XLOG_SHIPPED_TOPIC "xlog.shipped"

// An event, after each attempt that xlog made by itself and that sent something or failed.
typedef struct tharsis_xlog_shipped {
  uint64_t files;       // That the receiver has now as they are here, by this attempt.
  uint64_t bytes;       // That it took.
  int32_t status;       // THARSIS_OK, or why the attempt ended.
  uint32_t failed;      // Files that could not be shipped.
  tharsis_text reason;  // One sentence, empty on THARSIS_OK.
} tharsis_xlog_shipped;

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

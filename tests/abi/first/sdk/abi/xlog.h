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
  THARSIS_LOG_FILE_PART = 128,    // Some of it was left out when it was shipped.
  THARSIS_LOG_FILE_SHIPPED_OPEN = 256,  // Somebody wrote it when it was shipped: what came later is not here.
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

typedef struct tharsis_log_texts {
  const tharsis_text* data;
  size_t count;
} tharsis_log_texts;

enum {
  THARSIS_LOG_ANY_CASE = 1,  // Letters of `texts` count as both, those of ASCII.
  THARSIS_LOG_FOLLOW = 2,    // At the end, wait for what is still written, in new files too.
};

// What somebody wants to read: lines for which all of it holds. What is zero asks nothing.
typedef struct tharsis_log_query {
  uint32_t size;
  uint32_t flags;              // THARSIS_LOG_ANY_CASE ...
  tharsis_log_texts paths;     // Absolute; log files, ours or Mars', and folders with some. None: where this runtime writes.
  tharsis_text key;            // The absolute path of the private key that opens those that are sealed.
  int64_t since, until;        // Wall time; `until` itself is not wanted any more.
  tharsis_log_texts plugins;   // Any of them.
  tharsis_log_texts tags;      // Any of them.
  const uint64_t* threads;     // Any of them.
  size_t threads_count;
  tharsis_log_texts texts;     // All of them stand somewhere in the line.
  tharsis_log_texts where;     // Conditions for fields, all of them: "bytes > 1000", as of `tharsis xlog cat --where`.
  uint32_t levels;             // Bit n: lines of level n.
  uint32_t reserved;
} tharsis_log_query;

// A value in a line: one of the last four, as `code` says. This struct does not grow.
typedef struct tharsis_log_field {
  tharsis_text name;           // In the line's text; a number from 0 where it has none there.
  uint32_t code;               // THARSIS_LOG_BOOL ... THARSIS_LOG_SECRET: which one of these it is.
  uint32_t reserved;
  uint64_t bits;               // b c u m p
  int64_t whole;               // i l t w
  double real;                 // d
  tharsis_text text;           // s x
} tharsis_log_field;

// What could not be read.
typedef struct tharsis_log_damage {
  uint32_t size;
  tharsis_status status;       // THARSIS_E_DENIED: the file is sealed, for another key; _E_PROTOCOL: it is damaged; _E_IO ...
  uint64_t byte;               // Where in the file,
  uint64_t frame;              // and in which block; UINT64_MAX: nobody knows.
  uint64_t missing_frames;     // As far as known.
  uint64_t missing_lines;
  tharsis_text why;
  uint32_t at_end;             // 1: the file ends there in the midst of something. Its writer was killed, or still writes.
  uint32_t reserved;
} tharsis_log_damage;

// Either a line or damage; the other is null.
typedef struct tharsis_log_item {
  uint32_t size;
  uint32_t fields_count;
  tharsis_text path;           // Of the file.
  const tharsis_log_record* line;
  const tharsis_log_field* fields;  // Of the line, in the order of its text; none where it came as finished text.
  const tharsis_log_damage* damage;
} tharsis_log_item;

// Its functions may be called from any thread, those of one reading from one at a time; they read from the disk and so
// may block, but not for ever. How much memory a reading takes does not depend on how long the files are.
typedef struct tharsis_log_reader {
  uint32_t size;
  void* self;
  // Begins to read. `reading` is good until close(), or until the plugin stops.
  //   THARSIS_E_INVALID  the query makes no sense.  THARSIS_E_NOT_FOUND  a path, or a log in a folder.  For others see
  //   tharsis_files, and `key`.
  // [any thread] [may block]
  tharsis_status (*open)(void* self, const tharsis_log_query* query, tharsis_handle* reading, tharsis_error* error);
  // The next item, in the order of lines' times over all files; good until the next call for this reading. What cannot be
  // read is such an item too, and reading goes on behind it. Null: there is no more.
  //   THARSIS_PENDING  with THARSIS_LOG_FOLLOW: there is no more now; ask again in a while.
  //   THARSIS_E_GONE   no reading has this handle.
  // [any thread] [may block]
  tharsis_status (*next)(void* self, tharsis_handle reading, const tharsis_log_item** item, tharsis_error* error);
  // [any thread]
  void (*close)(void* self, tharsis_handle reading);
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

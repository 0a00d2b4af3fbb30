// What xlog tells the others: state topic "xlog.state"; and service "tharsis.log_reader/1": its files, read. Lines are
// written through tharsis.log/1.
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

#ifdef __cplusplus
}
#endif

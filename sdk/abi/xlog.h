// What xlog tells the others: state topic "xlog.state". Lines are written through tharsis.log/1.
#pragma once
#include "sdk/abi/abi.h"

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

#ifdef __cplusplus
}
#endif

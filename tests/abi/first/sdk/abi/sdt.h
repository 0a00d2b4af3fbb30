// What sdt tells the others: event topic "sdt.verdict".
#pragma once
#include "sdk/abi/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THARSIS_SDT_VERDICT_TOPIC "sdt.verdict"

// What is wrong, from the network outwards. The numbers are kept for ever.
enum {
  THARSIS_SDT_FINE = 0,            // Everything that was asked answers.
  THARSIS_SDT_NAME_UNRESOLVED = 1, // The server's name has no address, or no resolver answers.
  THARSIS_SDT_UNREACHABLE = 2,     // No route leads to the server's addresses.
  THARSIS_SDT_REFUSED = 3,         // The host is there, nothing listens on the port.
  THARSIS_SDT_NO_ANSWER = 4,       // Connecting to the server is not answered in time.
  THARSIS_SDT_CUT = 5,             // Connections are made and then cut.
  THARSIS_SDT_UNTRUSTED = 6,       // The server cannot prove who it is.
  THARSIS_SDT_SILENT = 7,          // The server takes connections and says nothing on them.
  THARSIS_SDT_PROTOCOL = 8,        // The server says things that mean nothing to stn.
};

typedef struct tharsis_sdt_verdict {
  tharsis_text link;      // Which link of stn it is about.
  uint32_t code;          // THARSIS_SDT_*.
  uint32_t confidence;    // 0 to 100: how surely.
  tharsis_text headline;  // One sentence: what is wrong, where.
  tharsis_text advice;    // One sentence: what to do about it; may be empty.
  tharsis_text evidence;  // What each check found: "dns: 127.0.0.1 (pinned); tcp: refused in 0 ms".
  int64_t took;           // The checks' time, ns.
} tharsis_sdt_verdict;

#ifdef __cplusplus
}
#endif

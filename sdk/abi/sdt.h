// Service "tharsis.sdt/1": what is broken in the network, where, how surely, and what to do. Also on the bus:
//
//   "sdt.verdict"  log    what a diagnosis says about a link of stn (tharsis_sdt_verdict); the last 8 are kept for those who
//                         subscribe later
//   "sdt.report"   event  the end of each diagnosis, asked for or not (tharsis_sdt_report)
//   "sdt.heal"     event  each remedy: proposed, carried out, ended (tharsis_sdt_healing)
#pragma once
#include "sdk/abi/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THARSIS_SDT_VERDICT_TOPIC "sdt.verdict"

// What is wrong, roughly; `verdict` says it exactly. The numbers are kept for ever.
enum {
  THARSIS_SDT_FINE = 0,            // Everything that was asked answers.
  THARSIS_SDT_NAME_UNRESOLVED = 1, // The server's name has no address, or no resolver answers.
  THARSIS_SDT_UNREACHABLE = 2,     // No route leads to the server's addresses.
  THARSIS_SDT_REFUSED = 3,         // The host is there, nothing listens on the port.
  THARSIS_SDT_NO_ANSWER = 4,       // Connecting to the server is not answered in time.
  THARSIS_SDT_CUT = 5,             // Connections are made and then cut.
  THARSIS_SDT_UNTRUSTED = 6,       // The server cannot prove who it is.
  THARSIS_SDT_SILENT = 7,          // The server takes connections and says nothing on them.
  THARSIS_SDT_PROTOCOL = 8,        // The server says things that mean nothing, or that it cannot.
  THARSIS_SDT_IMPAIRED = 9,        // It works badly: packets are lost or late, or what passes is changed.
  THARSIS_SDT_UNCLEAR = 10,        // It does not work, and what was seen does not say why.
};

// A fault is told once until a diagnosis finds another; FINE, when the link is up again after one was told.
typedef struct tharsis_sdt_verdict {
  tharsis_text link;      // Which link of stn it is about.
  uint32_t code;          // THARSIS_SDT_*.
  uint32_t confidence;    // 0 to 100: how surely.
  tharsis_text headline;  // One sentence: what is wrong, where.
  tharsis_text advice;    // One sentence: what to do about it; may be empty.
  tharsis_text evidence;  // For an engineer: what stn met, and what the diagnosis rests on.
  int64_t took;           // The diagnosis' time, ns.
  tharsis_text verdict;   // "pmtu_black_hole_up": plugins/sdt/README.md has all of them.
  tharsis_text blame;     // As in tharsis_sdt_report, as the two below.
  tharsis_text certainty;
  tharsis_text action;    // For a program: "clamp_mss(1360)"; may be empty.
} tharsis_sdt_verdict;

#define THARSIS_SDT_ID "tharsis.sdt/1"
#define THARSIS_SDT_REPORT_TOPIC "sdt.report"
#define THARSIS_SDT_HEAL_TOPIC "sdt.heal"

// How much a diagnosis may send.
enum {
  THARSIS_SDT_PASSIVE = 0,  // Nothing.
  THARSIS_SDT_LIGHT = 1,    // Some packets to each: about 20 KB.
  THARSIS_SDT_MEDIUM = 2,   // Also sizes of segments and losses: below 300 KB.
  THARSIS_SDT_HEAVY = 3,    // Also under load: up to 20 MB.
};

// Why a diagnosis was made. A number keeps its meaning for ever.
enum {
  THARSIS_SDT_ASKED = 0,            // Somebody called diagnose().
  THARSIS_SDT_LINK_FAILED = 1,      // A link of stn went down, or does not come up.
  THARSIS_SDT_TASKS_FAIL = 2,       // Tasks that used to be answered are not any more.
  THARSIS_SDT_NETWORK_WEAK = 3,     // stn calls the network weak.
  THARSIS_SDT_NAMES_LIE = 4,        // dns has found a liar.
  THARSIS_SDT_RECHECK = 5,          // Is what was healed still ill?
};

// Texts are borrowed for the length of the call.
typedef struct tharsis_sdt_wish {
  uint32_t size;
  uint32_t depth;       // THARSIS_SDT_PASSIVE ...
  tharsis_text target;  // NAME, IP:PORT, tcp://, tcps://, http:// or https://; empty: the network as a whole.
  int64_t deadline;     // ns; 0: the profile's, and twice that under load.
  uint64_t budget;      // Bytes, both ways; 0: the profile's, under load at least 20 MB; where the network is metered a third of it.
} tharsis_sdt_wish;

// What came out. Texts are borrowed for the length of the call. plugins/sdt/README.md has the codes.
typedef struct tharsis_sdt_report {
  tharsis_text target;
  uint32_t why;             // THARSIS_SDT_ASKED ...
  int32_t status;           // THARSIS_OK; _E_CANCELLED: it was given up, and the verdict is of what was seen by then.
  tharsis_text code;        // "pmtu_black_hole_up": of the headline, as all that follows.
  tharsis_text blame;       // "device", "lan", "isp", "path", "dns_provider", "server", "middlebox", "unknown", "nobody"
  tharsis_text certainty;   // "proven", "likely", "possible"
  uint32_t confidence;      // 0 to 100: how surely.
  uint32_t reserved;
  tharsis_text sentence;    // For a person.
  tharsis_text detail;      // For an engineer.
  tharsis_text action;      // For a program: "clamp_mss(1360)"; may be empty.
  tharsis_text json;        // All of it, as `tharsis sdt diagnose --json` prints it: without what tells where one is and who.
  int64_t took;             // ns.
  uint64_t bytes;           // Sent and received.
} tharsis_sdt_report;

// What became of a remedy.
enum {
  THARSIS_SDT_HEAL_ADVISED = 0,  // Proposed; the profile lets nobody carry it out.
  THARSIS_SDT_HEAL_BEGUN = 1,    // stn or dns carries it out from now on.
  THARSIS_SDT_HEAL_REFUSED = 2,  // Nobody does: there is no stn, or it says no.
  THARSIS_SDT_HEAL_ENDED = 3,    // It was taken back, or is no advice any more.
};

typedef struct tharsis_sdt_healing {
  uint32_t state;         // THARSIS_SDT_HEAL_*
  uint32_t reserved;
  tharsis_text action;    // "clamp_mss(1360)"
  tharsis_text cause;     // "pmtu_black_hole_up"
  tharsis_text target;    // What it was found about; may be empty.
  tharsis_text sentence;  // What is wrong; of an end: why it ends; of a refusal: why.
} tharsis_sdt_healing;

// Exactly once for each diagnosis that was accepted. [the strand that called diagnose()]
typedef void (*tharsis_sdt_done)(void* context, tharsis_handle id, const tharsis_sdt_report* report);

typedef struct tharsis_sdt {
  uint32_t size;
  void* self;

  // Ends by its deadline whatever does not answer. `done` is never called inside this call.
  //   THARSIS_E_INVALID  the target means nothing, or the depth is none; or this is no strand.
  //   THARSIS_E_BUSY     too many are under way.
  //   THARSIS_E_GONE     sdt is stopping.
  // [any strand]
  tharsis_status (*diagnose)(void* self, const tharsis_sdt_wish* wish, tharsis_sdt_done done, void* context, tharsis_handle* id,
                             tharsis_error* error);
  // `done` is still called, within 50 ms, with what was seen so far and THARSIS_E_CANCELLED unless it had ended. [any strand]
  void (*cancel)(void* self, tharsis_handle id);
} tharsis_sdt;

#ifdef __cplusplus
}
#endif

// Service "tharsis.stn.heal/1": what somebody who has found out what ails the network asks of stn, for a while. Each remedy
// ends with its time, with undo(), and with the network that it was asked for; then all is as if it had never been. None
// takes a way from a link: what is to be avoided is tried last, and only in a portal nothing is dialled. A profile that says
// otherwise (dial.mss, dial.small_segments: off) is stronger.
//
//   "stn.heal"  event  each beginning and each end of one (tharsis_stn_healing)
#pragma once
#include "sdk/abi/abi.h"
#include "sdk/abi/net.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THARSIS_STN_HEAL_ID "tharsis.stn.heal/1"
#define THARSIS_STN_HEAL_TOPIC "stn.heal"

// A number keeps its meaning for ever; new ones come last.
enum {
  // No TCP segment of a connection that is made from here on, of links and of HTTP, is larger than `number` bytes, 536 to 1460.
  // It is no discovery of stn's own, so nothing of it is kept: clamp_segments() of tharsis.stn.links/1 is for that.
  THARSIS_STN_HEAL_SEGMENTS = 1,
  // Addresses of family `number`, 4 or 6, are dialled before all of the other.
  THARSIS_STN_HEAL_FAMILY = 2,
  // `address` is dialled behind all others of its server; port 0: whatever the port.
  THARSIS_STN_HEAL_ADDRESS = 3,
  // Tasks go by connections alone, not by datagrams.
  THARSIS_STN_HEAL_DATAGRAMS = 4,
  // The server `host`, as endpoints name it, is tried at port `number` first, and then where it is said to be. Who it is it has
  // to prove in the same way. An address that somebody has given with its port (debug, backup) stays as it is.
  THARSIS_STN_HEAL_PORT = 5,
  // Somebody has to sign in before anything gets out. Links that are down do not dial, since what answers is not their server,
  // and no failure is put down to an address; links that are up stay so. When it is over they connect at once.
  THARSIS_STN_HEAL_PORTAL = 6,
  THARSIS_STN_HEAL_COUNT = 7
};

// The longest that one may last: an hour, a portal ten minutes. Who still means it says it again.
#define THARSIS_STN_HEAL_TTL_MAX_MS 3600000u
#define THARSIS_STN_HEAL_PORTAL_MAX_MS 600000u

typedef struct tharsis_stn_remedy {
  uint32_t size;
  uint32_t what;            // THARSIS_STN_HEAL_*.
  uint32_t number;          // SEGMENTS: bytes; FAMILY: 4 or 6; PORT: the port. Else 0.
  uint32_t ttl_ms;          // From 1,000.
  tharsis_address address;  // Of ADDRESS; else empty.
  tharsis_text host;        // Of PORT; else empty.
  tharsis_text reason;      // One sentence: who has found what. For the log, the bus and `tharsis stn status`.
} tharsis_stn_remedy;

enum {
  THARSIS_STN_HEAL_BEGUN = 0,    // Or it was there with another number.
  THARSIS_STN_HEAL_RENEWED = 1,  // It was there, and lasts until another time.
  THARSIS_STN_HEAL_EXPIRED = 2,  // Its time is over;
  THARSIS_STN_HEAL_UNDONE = 3,   // it was taken back;
  THARSIS_STN_HEAL_MOVED = 4,    // the network is another one;
  THARSIS_STN_HEAL_CROWDED = 5,  // there were 32, and it was the first of them to end.
};

// For the bus.
typedef struct tharsis_stn_healing {
  uint32_t what;         // THARSIS_STN_HEAL_SEGMENTS ...
  uint32_t state;        // THARSIS_STN_HEAL_BEGUN ...
  uint32_t number;
  uint32_t reserved;
  tharsis_text subject;  // The address, or the host; may be empty.
  tharsis_text network;  // Its id; empty: it has none.
  tharsis_text reason;
  int64_t lasted;        // Until now, ns.
  int64_t left;          // Of its time, ns; 0: it has ended.
} tharsis_stn_healing;

typedef struct tharsis_stn_heal {
  uint32_t size;
  void* self;

  // From now on, and soon: a link that is connecting, or waits to connect, begins anew at once (but not in a portal), one that is
  // up is left alone. The same remedy for the same thing (address; host) takes the place of the one before, whose id means
  // nothing any more.
  //   THARSIS_E_INVALID  there is no such remedy, its number or time is out of bounds, or its address or host is missing or too much;
  //                      the sentence says which.
  //   THARSIS_E_GONE     stn is stopping.
  //   THARSIS_E_DENIED   the profile says `heal: { use: false }`.
  // [any strand]
  tharsis_status (*apply)(void* self, const tharsis_stn_remedy* remedy, tharsis_handle* id, tharsis_error* error);
  // Takes it back. An id that has ended, or never was, is no error. [any strand]
  void (*undo)(void* self, tharsis_handle id);
} tharsis_stn_heal;

#ifdef __cplusplus
}
#endif

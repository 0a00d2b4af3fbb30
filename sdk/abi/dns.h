// Service "tharsis.dns/1": names to addresses, from the profile's pins, the cache, servers that are checked against each
// other, or the system's resolver. Also on the bus: state topic "dns.stats" (tharsis_dns_stats).
#pragma once
#include "sdk/abi/abi.h"
#include "sdk/abi/net.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THARSIS_DNS_ID "tharsis.dns/1"
#define THARSIS_DNS_STATS_TOPIC "dns.stats"

enum {
  THARSIS_DNS_LITERAL = 0,
  THARSIS_DNS_PINNED = 1,
  THARSIS_DNS_CACHED = 2,
  THARSIS_DNS_SYSTEM = 3,
  THARSIS_DNS_SERVERS = 4,
  THARSIS_DNS_TABLE = 5,        // The application's signed table.
  THARSIS_DNS_HOSTS = 6,        // A hosts file.
  THARSIS_DNS_LAST_RESORT = 7,  // dns.last_resort of the profile: all else failed.
};

// What is known of one address of an answer.
typedef struct tharsis_dns_candidate {
  uint32_t size;
  int32_t proven;           // 1: the profile, or a server that proved its name, says so. 0: nobody trusted does.
  tharsis_address address;  // As in `addresses`.
  tharsis_text source;      // "https://192.0.2.53/dns-query#dns.example", "pinned", "literal", "system".
  tharsis_text why;         // A sentence: who agreed.
  int64_t age;              // How long ago it was learned, ns.
  int32_t stale;            // 1: it is older than its source said it holds.
  int32_t reserved;
} tharsis_dns_candidate;

// An address that somebody gave and that is not used.
typedef struct tharsis_dns_refusal {
  uint32_t size;
  uint32_t reserved;
  tharsis_address address;
  tharsis_text source;
  tharsis_text why;
} tharsis_dns_refusal;

typedef struct tharsis_dns_answer {
  uint32_t size;
  int32_t status;                    // THARSIS_OK, _E_NOT_FOUND, _E_TIMEOUT, _E_NETWORK, _E_CANCELLED.
  uint32_t source;                   // THARSIS_DNS_*.
  uint32_t count;
  const tharsis_address* addresses;  // In the order to try; port 0, or the one that the signed table gives. Borrowed.
  tharsis_text reason;               // One sentence on failure.
  // All borrowed, as the addresses.
  const tharsis_dns_candidate* const* candidates;  // `count` pointers, in the order of `addresses`.
  const tharsis_dns_refusal* const* refused;       // `refused_count` pointers.
  size_t refused_count;
  // The worst that was seen: "proven", "agreed", "single", "disputed", "hijack", "injection"; without an address also
  // "not_found", "not_trusted", "no_answer". plugins/dns/README.md has what each means.
  tharsis_text verdict;
} tharsis_dns_answer;

// Called exactly once per accepted question. [the strand that called resolve()]
typedef void (*tharsis_dns_done)(void* context, tharsis_handle query, const tharsis_dns_answer* answer);

// What became of a dial to an address that a name has: the next answers have the good ones first, those that nobody has
// tried next, and those that failed of late last; what failed three times of the last eight is left out for a while,
// unless nothing else is left.
typedef struct tharsis_dns_feedback {
  uint32_t size;
  int32_t status;           // THARSIS_OK: connected. THARSIS_PENDING: another, which had less time, answered first.
                            // _E_TIMEOUT, _E_REFUSED, _E_RESET, _E_UNREACHABLE: it failed. All else says nothing of it.
  tharsis_address address;  // With the port that was dialled.
  tharsis_text network;     // The id of the network over which, see tharsis_network_state. Copied.
  int64_t connect;          // With THARSIS_OK: how long connecting took, ns.
} tharsis_dns_feedback;

// What is known of a name, in the caller's memory; for lookup() and resolve_blocking(). Texts are valid until dns has stopped.
typedef struct tharsis_dns_found {
  uint32_t size;            // By the caller: sizeof(tharsis_dns_found).
  uint32_t candidate_size;  // By the caller: sizeof(tharsis_dns_candidate).
  uint32_t room;            // By the caller: how many candidates fit into...
  uint32_t count;           // How many there are; those that do not fit are left out.
  tharsis_dns_candidate* candidates;  // ...this. By the caller; in the order to try. May be null where `room` is 0.
  uint32_t source;          // THARSIS_DNS_*, where it came from at first.
  int32_t known;            // 1: something is remembered of the name, be it that it has no address.
  int32_t stale;            // 1: it is older than its source said it holds.
  int32_t reserved;
  int64_t left;             // How long it still holds, ns; 0: no longer, INT64_MAX: until the profile is another.
  tharsis_text verdict;     // As of an answer.
} tharsis_dns_found;

typedef struct tharsis_dns {
  uint32_t size;
  void* self;

  // `family` 4, 6 or 0 for both. `done` is never called inside this call.
  //   THARSIS_E_INVALID  the name is empty, too long, or has a byte that no name has; or this is no
  //                      strand, so there is no place for the answer.
  //   THARSIS_E_BUSY     too many questions are open; ask again after an answer.
  //   THARSIS_E_GONE     dns is stopping.
  // [any strand]
  tharsis_status (*resolve)(void* self, tharsis_text name, uint32_t family, tharsis_dns_done done,
                            void* context, tharsis_handle* query, tharsis_error* error);

  // `done` is still called, with THARSIS_E_CANCELLED unless the answer was on its way. [any strand]
  void (*cancel)(void* self, tharsis_handle query);

  // Whoever dials what resolve() answered tells of it. What means nothing, and what comes while dns stops, is
  // dropped. [any thread]
  void (*feedback)(void* self, const tharsis_dns_feedback* what);

  // A signed table that came over the application's own channel: its names have the addresses that it says from a moment
  // later on, and after a restart. A table that is refused changes nothing.
  //   THARSIS_E_UNSUPPORTED  the profile trusts no key: dns.table.keys.
  //   THARSIS_E_INVALID      it is no table, or was cut.
  //   THARSIS_E_UNTRUSTED    another key has signed it, or it was changed on its way.
  //   THARSIS_E_PROTOCOL     its owner has signed what means nothing.
  //   THARSIS_E_DENIED       its time is over or has not come, or one with a higher serial was seen.
  //   THARSIS_E_GONE         dns is stopping.
  // [any thread]
  tharsis_status (*set_table)(void* self, tharsis_text table, tharsis_error* error);

  // What is remembered of the name, at once: no lock, no allocation, some hundred nanoseconds. A name that is used so in the last
  // part of its answer's life is looked up again in the background.
  //   THARSIS_OK           `into` has candidates that hold.
  //   THARSIS_PENDING      `into` has candidates whose time is over, and a newer answer has been asked for: use them, or resolve().
  //   THARSIS_E_NOT_FOUND, _E_NETWORK  without `known`: nothing is remembered, ask resolve(); with it, this is what is remembered.
  //   THARSIS_E_INVALID    the name is none, the family is not 4, 6 or 0, or `into` has no sizes.
  //   THARSIS_E_GONE       dns is stopping.
  // [any thread] [does not block]
  tharsis_status (*lookup)(void* self, tharsis_text name, uint32_t family, tharsis_dns_found* into);

  // For a host's threads that may wait: what lookup() has, else the answer of resolve(), within `timeout` ns (0: the profile's).
  //   THARSIS_E_INVALID    as lookup(); or it was called on a strand, whose plugin would wait for itself: use resolve() there.
  //   THARSIS_E_TIMEOUT    there was none in time.     others: as tharsis_dns_answer and resolve().
  // [any thread that is no strand's] [blocks]
  tharsis_status (*resolve_blocking)(void* self, tharsis_text name, uint32_t family, int64_t timeout, tharsis_dns_found* into,
                                     tharsis_error* error);

  // The name will be needed: it is looked up now, unless what is remembered holds well. Nobody is told.
  //   THARSIS_E_INVALID, _E_GONE  as above.
  // [any thread] [does not block]
  tharsis_status (*prefetch)(void* self, tharsis_text name, uint32_t family, tharsis_error* error);

  // What is remembered of the name, or with an empty one of all, is not used any more, and not kept for the next start. Questions that
  // wait get their answers. [any thread] [does not block]
  tharsis_status (*forget)(void* self, tharsis_text name, tharsis_error* error);
} tharsis_dns;

// Questions since the start; each that was answered is in one of the others too: by where its
// addresses came from, or `failed` when it got none. Published after every change, at most once a turn.
typedef struct tharsis_dns_stats {
  uint64_t queries;
  uint64_t literal;
  uint64_t pinned;
  uint64_t cached;
  uint64_t system;
  uint64_t failed;
  uint64_t servers;
  uint64_t table;
  uint64_t hosts;
} tharsis_dns_stats;

#ifdef __cplusplus
}
#endif

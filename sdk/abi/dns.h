// Service "tharsis.dns/1": names to addresses, from the profile's pins, the cache, servers that are checked against each
// other, or the system's resolver. Also on the bus: state topic "dns.stats" (tharsis_dns_stats), event topics
// "dns.hijack", "dns.source" and "dns.answer".
#pragma once
#include "sdk/abi/abi.h"
#include "sdk/abi/net.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THARSIS_DNS_ID "tharsis.dns/1"
#define THARSIS_DNS_STATS_TOPIC "dns.stats"
#define THARSIS_DNS_HIJACK_TOPIC "dns.hijack"
#define THARSIS_DNS_SOURCE_TOPIC "dns.source"
#define THARSIS_DNS_ANSWER_TOPIC "dns.answer"

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
  // What its users told of it over this network; from lookup() and resolve_blocking() to the microsecond.
  int64_t connect;          // How long connecting took of late, ns; 0: nobody has told, or it failed since.
  int32_t avoided;          // 1: somebody has found out that it is not reached here now: it comes behind all others.
  int32_t reserved_2;
  // What a service record (HTTPS, SVCB) says of it; so far only explain() asks for one.
  tharsis_text alpn;        // What is spoken there, the best first: "h2,http/1.1". Empty: it does not say.
  tharsis_bytes ech;        // An ECHConfigList as it came, for the TLS that connects; empty: there is none.
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
  int64_t life;     // How long it may be used from now on, ns; 0: not again.
  int32_t no_name;  // With _E_NOT_FOUND: 1: there is no such name at all; 0: it has no such address, or nobody knows.
  int32_t reserved;
  int64_t usual_connect;  // How long connecting took on this network where it came about last, ns; 0: nobody has told.
  int32_t unbelieved;     // With _E_NOT_FOUND: 1: there were addresses, all were refused, and nobody who is believed says that there is none.
  int32_t reserved2;
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
  // Of dials with TLS that verified the peer's certificate for a name:
  int32_t proved;           // THARSIS_DNS_PROVED; _DISPROVED: it was for other names, or nobody vouches for it; _NOT_ASKED: there was no TLS,
                            // it did not come so far, or dates, a clock or a pin was what was wrong.
  int32_t reserved;
  tharsis_text name;        // For which name. Copied.
  // The server asks to be left alone, or who knows of it does: for so long, ns, no port of the address is answered on any network
  // while there is another one; a day at most. 0: nobody has asked.
  int64_t rest;
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

enum { THARSIS_DNS_DISPROVED = -1, THARSIS_DNS_NOT_ASKED = 0, THARSIS_DNS_PROVED = 1 };

// What advise() takes: what somebody who looked at the network found.
enum {
  THARSIS_DNS_USE_DOH = 1,     // Who cannot prove its name is not believed.
  THARSIS_DNS_QUARANTINE = 2,  // A source is not: `about` is its name as the profile writes it.
  THARSIS_DNS_PORTAL = 3,      // It wants a login first; `about` is the login's host, or empty.
  THARSIS_DNS_FAMILY = 4,      // Addresses of the other family are not reached; `about` is "4" or "6", the one that is.
  THARSIS_DNS_AVOID = 5,       // An address is not: `about` is "192.0.2.7" or, of one port alone, "[2001:db8::7]:443".
};

enum { THARSIS_DNS_RANKED_MAX = 64 };

// One answer of one server, of explain().
typedef struct tharsis_dns_testimony {
  uint32_t size;
  int32_t status;           // THARSIS_OK: it has some; _E_NOT_FOUND: it says there is none; _E_NETWORK: it did not answer.
  tharsis_text source;      // As the profile, or the wish, writes it.
  tharsis_text says;        // For a person: addresses, records, why it failed.
  const tharsis_address* addresses;
  size_t count;
  int64_t asked, came;      // Since the question, ns.
  int64_t life;             // Of what it says, ns.
  uint32_t type;            // Of records.
  int32_t trusted;          // 1: it has proved its name.
  int32_t no_name;          // 1: it says that there is no such name at all.
  int32_t forged;           // 1: it came in the source's name, and the source contradicts it.
} tharsis_dns_testimony;

// All borrowed for the length of the call.
typedef struct tharsis_dns_explanation {
  uint32_t size;
  int32_t status;           // As of tharsis_dns_answer, as are reason, verdict, candidates and refused.
  tharsis_text reason;
  tharsis_text verdict;
  const tharsis_dns_candidate* const* candidates;
  size_t candidates_count;
  const tharsis_dns_refusal* const* refused;
  size_t refused_count;
  const tharsis_dns_testimony* const* heard;
  size_t heard_count;
  int64_t took;             // ns.
} tharsis_dns_explanation;
typedef void (*tharsis_dns_explained)(void* context, tharsis_handle query, const tharsis_dns_explanation* explanation);

typedef struct tharsis_dns_wish {
  uint32_t size;
  uint32_t type;            // Of records, 1 for A; 0: A and AAAA.
  tharsis_text name;
  const tharsis_text* servers;  // Who is asked, as dns.servers writes them; none: the profile's.
  size_t servers_count;
  int64_t deadline;         // For all of them, ns; 0: dns.budget.
} tharsis_dns_wish;

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
  //   THARSIS_E_DENIED       its time is over or has not come, or one with a higher serial was seen, or another with the same.
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
  //   THARSIS_E_INVALID    as lookup(); or it was called on the thread that carries dns, which would wait for itself. Other plugins'
  //                        strands are not told apart from a host's threads: they would stand still, so they use resolve().
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

  // All servers are asked, nothing that is remembered is used, and `done` is told what each has said and what is made of it.
  // cancel() takes the question back.
  //   THARSIS_E_INVALID  as resolve(), or a server that is none; the sentence says how one looks.
  //   THARSIS_E_NOT_FOUND  there is no server to ask: the profile names none, nor does the wish.
  //   THARSIS_E_BUSY     16 such questions are open.   THARSIS_E_GONE  dns is stopping.
  // [any strand]
  tharsis_status (*explain)(void* self, const tharsis_dns_wish* wish, tharsis_dns_explained done, void* context, tharsis_handle* query,
                            tharsis_error* error);

  // What somebody who looked at the network found holds for `life` ns, or until the network changes; 0: no longer.
  //   THARSIS_E_INVALID  a code that is none of THARSIS_DNS_USE_DOH ... _AVOID, or what it is about is no family, or no address.
  //   THARSIS_E_GONE     dns is stopping.
  // [any thread]
  tharsis_status (*advise)(void* self, uint32_t code, tharsis_text about, int64_t life, tharsis_error* error);

  // Addresses that no name has, of a profile or of an application: what their users told is known of them too. The answer has status
  // THARSIS_OK, source THARSIS_DNS_LITERAL, and them in the order to try; those that are left alone for now are left out, unless all
  // are. Of one with a port that port counts, else whichever was of use last. They are copied.
  //   THARSIS_E_INVALID  there is none, or more than THARSIS_DNS_RANKED_MAX, or one is of neither family; or as resolve().
  //   THARSIS_E_BUSY, _E_GONE  as resolve().
  // [any strand]
  tharsis_status (*rank)(void* self, const tharsis_address* list, size_t count, tharsis_dns_done done, void* context,
                         tharsis_handle* query, tharsis_error* error);
} tharsis_dns;

enum {
  THARSIS_DNS_LIE_BOGUS = 0,    // An address that no public name has, or that dns.domains does not allow.
  THARSIS_DNS_LIE_HIDDEN = 1,   // "No such name", where a trusted server knows it.
  THARSIS_DNS_LIE_FORGED = 2,   // It came in the name of a server that contradicts it.
  THARSIS_DNS_LIE_REFUTED = 3,  // The address shows the certificate of another.
  THARSIS_DNS_LIE_LANDING = 4,  // Names that do not exist lead to the address.
};

// Event topic "dns.hijack": somebody lied about a name.
typedef struct tharsis_dns_hijack {
  uint32_t kind;        // THARSIS_DNS_LIE_*.
  uint32_t reserved;
  tharsis_text name;
  tharsis_text source;  // Who said it, or in whose name it came.
  tharsis_text said;    // "203.0.113.66", "no such name".
  tharsis_text truth;   // As a trusted server says; empty: nobody knows.
  tharsis_text why;     // A sentence: how it is known.
  tharsis_text network; // Its id.
} tharsis_dns_hijack;

enum {
  THARSIS_DNS_SOURCE_QUARANTINED = 0,  // It is not believed for `lasts`.
  THARSIS_DNS_SOURCE_RELEASED = 1,
  THARSIS_DNS_NETWORK_CLEAN = 2,       // Plain servers need not be asked for `lasts`.
  THARSIS_DNS_NETWORK_DOH_ONLY = 3,
  THARSIS_DNS_NETWORK_PORTAL = 4,
  THARSIS_DNS_NETWORK_USUAL = 5,       // None of the two above any more.
};

// Event topic "dns.source": how a source, or with an empty one all of this network, is thought of from now on.
typedef struct tharsis_dns_source {
  uint32_t state;       // THARSIS_DNS_SOURCE_*, THARSIS_DNS_NETWORK_*.
  uint32_t reserved;
  tharsis_text source;
  tharsis_text why;
  tharsis_text network;
  int64_t lasts;        // ns; 0: until something else is told.
} tharsis_dns_source;

// Event topic "dns.answer": a name was asked of servers, or of the system; what is remembered is not told of.
typedef struct tharsis_dns_answered {
  tharsis_text name;
  int32_t status;
  uint32_t family;      // 4, 6, 0 for both.
  tharsis_text verdict;
  tharsis_text addresses;  // "192.0.2.1 2001:db8::1"
  tharsis_text source;     // Of the first one.
  tharsis_text reason;     // Where there is none.
  uint64_t refused;        // Addresses.
  int64_t took;            // ns.
} tharsis_dns_answered;

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
  uint64_t last_resort;
} tharsis_dns_stats;

#ifdef __cplusplus
}
#endif

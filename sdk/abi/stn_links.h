// Service "tharsis.stn.links/1": what a host does with links as a whole. Why they change, as one list of
// codes, and what stn tells of the network on the bus:
//
//   "stn.connect"  event  each attempt to connect, with the times of its parts (tharsis_stn_connect)
//   "stn.auth"     event  each end of an authentication (tharsis_stn_auth_event)
//   "stn.sync"     event  no link is up: ask the server by other means (tharsis_stn_sync)
//   "stn.network"  state  how the network is, over all links (tharsis_stn_network)
//   "stn.weak"     state  whether the network is weak (tharsis_stn_weak)
//   "stn.pong"     event  a ping of a link's own connection was answered (tharsis_stn_pong)
//   "stn.segments" event  how large segments may be here, and each try of smaller ones (tharsis_stn_segments)
#pragma once
#include "sdk/abi/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THARSIS_STN_LINKS_ID "tharsis.stn.links/1"
#define THARSIS_STN_CONNECT_TOPIC "stn.connect"
#define THARSIS_STN_AUTH_TOPIC "stn.auth"
#define THARSIS_STN_SYNC_TOPIC "stn.sync"
#define THARSIS_STN_NETWORK_TOPIC "stn.network"
#define THARSIS_STN_WEAK_TOPIC "stn.weak"
#define THARSIS_STN_PONG_TOPIC "stn.pong"
#define THARSIS_STN_SEGMENTS_TOPIC "stn.segments"

// Why a link is in the state that it is in. A number keeps its meaning for ever; new ones come last.
enum {
  THARSIS_STN_WHY_NONE = 0,
  // It connects, because
  THARSIS_STN_WHY_START = 1,            // stn, or the link, has started;
  THARSIS_STN_WHY_RETRY = 2,            // the pause after the last failure is over;
  THARSIS_STN_WHY_WANTED = 3,           // a task wants it.
  // It did not come up:
  THARSIS_STN_WHY_RESOLVE = 4,          // the endpoint's name has no address;
  THARSIS_STN_WHY_REFUSED = 5,          // nothing listens there;
  THARSIS_STN_WHY_UNREACHABLE = 6,      // no way leads there;
  THARSIS_STN_WHY_CONNECT_TIMEOUT = 7,  // nobody answered in time;
  THARSIS_STN_WHY_CONNECT = 8,          // dialling failed for another reason;
  THARSIS_STN_WHY_PROXY = 9,            // the proxy did not help;
  THARSIS_STN_WHY_DENIED = 10,          // the profile forbids it: unencrypted, to another machine;
  THARSIS_STN_WHY_TRUST = 11,           // our own certificates cannot be read;
  THARSIS_STN_WHY_TLS_CERTIFICATE = 12, // who the server is is not proven;
  THARSIS_STN_WHY_TLS = 13,             // the TLS handshake failed for another reason;
  THARSIS_STN_WHY_HELLO_REFUSED = 14,   // the server refused the hello;
  THARSIS_STN_WHY_UNPROVED = 15,        // the server took the connection and answered nothing in time.
  // The application's authentication ("tharsis.stn.auth/1")
  THARSIS_STN_WHY_AUTH_REFUSED = 16,    // was refused,
  THARSIS_STN_WHY_AUTH_LATER = 17,      // is not possible now,
  THARSIS_STN_WHY_AUTH_UNANSWERED = 18, // came to no end in time,
  THARSIS_STN_WHY_AUTH_MISSING = 19,    // or has no provider, and the profile requires one.
  // It was up:
  THARSIS_STN_WHY_REMOTE_CLOSED = 20,   // the server ended the connection;
  THARSIS_STN_WHY_RESET = 21,           // the connection was cut, by the server or by something between;
  THARSIS_STN_WHY_BROKEN = 22,          // the system reports that it broke;
  THARSIS_STN_WHY_DECODE = 23,          // the server's bytes mean nothing;
  THARSIS_STN_WHY_PONG_MISSED = 24,     // an idle link's ping was not answered;
  THARSIS_STN_WHY_SILENCE = 25,         // requests and a ping were sent, and nothing came back;
  THARSIS_STN_WHY_DOUBT = 26,           // a ping was not answered after a network change or a sleep.
  // The network
  THARSIS_STN_WHY_NETWORK_CHANGED = 27, // is another one,
  THARSIS_STN_WHY_NETWORK_LOST = 28,    // is gone,
  THARSIS_STN_WHY_WOKE = 29,            // or was not there while the machine slept.
  // Somebody wished it:
  THARSIS_STN_WHY_STOPPED = 30,         // stn stops;
  THARSIS_STN_WHY_REPLACED = 31,        // a connection to other endpoints has taken its place;
  THARSIS_STN_WHY_REMOVED = 32,         // the profile does not name it any more;
  THARSIS_STN_WHY_IDLE = 33,            // nobody needed it for a while;
  THARSIS_STN_WHY_RECONNECT = 34,       // reconnect() was called, or the profile says something else of the link.
  // The codec
  THARSIS_STN_WHY_CODEC = 35,           // is not there, was taken back, or broke its contract.
  // The connection that was there may be dead though nobody said so: a second one was made beside it, and has taken its
  // place, or, in a tharsis_stn_connect, was not needed.
  THARSIS_STN_WHY_SECOND = 36,
  THARSIS_STN_WHY_PORTAL = 37,          // Somebody has to sign in to the network first ("tharsis.stn.heal/1" says so): it does not dial.
  THARSIS_STN_WHY_COUNT = 38
};

// How the network is, over all links. Mars' values are these less one.
enum {
  THARSIS_STN_NETWORK_UNKNOWN = 0,
  THARSIS_STN_NETWORK_UNAVAILABLE = 1,     // There is none.
  THARSIS_STN_NETWORK_GATEWAY_FAILED = 2,  // There is one, and nothing beyond this machine answers.
  THARSIS_STN_NETWORK_SERVER_FAILED = 3,   // There is one, and no server could be reached.
  THARSIS_STN_NETWORK_CONNECTING = 4,
  THARSIS_STN_NETWORK_CONNECTED = 5,
  THARSIS_STN_NETWORK_SERVER_DOWN = 6,     // A server's machine answers, and the server does not.
};

typedef struct tharsis_stn_network {
  uint32_t status;    // THARSIS_STN_NETWORK_*.
  uint32_t links;     // That stn has,
  uint32_t links_up;  // and of them those that are up.
  uint32_t reserved;
} tharsis_stn_network;

// Wall times are ns since 1970; durations ns.
typedef struct tharsis_stn_connect {
  tharsis_text link;
  tharsis_text endpoint;
  tharsis_text address;   // That won, or failed last; may be empty.
  tharsis_text reason;    // One sentence unless it came up.
  int32_t status;
  uint32_t why;           // THARSIS_STN_WHY_*; 0: it came up.
  uint32_t because;       // THARSIS_STN_WHY_START, _RETRY, ...: why it was tried.
  uint32_t attempt;       // Since it was last up, from 1.
  int64_t resolve, connect, tls, prove, auth;  // What its time went to.
} tharsis_stn_connect;

enum {
  THARSIS_STN_AUTH_EVENT_ACCEPTED = 0,
  THARSIS_STN_AUTH_EVENT_NOT_NEEDED = 1,
  THARSIS_STN_AUTH_EVENT_REFUSED = 2,
  THARSIS_STN_AUTH_EVENT_LATER = 3,
  THARSIS_STN_AUTH_EVENT_UNANSWERED = 4,
};

typedef struct tharsis_stn_auth_event {
  tharsis_text link;
  tharsis_text user;
  tharsis_text reason;  // One sentence unless accepted or not needed.
  uint32_t outcome;     // THARSIS_STN_AUTH_EVENT_*.
  uint32_t attempts;    // Exchanges on this connection.
  int64_t pause;        // Before the next connection, ns, at least.
} tharsis_stn_auth_event;

typedef struct tharsis_stn_sync {
  int64_t period;    // How often this comes, ns.
  int64_t down_for;  // How long no link has been up, ns.
} tharsis_stn_sync;

// What was weak last.
enum {
  THARSIS_STN_WEAK_NOTHING = 0,
  THARSIS_STN_WEAK_CONNECT_SLOW = 1,    // A connection took long,
  THARSIS_STN_WEAK_CONNECT_SECOND = 2,  // or came up at a later address only.
  THARSIS_STN_WEAK_TASK_SLOW = 3,
  THARSIS_STN_WEAK_TASK_FAILED = 4,
  THARSIS_STN_WEAK_LINK_LOST = 5,       // A link that was up fell silent.
  THARSIS_STN_WEAK_TASKS_LATE = 6,      // Tasks had no answer in the usual time, so that they go on several lanes (stn.lanes).
};

typedef struct tharsis_stn_weak {
  uint8_t weak;
  uint8_t reserved[3];
  uint32_t because;  // THARSIS_STN_WEAK_*.
  int64_t lasted;    // When it is over: how long it was weak, ns.
} tharsis_stn_weak;

// A ping goes out when the link was idle, after a sleep or a network change, and when touch() asks.
typedef struct tharsis_stn_pong {
  tharsis_text link;
  tharsis_text address;  // That the connection leads to.
  int64_t round_trip;    // From the ping to its answer, through the server's own loop, ns.
} tharsis_stn_pong;

enum {
  THARSIS_STN_SEGMENTS_RACED = 0,     // A connection stands still; one with small segments is dialled beside it.
  THARSIS_STN_SEGMENTS_NEEDLESS = 1,  // It was not needed.
  THARSIS_STN_SEGMENTS_HOLE = 2,      // It got through: all connections of this network have small segments now.
  THARSIS_STN_SEGMENTS_LARGER = 3,    // Larger ones have been seen to pass, and hold from now on.
  THARSIS_STN_SEGMENTS_CLAMPED = 4,   // clamp_segments() said so,
  THARSIS_STN_SEGMENTS_FREE = 5,      // or took it back.
  THARSIS_STN_SEGMENTS_COUNT = 6
};

typedef struct tharsis_stn_segments {
  uint32_t what;        // THARSIS_STN_SEGMENTS_*.
  uint32_t mss_before;  // Of this network's connections: bytes; 0: as the system likes.
  uint32_t mss;         // From now on.
  uint32_t reserved;
  tharsis_text network;  // Its id; empty: it has none.
  tharsis_text reason;   // One sentence.
  int64_t cost;          // HOLE: how long something stood still, ns.
  uint64_t dials;        // Second connections with small segments since the start,
  uint64_t needless;     // and of these such as were not needed.
} tharsis_stn_segments;

// A message that the server sent unasked; borrowed for the call. [the strand that called subscribe()]
typedef void (*tharsis_stn_on_push)(void* context, tharsis_text link, uint32_t command, tharsis_bytes body);

typedef struct tharsis_stn_push_filter {
  uint32_t size;
  uint32_t command_from, command_to;  // Both included.
  uint32_t reserved;
  tharsis_text link;                  // Empty: of all.
  tharsis_stn_on_push on_push;
  void* context;
} tharsis_stn_push_filter;

typedef struct tharsis_stn_links {
  uint32_t size;
  void* self;

  // The link is reached at these endpoints from now on, whatever the profile says, until stn stops or the
  // profile's change. A connection to them is made and proved first; then what is on its way is awaited, 5 s at
  // most, tasks move, and the old one is closed (THARSIS_STN_WHY_REPLACED). Where they do not come up the old one
  // stays, each attempt is told ("stn.connect", because REPLACED), and they are tried again.
  //   THARSIS_E_INVALID    no endpoint, or one that means nothing or is not allowed.
  //   THARSIS_E_NOT_FOUND  there is no link of that name.
  //   THARSIS_E_GONE       stn is stopping.
  // [any strand]
  tharsis_status (*set_endpoints)(void* self, tharsis_text link, const tharsis_text* endpoints, uint32_t count,
                                  tharsis_error* error);

  // The server wishes a ping after so long an idle time; 0: as the profile says and the network has taught.
  // Below a second, or above an hour: THARSIS_E_INVALID. Failures as above. [any strand]
  tharsis_status (*set_heartbeat)(void* self, tharsis_text link, uint32_t interval_ms, tharsis_error* error);

  // Gives the link's connection up, if there is one, and connects at once, also where it pauses because
  // authentication was refused. Failures as above. [any strand]
  tharsis_status (*reconnect)(void* self, tharsis_text link, tharsis_error* error);

  // The radio is kept awake for a while (`signalling` in the profile): an answer is expected that the server
  // takes its time for. Failures as above; a link that is not up does nothing. [any strand]
  tharsis_status (*keep_signalling)(void* self, tharsis_text link, tharsis_error* error);

  // Pushes of these commands, in the order in which they came. Also on the bus, all of them: "stn.push".
  // Whose strand has not taken 4,096 of them, or 16 MiB, gets no more until it does.
  //   THARSIS_E_INVALID    there is no on_push, the first command is above the last, or this thread has no strand.
  //   THARSIS_E_NOT_FOUND  there is no link of that name.
  //   THARSIS_E_BUSY       256 subscriptions are open.
  //   THARSIS_E_GONE       stn is stopping.
  // [any strand]
  tharsis_status (*subscribe)(void* self, const tharsis_stn_push_filter* filter, tharsis_handle* id,
                              tharsis_error* error);
  // After this returns on_push is not called again, if this is called on the strand of subscribe(). An unknown
  // or ended id is no error. [the strand that called subscribe()]
  void (*unsubscribe)(void* self, tharsis_handle id);

  // On the network of now no TCP segment of a connection that is made from here on is larger than `mss` bytes: for
  // whoever has found that larger packets vanish. 0: that, or what stn has found itself, holds no more. It is kept
  // for the next start; the system's own size is tried again after an hour. `reason`: one sentence, for the log and the bus.
  //   THARSIS_E_INVALID  mss is neither 0 nor from 536 to 1460.   THARSIS_E_GONE  stn is stopping.
  // [any strand]
  tharsis_status (*clamp_segments)(void* self, uint32_t mss, tharsis_text reason, tharsis_error* error);
} tharsis_stn_links;

#ifdef __cplusplus
}
#endif

// Host table "tharsis.net/1": connections, listeners, datagrams and the system's resolver.
//
// Sockets are handles of one strand; every function is [own strand] and none blocks. Events are
// edges: one comes after a call answered THARSIS_PENDING and could now do something. So read, write and
// accept until PENDING, then wait. CONNECTED and FAILED come unasked.
#pragma once
#include "sdk/abi/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THARSIS_NET_ID "tharsis.net/1"

// An IP address and port. `family` is 4 or 6 (0: none); an IPv4 address uses the first 4 bytes.
typedef struct tharsis_address {
  uint8_t family;
  uint8_t reserved;
  uint16_t port;    // Host byte order.
  uint32_t scope;   // Interface index of an IPv6 link-local address, else 0.
  uint8_t ip[16];   // Network byte order.
} tharsis_address;

// Bits of an event.
enum {
  THARSIS_NET_CONNECTED = 1,  // The dial has succeeded; the handle can write.
  THARSIS_NET_READABLE = 2,   // read(), receive() or accept() has something, or the end, to tell.
  THARSIS_NET_WRITABLE = 4,   // write() can take bytes again.
  THARSIS_NET_FAILED = 8,     // The socket is dead; `status` says why. Close it.
};

// `status` is THARSIS_OK unless FAILED is set. The handle may be closed inside. [own strand]
typedef void (*tharsis_net_event)(void* context, tharsis_handle handle, uint32_t events,
                                  tharsis_status status);

// How a connection is dialled.
typedef struct tharsis_dial_options {
  uint32_t size;
  uint32_t mss;  // No segment is larger, either way: it is announced to the peer before it answers. 0: as the system likes.
} tharsis_dial_options;

// What somebody on the way, or the own system, said of a datagram that was sent; see receive_error().
typedef struct tharsis_net_error {
  uint32_t size;
  tharsis_status status;  // What it means: _E_REFUSED, _E_UNREACHABLE, _E_DENIED, _E_INVALID: too large for the way.
  uint32_t type;          // Of the ICMP message, or of ICMPv6 where `to` is an IPv6 address; 0 with `from` family 0: the
  uint32_t code;          // own system says it.
  uint32_t mtu;           // Where it was too large: what fits, with its heads. 0: not told.
  uint32_t reserved;
  tharsis_address from;   // Who said it. Family 0: the own system.
  tharsis_address to;     // Where the datagram was sent.
} tharsis_net_error;

// The end of resolve(): `count` addresses with port 0 on THARSIS_OK, none otherwise. [own strand]
typedef void (*tharsis_net_resolved)(void* context, tharsis_handle query, tharsis_status status,
                                     const tharsis_address* list, size_t count);

typedef struct tharsis_net {
  uint32_t size;
  void* self;

  // Open a TCP connection. CONNECTED or FAILED follows as an event, never inside this call.
  //   THARSIS_E_INVALID  the address has no family or port 0.   THARSIS_E_BUSY  out of descriptors.
  tharsis_status (*dial)(void* self, const tharsis_address* to, tharsis_net_event on_event, void* context,
                         tharsis_handle* connection, tharsis_error* error);

  // Listen for TCP. Port 0 lets the system choose; local() tells which. READABLE: call accept().
  //   THARSIS_E_IN_USE  the port is taken.   THARSIS_E_DENIED  the system forbids this port.
  //   THARSIS_E_NOT_FOUND  this machine does not have the address.
  tharsis_status (*listen)(void* self, const tharsis_address* on, tharsis_net_event on_event, void* context,
                           tharsis_handle* listener, tharsis_error* error);

  // Take one waiting connection, with its own event function.
  //   THARSIS_PENDING  none is waiting; READABLE will come.   THARSIS_E_BUSY  out of descriptors; READABLE
  //   comes when it is time to try again.
  tharsis_status (*accept)(void* self, tharsis_handle listener, tharsis_net_event on_event, void* context,
                           tharsis_handle* connection, tharsis_address* peer);

  // Read at most `capacity` bytes. THARSIS_OK with *count 0: the peer has ended its side.
  //   THARSIS_PENDING  nothing has come yet.   THARSIS_E_RESET, _E_TIMEOUT, ...  the connection is dead.
  tharsis_status (*read)(void* self, tharsis_handle connection, uint8_t* into, size_t capacity,
                         size_t* count);

  // Write as much as the system takes; *count says how much. PENDING with a *count below `size`:
  // the rest waits for WRITABLE.
  tharsis_status (*write)(void* self, tharsis_handle connection, const uint8_t* data, size_t size,
                          size_t* count);

  // End the own side: the peer reads everything written before, then the end.
  tharsis_status (*shutdown)(void* self, tharsis_handle connection);

  // A UDP socket bound to `on` (port 0: any).
  tharsis_status (*datagram)(void* self, const tharsis_address* on, tharsis_net_event on_event,
                             void* context, tharsis_handle* socket, tharsis_error* error);
  tharsis_status (*send)(void* self, tharsis_handle socket, const tharsis_address* to, const uint8_t* data,
                         size_t size);
  // One datagram; bytes beyond `capacity` are lost. THARSIS_PENDING: none is waiting.
  tharsis_status (*receive)(void* self, tharsis_handle socket, uint8_t* into, size_t capacity,
                            size_t* count, tharsis_address* from);

  // Ask the system's resolver, off the strand. `family` is 4, 6 or 0 for both. close(*query) gives
  // the question up; then `done` does not come.
  tharsis_status (*resolve)(void* self, tharsis_text name, uint32_t family, tharsis_net_resolved done,
                            void* context, tharsis_handle* query, tharsis_error* error);

  tharsis_status (*local)(void* self, tharsis_handle handle, tharsis_address* address);

  // Options and facts by name, so that new ones need no new table:
  //   set: "reset_on_close" 1: close() sends RST instead of FIN. (Small writes are never held back.)
  //        "mss" bytes, on a listener, or on a connection for what it sends from then on: the peer hears of it only
  //        where dial_with() was told.
  //   get: "rtt_us", "unacked_bytes", "retransmits"; "acked_bytes" and "received_bytes": what the peer's system has
  //        confirmed, and what has come in order, since it was dialled; where both stand still nothing moves.
  //        Of a connection, and of a dial that is under way: "mss": bytes of the largest segment that it sends now;
  //        "mss_announced": that it told the peer; "options": which of TCP's both agreed on, 1: time stamps, 2: selective
  //        acknowledgements, 4: window scaling; "timeouts": how often in a row nothing has come for an answer;
  //        "duplicates": how many retransmissions were for nothing; "min_rtt_us"; "path_mtu"; "busy_us": with bytes to send; "window_limited_us": the peer took none.
  // On a datagram socket:
  //   set: "errors" 1: receive_error() tells; "ttl" 1 to 255: how many routers what is sent may pass, 0: as the system likes; "whole" 1: datagrams are
  //        never cut into pieces; "echo" 1, before all else: ICMP's echoes with their headers instead of UDP (_E_DENIED: not for this user).
  //   THARSIS_E_UNSUPPORTED  this platform does not know the name.
  tharsis_status (*set)(void* self, tharsis_handle handle, const char* name, int64_t value);
  tharsis_status (*get)(void* self, tharsis_handle handle, const char* name, int64_t* value);

  // End a connection, listener, socket or query. After this no event of it comes.
  // A connection whose bytes were not all read ends with RST, as TCP wants: its peer shall not believe
  // that they were taken.
  //   THARSIS_E_GONE  it was closed before.
  tharsis_status (*close)(void* self, tharsis_handle handle);

  // As dial(), with options; null: none.
  //   THARSIS_E_INVALID  also where mss is not from 88 to 32767, or 0.
  tharsis_status (*dial_with)(void* self, const tharsis_address* to, const tharsis_dial_options* options,
                              tharsis_net_event on_event, void* context, tharsis_handle* connection, tharsis_error* error);

  // What was said of datagrams that were sent with "errors" set, the oldest first. The first bytes of the datagram are
  // put `into`, as many as there are and have room. What it says may be forged: anybody can send it.
  //   THARSIS_PENDING  nothing; READABLE will come.   THARSIS_E_UNSUPPORTED  this platform does not tell.
  tharsis_status (*receive_error)(void* self, tharsis_handle socket, uint8_t* into, size_t capacity, size_t* count,
                                  tharsis_net_error* what);
} tharsis_net;

#ifdef __cplusplus
}
#endif

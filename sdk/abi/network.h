// Host table "tharsis.network/1": what the runtime knows of the network and of the machine's sleep, and
// what the host application told it. The runtime alone observes; everybody else keys on `generation`.
// Also on the bus: state topic "runtime.network" (tharsis_network_state, its `proxy` without name and
// password).
#pragma once
#include "sdk/abi/abi.h"
#include "sdk/abi/net.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THARSIS_NETWORK_ID "tharsis.network/1"
#define THARSIS_NETWORK_TOPIC "runtime.network"

enum {
  THARSIS_NETWORK_UNKNOWN = 0,  // This system does not say; it is no reason to give up.
  THARSIS_NETWORK_NONE = 1,     // No way leads out, and nobody told otherwise.
  THARSIS_NETWORK_WIRED = 2,
  THARSIS_NETWORK_WIFI = 3,
  THARSIS_NETWORK_CELLULAR = 4,
  THARSIS_NETWORK_OTHER = 5,  // A tunnel, a bridge, something without a better name.
};
enum { THARSIS_NETWORK_V4 = 1, THARSIS_NETWORK_V6 = 2 };  // Bits of `families`.

// Texts are borrowed for the length of the call that hands the struct over.
typedef struct tharsis_network_state {
  uint32_t size;
  uint32_t type;  // THARSIS_NETWORK_*.
  // Grows by one whenever traffic may take another way: network, addresses, gateway, proxy, or a sleep
  // that outlived connections. Starts at 1. What you learned, and what you opened, belongs to the
  // generation in which you did.
  uint64_t generation;
  // The same on every visit to the same network: made from the gateway's hardware address, where it has
  // none from the interface's name. Empty when unknown, which it may be for a moment on a new network.
  tharsis_text id;
  tharsis_text interface;  // By which traffic leaves, "eth0"; empty without one.
  uint32_t families;       // Which have a way out.
  uint32_t mtu;            // Of the interface; 0 when unknown.
  int32_t metered;         // 1, 0, or -1 for unknown.
  // From the host application.
  int32_t foreground;    // 1 until it says otherwise.
  tharsis_text account;  // Who is logged in; empty: nobody.
  tharsis_text proxy;    // "http://host:port", "socks5://user:password@host:port", empty: none.
  tharsis_text device;   // Name and kind of the device, for servers.
  // From the system.
  int64_t woke;  // When it last woke from sleep, wall ns; 0: not since the start.
} tharsis_network_state;

// Inside, the new state can be read. [own strand]
typedef void (*tharsis_on_network)(void* context, const tharsis_network_state* state);

// What is known of a neighbour's hardware address.
enum {
  THARSIS_NEIGHBOUR_UNKNOWN = 0,    // Nobody has asked, or the system does not say.
  THARSIS_NEIGHBOUR_REACHABLE = 1,  // It has answered of late.
  THARSIS_NEIGHBOUR_STALE = 2,      // It has answered, some time ago.
  THARSIS_NEIGHBOUR_ASKING = 3,     // It is being asked and has not answered yet.
  THARSIS_NEIGHBOUR_FAILED = 4,     // It was asked and does not answer.
};

typedef struct tharsis_interface {
  uint32_t size;
  uint32_t type;      // THARSIS_NETWORK_WIRED and following.
  tharsis_text name;
  int32_t up;         // Somebody has switched it on.
  int32_t running;    // And something is at the other end.
  int32_t loopback;
  uint32_t mtu;
  int32_t signal;     // Of a wireless one, dBm; 0: not told.
  uint32_t reserved;
  int32_t radio_off;  // A person, or a key, has switched its radio off (airplane mode); 0: not, or the system does not say.
  uint32_t reserved2;
} tharsis_interface;

// A default route, and the gateway at its end.
typedef struct tharsis_gateway {
  uint32_t size;
  uint32_t state;           // THARSIS_NEIGHBOUR_*
  tharsis_address address;  // Family 0: none is needed.
  tharsis_text interface;
  uint32_t metric;          // The lowest of a family is taken.
  uint32_t family;          // 4 or 6: what it routes.
} tharsis_gateway;

// The machine's network, whether it works or not. All borrowed for the length of the call.
typedef struct tharsis_survey {
  uint32_t size;
  uint32_t interfaces_count;
  const tharsis_interface* const* interfaces;
  uint32_t gateways_count;
  uint32_t addresses_count;
  const tharsis_gateway* const* gateways;
  const tharsis_address* addresses;     // That the machine may send with, but the loopback's and those of a link only.
  const tharsis_address* name_servers;  // Of the system's resolver, with port 53.
  uint32_t name_servers_count;
  uint32_t reserved;
} tharsis_survey;
typedef void (*tharsis_on_survey)(void* context, const tharsis_survey* seen);

typedef struct tharsis_network {
  uint32_t size;
  void* self;

  // Calls read(context, state) with the state now, inside this call. [any thread]
  void (*state)(void* self, tharsis_on_network read, void* context);

  // Changes are gathered: a network that flaps is told of once it has been still for a moment, a switch
  // from one network to another at once when the old one is gone. What is skipped in between is never
  // told; the state that is told is the newest.
  //   THARSIS_E_INVALID  there is no on_change.
  // [own strand]
  tharsis_status (*watch)(void* self, tharsis_on_network on_change, void* context, tharsis_handle* id,
                          tharsis_error* error);
  // After this on_change is not called again, also when called inside it.
  //   THARSIS_E_GONE  it was ended before.
  // [own strand]
  tharsis_status (*unwatch)(void* self, tharsis_handle id);

  // Looks at the machine's network now, whatever state it is in, and calls see(context, seen) inside this call. Nothing is
  // sent. Reads the kernel's tables and a small file: call it inside loop->run_blocking().
  //   THARSIS_E_UNSUPPORTED, THARSIS_E_DENIED  this system does not say, or not to this process.
  // [any thread]
  tharsis_status (*survey)(void* self, tharsis_on_survey see, void* context, tharsis_error* error);
} tharsis_network;

#ifdef __cplusplus
}
#endif

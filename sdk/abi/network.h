// Host table "tharsis.network/1": what the runtime knows of the network and of the machine's sleep, and
// what the host application told it. The runtime alone observes; everybody else keys on `generation`.
// Also on the bus: state topic "runtime.network" (tharsis_network_state, its `proxy` without name and
// password).
#pragma once
#include "sdk/abi/abi.h"

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
} tharsis_network;

#ifdef __cplusplus
}
#endif

// Service "tharsis.stn.addresses/1": what an application knows of its servers' addresses. Not frozen.
//
// Of a link's sources the debug addresses come first, alone if there are any; then the application's, instead of
// what the endpoint's name resolves to; then the backup addresses, behind all others.
#pragma once
#include "sdk/abi/abi.h"
#include "sdk/abi/net.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THARSIS_STN_ADDRESSES_ID "tharsis.stn.addresses/1"

enum { THARSIS_STN_ADDRESSES_APPLICATION = 0, THARSIS_STN_ADDRESSES_DEBUG = 1, THARSIS_STN_ADDRESSES_BACKUP = 2 };
enum { THARSIS_STN_ADDRESSES_MAX = 64 };  // Of one list.

typedef struct tharsis_stn_addresses {
  uint32_t size;
  void* self;

  // From the link's next attempt on; a connection that is up stays. Port 0: the endpoint's. An empty list takes
  // back what was set, and the profile's holds again.
  //   THARSIS_E_NOT_FOUND  there is no link of this name.
  //   THARSIS_E_INVALID    `kind` is none, there are too many, or one is no address.
  //   THARSIS_E_GONE       stn is stopping.
  // [any thread]
  tharsis_status (*set)(void* self, tharsis_text link, uint32_t kind, const tharsis_address* list, size_t count,
                        tharsis_error* error);

  // The server at this address has asked to be left alone: for 30 minutes no link dials it, on any port, unless
  // there is no other address. A connection that is up stays.
  //   THARSIS_E_INVALID  it is no address.   THARSIS_E_GONE  stn is stopping.
  // [any thread]
  tharsis_status (*ban)(void* self, const tharsis_address* address, tharsis_error* error);
} tharsis_stn_addresses;

#ifdef __cplusplus
}
#endif

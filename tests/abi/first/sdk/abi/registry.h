// Host table "tharsis.registry/1": services by interface id.
//
// A service is a constant table of functions that begins like every table of this contract
// (`uint32_t size; void* self;`). What the manifest `requires` is there from start() until stop()
// returns, so a call needs no guard. What it `wants` comes and goes, always on the own strand.
#pragma once
#include "sdk/abi/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

#define THARSIS_REGISTRY_ID "tharsis.registry/1"

// `table` is the best provider now, or null: it was withdrawn. Returning acknowledges: the old
// table is not used after this. [own strand]
typedef void (*tharsis_on_service)(void* context, const void* table);

typedef struct tharsis_registry {
  uint32_t size;
  void* self;

  // Offer `table`. The best rank is bound; between equals the first. Inside start() it is seen by
  // others once start has succeeded.
  //   THARSIS_E_DENIED  the manifest does not provide this id.  THARSIS_E_IN_USE  provided already.
  // [own strand]
  tharsis_status (*provide)(void* self, const char* id, const void* table, int32_t rank, tharsis_error* error);

  // Take the offer back. Every consumer unbinds on its own strand and acknowledges; then `done` is
  // called, and from then on nobody uses the table. The host does this by itself before stop().
  // [own strand]
  tharsis_status (*withdraw)(void* self, const char* id, tharsis_on_service done, void* context);

  // The provider bound now, or null. The manifest must require or want the id. Valid until stop()
  // returns for a required one, until its on_service for a wanted one. [own strand]
  const void* (*bound)(void* self, const char* id);

  // Hear of a wanted service: now, if it is there, and at every change.
  //   THARSIS_E_DENIED  the manifest neither requires nor wants this id.
  // [own strand]
  tharsis_status (*watch)(void* self, const char* id, tharsis_on_service on_service, void* context,
                          tharsis_error* error);
} tharsis_registry;

#ifdef __cplusplus
}
#endif

// What a plugin shows its host, and what the host shows a plugin.
//
// A plugin is a shared library that exports one function, tharsis_plugin_entry, beside a
// `plugin.yaml` that says everything a host must know before it runs any of its code.
//
// Life: create -> start -> (configure...) -> stop -> destroy, each once, each on the plugin's own
// strand, never two at a time. If create fails nothing else is called; if start fails, destroy is.
#pragma once
#include "sdk/abi/abi.h"

#ifdef __cplusplus
extern "C" {
#endif

// The host, as one plugin sees it. Valid from create() until destroy() returns.
typedef struct tharsis_host {
  uint32_t size;
  uint32_t abi_minor;
  void* self;  // Pass back as the first argument.

  // The host's table with this id ("tharsis.loop/1"), or null if this host has none. The answer is
  // constant for the life of the plugin, so ask once, in create(). [any thread]
  const void* (*query)(void* self, const char* id);

  // Ends a start() that answered THARSIS_PENDING. [own strand]
  void (*ready)(void* self);

  // Ends a stop() that answered THARSIS_PENDING. [own strand]
  void (*stopped)(void* self);

  // The plugin can no longer do its work. The host stops it, keeps the sentence as the reason, and
  // restarts it if the profile says so. `reason` may be null. [own strand]
  void (*failed)(void* self, const tharsis_error* reason);
} tharsis_host;

// Phases of configure().
enum { THARSIS_CONFIGURE_PREPARE = 1, THARSIS_CONFIGURE_COMMIT = 2, THARSIS_CONFIGURE_ABORT = 3 };

typedef struct tharsis_plugin {
  uint32_t size;
  uint32_t abi_minor;   // THARSIS_ABI_MINOR as the plugin was compiled.
  const char* id;       // Must equal the manifest's.
  const char* version;  // Must equal the manifest's.

  // Read the settings, allocate. No network, no thread, no files. On success `*instance` is passed
  // to every other function. [own strand]
  tharsis_status (*create)(const tharsis_host* host, void** instance, tharsis_error* error);

  // Provide services and begin to work. Everything in `requires` is bound. May answer
  // THARSIS_PENDING and call host->ready() or host->failed() later. [own strand]
  tharsis_status (*start)(void* instance, tharsis_error* error);

  // New settings, in two phases. PREPARE checks, with the new ones in tharsis.settings/1 until it returns;
  // COMMIT, with the new ones there from now on, cannot fail; ABORT forgets. A prepare() that failed is
  // followed by neither. Both may follow long after; the plugin works with the old ones meanwhile.
  //   THARSIS_E_UNSUPPORTED  these only with a restart, so the plugin is restarted.
  //   others                 these not at all: nobody gets new settings, and the sentence says why.
  // May be null: then the plugin is always restarted. [own strand]
  tharsis_status (*configure)(void* instance, uint32_t phase, tharsis_error* error);

  // Give everything back: answer every open task, close every handle. The services it provided are
  // withdrawn already, the ones it requires are still there. May answer THARSIS_PENDING and call
  // host->stopped() later, within the profile's stop deadline. [own strand]
  tharsis_status (*stop)(void* instance);

  // Free the memory. What is still open is closed by the host and reported by name. [own strand]
  void (*destroy)(void* instance);

  // The plugin's optional table with this id ("tharsis.command/1"), or null. Must answer null for
  // an id it does not know. May be null. [own strand, after create]
  const void* (*query)(void* instance, const char* id);
} tharsis_plugin;

// The one exported symbol. Answers the constant table, or null for a major it does not speak.
// Pure: callable often, from any thread, without any effect.
THARSIS_EXPORT const tharsis_plugin* tharsis_plugin_entry(uint32_t abi_major) THARSIS_NOEXCEPT;

#ifdef __cplusplus
}
#endif

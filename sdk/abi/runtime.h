// libtharsis: a runtime inside a host application. Link with -ltharsis, or load it with any language
// that can call C.
//
// A host works by pulling: it waits for wake_descriptor() to become readable, calls run_once(), and
// takes events out of inboxes on its own thread. No function here calls back on a foreign thread.
// Any number of runtimes may live in one process; nothing is shared between them.
//
//     tharsis_runtime_options o = {.size = sizeof o, .profile = "desktop.yaml"};
//     tharsis_runtime* r;
//     tharsis_error why = {.size = sizeof why};
//     if (tharsis_runtime_create(&o, &r, &why) < 0) puts(why.text);
//     tharsis_runtime_start(r, &why);  ...  tharsis_runtime_stop(r, 5000000000);  tharsis_runtime_destroy(r);
#pragma once
#include "sdk/abi/abi.h"
#include "sdk/abi/bus.h"
#include "sdk/abi/metrics.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct tharsis_runtime tharsis_runtime;
typedef struct tharsis_guard tharsis_guard;
typedef struct tharsis_inbox tharsis_inbox;

typedef struct tharsis_runtime_options {
  uint32_t size;
  uint32_t threads;     // Of the shared pool; 0: 2.
  const char* profile;  // The file's name; with `text` only what messages call it.
  const char* text;     // The profile itself, or null.
  const char* const* sets;  // "stn.tasks.timeout=5s"; the strongest layer.
  uint32_t sets_count;
  uint32_t plugin_folders_count;
  const char* const* plugin_folders;  // Looked at first, in this order.
  const char* state;                  // ${data}; null: the user's data folder by convention.
} tharsis_runtime_options;

// Reads and checks the profile; loads no plugin. The sentence of a failure holds the first problem;
// tharsis_runtime_problems all of them.
//   THARSIS_E_INVALID  the profile has problems.  THARSIS_E_DENIED  trust forbids a library.
// [any thread]
THARSIS_EXPORT tharsis_status tharsis_runtime_create(const tharsis_runtime_options* options,
                                                     tharsis_runtime** runtime, tharsis_error* error);
// A text that belongs to the caller until tharsis_text_free.
typedef struct tharsis_owned_text {
  const char* data;  // Ends in a zero.
  size_t size;       // Without it.
} tharsis_owned_text;
// All problems of a profile, as a compiler prints them; empty when it is sound. [any thread]
THARSIS_EXPORT tharsis_owned_text tharsis_runtime_problems(const tharsis_runtime_options* options);
THARSIS_EXPORT void tharsis_text_free(tharsis_owned_text text);

// Begins to start the plugins, on the runtime's own threads. Plugins with `loop: main` run inside
// run_once() only. [one thread]
THARSIS_EXPORT tharsis_status tharsis_runtime_start(tharsis_runtime* runtime, tharsis_error* error);

// Runs what the `main` loop has ready, for at most `budget_ns`; never waits. Answers 1 when there is
// more. [always the same thread]
THARSIS_EXPORT int32_t tharsis_runtime_run_once(tharsis_runtime* runtime, int64_t budget_ns);
// Readable when run_once() has something to do or an inbox has something to take. Belongs to the
// runtime; valid until destroy. [any thread]
THARSIS_EXPORT int32_t tharsis_runtime_wake_descriptor(const tharsis_runtime* runtime);
// Waits until that, or the time is over; for hosts without a loop of their own. 1: there is something.
// [any thread]
THARSIS_EXPORT int32_t tharsis_runtime_wait(tharsis_runtime* runtime, int64_t wait_ns);

// What the host application knows. A null text leaves what was told before. [any thread]
typedef struct tharsis_runtime_inputs {
  uint32_t size;
  int32_t foreground;  // 1, 0, or -1: as before.
  int32_t metered;     // 1, 0, or -1: as before.
  uint32_t type;       // THARSIS_NETWORK_*; 0: as before.
  const char* network; // The network's id; empty: what the runtime observes.
  const char* account;
  const char* proxy;
  const char* device;
} tharsis_runtime_inputs;
THARSIS_EXPORT tharsis_status tharsis_runtime_tell(tharsis_runtime* runtime, const tharsis_runtime_inputs* inputs);

// A service, for a thread that owns no strand. Between enter() and leave() the table may be used and
// the service is not withdrawn; answers arrive inside run_once().
//   enter() answers null while nobody provides it.
// bind, unbind: [any thread]. enter, leave: [any thread], in pairs, not nested, not for long.
THARSIS_EXPORT tharsis_status tharsis_runtime_bind(tharsis_runtime* runtime, const char* interface_id,
                                                   tharsis_guard** guard, tharsis_error* error);
THARSIS_EXPORT const void* tharsis_guard_enter(tharsis_guard* guard);
THARSIS_EXPORT void tharsis_guard_leave(tharsis_guard* guard);
THARSIS_EXPORT void tharsis_guard_unbind(tharsis_guard* guard);

// Events of the bus, taken when it suits. `policy` and `depth` as in tharsis_subscription.
THARSIS_EXPORT tharsis_status tharsis_runtime_subscribe(tharsis_runtime* runtime, const char* pattern,
                                                        uint32_t policy, uint32_t depth, tharsis_inbox** inbox,
                                                        tharsis_error* error);
// The next event, or null. Valid until the next call for this inbox. [one thread for each inbox]
THARSIS_EXPORT const tharsis_event* tharsis_inbox_next(tharsis_inbox* inbox);
// The same as one line of JSON: {"topic":..,"sequence":..,"wall":..,"payload":{..}}; empty when there is none.
THARSIS_EXPORT tharsis_text tharsis_inbox_next_json(tharsis_inbox* inbox);
// Events that the queue's policy has dropped so far.
THARSIS_EXPORT uint64_t tharsis_inbox_dropped(const tharsis_inbox* inbox);
THARSIS_EXPORT void tharsis_inbox_close(tharsis_inbox* inbox);

// One line of JSON: {"state":"running","plugins":[{"id":..,"state":..,"reason":..}]}. [any thread]
THARSIS_EXPORT tharsis_owned_text tharsis_runtime_report(const tharsis_runtime* runtime);
// 1 once everything that could start has started. [any thread]
THARSIS_EXPORT int32_t tharsis_runtime_settled(const tharsis_runtime* runtime);
// As tharsis_metrics.visit. [any thread]
THARSIS_EXPORT void tharsis_runtime_metrics(const tharsis_runtime* runtime,
                                            void (*visit)(void* context, const tharsis_metric_value* value),
                                            void* context);

// Changes what can be changed without a restart, restarts the plugins that cannot; all or nothing.
// `difference` (may be null) gets what changed, for a person.
//   THARSIS_E_INVALID  the new profile has problems, or a plugin refused; nothing was changed.
// [any thread but inside a callback]
THARSIS_EXPORT tharsis_status tharsis_runtime_reload(tharsis_runtime* runtime, const tharsis_runtime_options* options,
                                                     tharsis_owned_text* difference, tharsis_error* error);

// Stops the plugins; pumps `main` itself while it waits.
//   THARSIS_E_TIMEOUT  a plugin has not stopped; the report says which. destroy() then leaves its thread alone.
// [the thread of run_once]
THARSIS_EXPORT tharsis_status tharsis_runtime_stop(tharsis_runtime* runtime, int64_t deadline_ns);
// Stops first if need be. Guards and inboxes end with it. [the thread of run_once]
THARSIS_EXPORT void tharsis_runtime_destroy(tharsis_runtime* runtime);

// "0.1.0"
THARSIS_EXPORT const char* tharsis_version(void);

#ifdef __cplusplus
}
#endif

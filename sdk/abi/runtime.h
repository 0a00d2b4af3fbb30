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
//
// A null pointer where an object is needed is answered by THARSIS_E_INVALID, null, zero or an empty text.
#pragma once
#include "sdk/abi/abi.h"
#include "sdk/abi/bus.h"
#include "sdk/abi/log.h"
#include "sdk/abi/platform.h"
#include "sdk/abi/metrics.h"
#include "sdk/abi/network.h"

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
  // What the plugins stand on, for tests in a simulated world (sdk/sim); null: the real platform. Whoever
  // brings one runs it, and it outlives the runtime: run_once() moves nothing, stop() asks for the stop and
  // answers TIMEOUT until all are at rest, bind() is not supported, `state` is a folder on its disk.
  const tharsis_platform* platform;
} tharsis_runtime_options;

// Reads and checks the profile; loads no plugin and starts nothing. The sentence of a failure holds the
// first problem; tharsis_runtime_problems all of them.
//   THARSIS_E_INVALID  the profile has problems.
//   THARSIS_E_BUSY     the process is out of descriptors.
// [any thread]
THARSIS_EXPORT tharsis_status tharsis_runtime_create(const tharsis_runtime_options* options,
                                                     tharsis_runtime** runtime, tharsis_error* error) THARSIS_NOEXCEPT;
// A text that belongs to the caller until tharsis_text_free.
typedef struct tharsis_owned_text {
  const char* data;  // Ends in a zero.
  size_t size;       // Without it.
} tharsis_owned_text;
// All problems of a profile, as a compiler prints them; empty when it is sound. [any thread]
THARSIS_EXPORT tharsis_owned_text tharsis_runtime_problems(const tharsis_runtime_options* options) THARSIS_NOEXCEPT;
THARSIS_EXPORT void tharsis_text_free(tharsis_owned_text text) THARSIS_NOEXCEPT;

// Begins to start the plugins, on the runtime's own threads, and comes back at once; the report tells how
// far they are. Plugins with `loop: main` run inside run_once() only. After a failure nothing runs: each
// line of its sentence says which plugin could not be loaded and why.
//   THARSIS_E_INVALID  it was started before. A runtime runs once; create another.
//   THARSIS_E_DENIED   the state folder cannot be written to.
// [one thread]
THARSIS_EXPORT tharsis_status tharsis_runtime_start(tharsis_runtime* runtime, tharsis_error* error) THARSIS_NOEXCEPT;

// Runs what the `main` loop has ready and gives services' answers, for about `budget_ns`, which one long
// callback may exceed; never waits. Answers 1 when there is more, else 0.
//   THARSIS_E_INVALID  on another thread than before, or from inside a callback; nothing was run.
// [always the same thread]
THARSIS_EXPORT int32_t tharsis_runtime_run_once(tharsis_runtime* runtime, int64_t budget_ns) THARSIS_NOEXCEPT;
// Readable when run_once() has something to do, the report has changed, or an inbox has something to take.
// For poll, select and the like only; belongs to the runtime, valid until destroy. [any thread]
THARSIS_EXPORT int32_t tharsis_runtime_wake_descriptor(const tharsis_runtime* runtime) THARSIS_NOEXCEPT;
// Waits until that, a signal comes, or the time is over (negative: for ever); for hosts without a loop of their own.
// Answers 1 when there is something. [any thread]
THARSIS_EXPORT int32_t tharsis_runtime_wait(tharsis_runtime* runtime, int64_t wait_ns) THARSIS_NOEXCEPT;

// What the host application knows and nobody else; plugins see it in tharsis/network.h. Zero and null leave
// what was told before, so that a struct of zeros says nothing.
typedef struct tharsis_runtime_inputs {
  uint32_t size;
  int32_t foreground;   // 1: the user looks at the application; -1: not.
  int32_t metered;      // 1: the network is paid for by the byte; -1: not.
  uint32_t type;        // THARSIS_NETWORK_*.
  const char* network;  // The network's id; empty: it, the type and metered are again what is observed.
  const char* account;  // Who is logged in; empty: nobody.
  const char* proxy;    // "http://host:port", https or socks5, with user:password@ before the host; empty: none.
  const char* device;   // Name and kind of the device.
} tharsis_runtime_inputs;
// May be called before start() and at any time after it, also often: what changes nothing is told nobody.
//   THARSIS_E_INVALID  something told means nothing; the sentence says what, and nothing of it was taken.
// [any thread]
THARSIS_EXPORT tharsis_status tharsis_runtime_tell(tharsis_runtime* runtime, const tharsis_runtime_inputs* inputs,
                                                   tharsis_error* error) THARSIS_NOEXCEPT;

// A service, for a thread that owns no strand. Between enter() and leave() the table may be used and
// the service is not withdrawn: its provider waits with its stop. Answers arrive inside run_once().
//   enter() answers null while nobody provides it, or while the provider changes; then do not leave.
//   THARSIS_E_NOT_FOUND  no plugin of the profile provides this interface.
// bind, unbind: [any thread]. enter, leave: [any thread], in pairs on the same thread, not for long:
// a provider whose deadline passes meanwhile is reported as stuck. stop, destroy and unbind between
// them wait for a leave that cannot come.
THARSIS_EXPORT tharsis_status tharsis_runtime_bind(tharsis_runtime* runtime, const char* interface_id,
                                                   tharsis_guard** guard, tharsis_error* error) THARSIS_NOEXCEPT;
THARSIS_EXPORT const void* tharsis_guard_enter(tharsis_guard* guard) THARSIS_NOEXCEPT;
THARSIS_EXPORT void tharsis_guard_leave(tharsis_guard* guard) THARSIS_NOEXCEPT;
THARSIS_EXPORT void tharsis_guard_unbind(tharsis_guard* guard) THARSIS_NOEXCEPT;

// Events of the bus, taken when it suits. `pattern`, `policy` and `depth` as in tharsis/bus.h. May be
// called before start(), so that nothing is missed.
//   THARSIS_E_INVALID  the pattern is empty, or there is no such policy.
// [any thread]
THARSIS_EXPORT tharsis_status tharsis_runtime_subscribe(tharsis_runtime* runtime, const char* pattern,
                                                        uint32_t policy, uint32_t depth, tharsis_inbox** inbox,
                                                        tharsis_error* error) THARSIS_NOEXCEPT;
// Where the host application writes its own log, as "host": with sdk/pure/logger.h in C++, with its write() in other
// languages. Good until destroy, before start() and after stop() too: then the runtime keeps the last lines, and prints
// warnings and worse to stderr. flush() is not supported: a host has no strand; flush_now() is. [any thread]
THARSIS_EXPORT const tharsis_log* tharsis_runtime_log(tharsis_runtime* runtime) THARSIS_NOEXCEPT;

// The next event, or null. Valid until the next call for this inbox. [one thread for each inbox]
THARSIS_EXPORT const tharsis_event* tharsis_inbox_next(tharsis_inbox* inbox) THARSIS_NOEXCEPT;
// The same as one line of JSON: {"topic":..,"sequence":..,"wall":..,"snapshot":false,"payload":{..}}; empty when there is none.
THARSIS_EXPORT tharsis_text tharsis_inbox_next_json(tharsis_inbox* inbox) THARSIS_NOEXCEPT;
// Events that the queue's policy has dropped so far; those that were conflated are not lost. [any thread]
THARSIS_EXPORT uint64_t tharsis_inbox_dropped(const tharsis_inbox* inbox) THARSIS_NOEXCEPT;
// [the thread of the inbox]
THARSIS_EXPORT void tharsis_inbox_close(tharsis_inbox* inbox) THARSIS_NOEXCEPT;

// One line of JSON: {"state":"running","plugins":[{"id":..,"state":..,"since":0,"reason":..,"stuck":false,
// "retry":0,"leaks":[..]}]}. "since" is when a plugin came into its state, "retry" when a failed one is started
// again, both in nanoseconds since 1970 UTC, 0: never. "leaks" is what it had left open when it last went, a
// sentence for each kind of thing. The runtime is created, starting, running (what could start has started),
// stopping or stopped. [any thread]
THARSIS_EXPORT tharsis_owned_text tharsis_runtime_report(const tharsis_runtime* runtime) THARSIS_NOEXCEPT;
// 1 once everything that could start has started. [any thread]
THARSIS_EXPORT int32_t tharsis_runtime_settled(const tharsis_runtime* runtime) THARSIS_NOEXCEPT;
// As tharsis_metrics.visit: all that the plugins count, and what the runtime counts about them. [any thread]
THARSIS_EXPORT void tharsis_runtime_metrics(const tharsis_runtime* runtime,
                                            void (*visit)(void* context, const tharsis_metric_value* value),
                                            void* context) THARSIS_NOEXCEPT;
// The same as one line of JSON: [{"plugin":"stn","name":..,"kind":"counter","unit":..,"help":..,"value":3}, ..]; a
// histogram has count, sum, mean, p50, p95, p99, at_most and buckets: [[least value, how many], ..]. [any thread]
THARSIS_EXPORT tharsis_owned_text tharsis_runtime_metrics_json(const tharsis_runtime* runtime) THARSIS_NOEXCEPT;
// About the value that a share (0.99) of a histogram's values does not exceed; off by less than half of the true
// one. 0 when it is no histogram, or empty. [any thread]
THARSIS_EXPORT uint64_t tharsis_metric_quantile(const tharsis_metric_value* value, double share) THARSIS_NOEXCEPT;
// Changes to the profile of `options` as a whole, or not at all. Plugins that can take their new settings while
// they run are asked first; the others are restarted, came or go; when one refuses, or does not run afterwards,
// everything is as it was. What has failed before gets another chance. The state folder stays, `threads` too. Then,
// also where nothing is different, each plugin reads the files again that its settings name (tharsis.reread/1), as at `tharsis reload`.
// `difference` (may be null) gets what the new profile changes and what plugins found new in their files, for a person.
//   THARSIS_E_INVALID    the new profile has problems, or a plugin does not run with it; the sentence says which.
//   THARSIS_E_BUSY       another reload is under way.
//   THARSIS_E_TIMEOUT    a plugin has not said in time whether it takes its new settings.
//   THARSIS_E_CANCELLED  the runtime was stopped meanwhile.
//   THARSIS_E_UNSUPPORTED  the caller runs the platform, so it cannot wait for it.
//   THARSIS_E_DENIED     also: the profile is taken, and a plugin goes on with what it had of a file that it refuses, or has
//                        gone while it read; the sentence begins with "the profile is taken", names them all and says why.
//   others               the plugin's own words for its refusal.
// Waits for the plugins; on the thread of run_once it pumps meanwhile, on another one that thread has to go on
// pumping. [any thread but inside a callback]
THARSIS_EXPORT tharsis_status tharsis_runtime_reload(tharsis_runtime* runtime, const tharsis_runtime_options* options,
                                                     tharsis_owned_text* difference, tharsis_error* error) THARSIS_NOEXCEPT;

// Stops the plugins; pumps `main` itself while it waits. A negative deadline waits for the plugins' own
// deadlines only. May be called again to wait longer.
//   THARSIS_E_TIMEOUT  a plugin has not stopped; the report says which. destroy() then leaves its thread alone.
//   THARSIS_E_INVALID  on another thread than run_once(), or from inside a callback.
// [the thread of run_once]
THARSIS_EXPORT tharsis_status tharsis_runtime_stop(tharsis_runtime* runtime, int64_t deadline_ns) THARSIS_NOEXCEPT;
// Stops first if need be, within the plugins' own deadlines. Guards and inboxes end with it. Where code of
// a plugin has not come back, its thread and what it may use stay in memory; the rest is freed. May wait
// for a question to the system's resolver that is under way. Does nothing from inside a
// callback of any runtime.
// [the thread of run_once, or any other once that has ended; never in the child of a fork, which has none of the runtime's threads to end]
THARSIS_EXPORT void tharsis_runtime_destroy(tharsis_runtime* runtime) THARSIS_NOEXCEPT;

// "0.1.0"
THARSIS_EXPORT const char* tharsis_version(void) THARSIS_NOEXCEPT;

#ifdef __cplusplus
}
#endif

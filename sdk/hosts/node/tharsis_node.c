// libtharsis as a Node-API addon: one function for each of sdk/abi/runtime.h that tharsis.js needs, and those that
// ask plugins something (tharsis_node_ask.c). A failure is thrown as a JavaScript Error with the runtime's
// sentence and the status' number as its code.
//
// The loop of the thread that made a runtime (Node's, or a worker's) watches its descriptor, so nothing is polled, and
// no thread of the runtime ever calls JavaScript.
#include "sdk/hosts/node/tharsis_node.h"

#include <stdio.h>
#include <string.h>
#include <uv.h>

#include "sdk/abi/stn.h"

static void on_thread_ends(napi_async_cleanup_hook_handle hook, void* data);
static void end(held* h);
static const int64_t millisecond = 1000000;
// Between two looks at JavaScript's own work.
static const int64_t turn_budget = 5 * 1000000;

static napi_value owned_text(napi_env env, tharsis_owned_text owned) {
  napi_value made = text(env, owned.data, owned.size);
  tharsis_text_free(owned);
  return made;
}

static void let_go(held* h) {
  if (--h->holders == 0) free(h);
}

// A runtime ends when close() says so, or when its thread of JavaScript ends; what JavaScript forgets lives until then.
static void forget(napi_env env, void* data, void* hint) {
  (void)env, (void)hint;
  held* const h = data;
  let_go(h);
}

// What `object` says of a runtime; release() frees its texts.
typedef struct given_options {
  tharsis_runtime_options of;
  texts folders, sets;
} given_options;

// False after an Error was thrown; release() follows anyway.
static bool read_options(napi_env env, napi_value object, given_options* given) {
  bool thrown = false;
  memset(given, 0, sizeof *given);
  given->of.size = sizeof given->of;
  given->of.profile = string_in(env, object, "profile");
  given->of.text = string_in(env, object, "text");
  given->of.state = string_in(env, object, "state");
  given->folders = texts_in(env, object, "plugins");
  given->of.plugin_folders = (const char* const*)given->folders.of;
  given->of.plugin_folders_count = given->folders.count;
  given->sets = texts_in(env, object, "sets");
  given->of.sets = (const char* const*)given->sets.of;
  given->of.sets_count = given->sets.count;
  napi_is_exception_pending(env, &thrown);
  return !thrown;
}

static void release(given_options* given) {
  free_texts(given->folders);
  free_texts(given->sets);
  free((void*)given->of.profile);
  free((void*)given->of.text);
  free((void*)given->of.state);
}

static napi_value create(napi_env env, napi_callback_info info) {
  napi_value words[arguments_most], made = NULL;
  size_t count = arguments_most;
  given_options given;
  napi_get_cb_info(env, info, &count, words, NULL, NULL);
  if (!read_options(env, words[0], &given)) return release(&given), NULL;
  tharsis_error why = {.size = sizeof why};
  held* const h = calloc(1, sizeof *h);
  const tharsis_status status = h == NULL ? THARSIS_E_BUSY : tharsis_runtime_create(&given.of, &h->runtime, &why);
  release(&given);
  if (status < 0) return free(h), refuse_with(env, &why);
  h->holders = 2;  // JavaScript, and the runtime until its end.
  h->env = env;
  napi_add_async_cleanup_hook(env, on_thread_ends, h, &h->hook);
  napi_create_external(env, h, forget, NULL, &made);
  return made;
}

// What reload() waits for on a thread of Node's pool, while its own one goes on pumping.
typedef struct reloading {
  held* of;
  given_options given;
  tharsis_status status;
  tharsis_owned_text difference;
  tharsis_error why;
  napi_deferred promise;
  napi_async_work work;
} reloading;

static void wait_for_reload(napi_env env, void* data) {
  (void)env;
  reloading* const r = data;
  r->status = tharsis_runtime_reload(r->of->runtime, &r->given.of, &r->difference, &r->why);
}

static void on_reloaded(napi_env env, napi_status ended, void* data) {
  (void)ended;
  reloading* const r = data;
  held* const h = r->of;
  napi_value difference = owned_text(env, r->difference);
  if (r->status >= 0)
    napi_resolve_deferred(env, r->promise, difference);
  else
    napi_reject_deferred(env, r->promise, error_of(env, &r->why));
  napi_delete_async_work(env, r->work);
  release(&r->given);
  free(r);
  if (--h->reloads == 0 && h->ends) end(h);
}

// reload(runtime, options): a promise of what has changed, for a person.
static napi_value reload(napi_env env, napi_callback_info info) {
  napi_value words[arguments_most], promise = NULL;
  held* const h = take_open(env, info, words);
  if (h == NULL) return NULL;
  reloading* const r = calloc(1, sizeof *r);
  if (r == NULL) return refuse(env, "there is no memory left");
  if (!read_options(env, words[1], &r->given)) return release(&r->given), free(r), NULL;
  r->of = h;
  r->why.size = sizeof r->why;
  napi_create_promise(env, &r->promise, &promise);
  napi_create_async_work(env, NULL, text(env, "tharsis reload", NAPI_AUTO_LENGTH), wait_for_reload, on_reloaded, r, &r->work);
  ++h->reloads;
  napi_queue_async_work(env, r->work);
  return promise;
}

// tell(runtime, {foreground, metered, type: numbers as in tharsis_runtime_inputs; network, account, proxy, device: texts})
static napi_value tell(napi_env env, napi_callback_info info) {
  napi_value words[arguments_most];
  tharsis_error why = {.size = sizeof why};
  held* const h = take_open(env, info, words);
  if (h == NULL) return NULL;
  char* const texts[] = {string_in(env, words[1], "network"), string_in(env, words[1], "account"),
                         string_in(env, words[1], "proxy"), string_in(env, words[1], "device")};
  const tharsis_runtime_inputs inputs = {.size = sizeof inputs,
                                         .foreground = number_in(env, words[1], "foreground"),
                                         .metered = number_in(env, words[1], "metered"),
                                         .type = (uint32_t)number_in(env, words[1], "type"),
                                         .network = texts[0],
                                         .account = texts[1],
                                         .proxy = texts[2],
                                         .device = texts[3]};
  const tharsis_status status = tharsis_runtime_tell(h->runtime, &inputs, &why);
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; ++i) free(texts[i]);
  return status < 0 ? refuse_with(env, &why) : undefined(env);
}

// log(runtime, level: a number, text)
static napi_value write_log(napi_env env, napi_callback_info info) {
  napi_value words[arguments_most];
  uint32_t level = 0;
  held* const h = take_open(env, info, words);
  if (h == NULL) return NULL;
  napi_get_value_uint32(env, words[1], &level);
  char* const said = string_of(env, words[2]);
  if (said == NULL) return refuse(env, "a line of log is a text");
  const tharsis_log* const log = tharsis_runtime_log(h->runtime);
  const tharsis_text line = {said, strlen(said)};
  log->write(log->self, level, line);
  free(said);
  return undefined(env);
}

// [Node's loop] Runs what is ready, then lets JavaScript take what came.
static void on_readable(uv_poll_t* watch, int status, int events) {
  (void)status, (void)events;
  held* const h = watch->data;
  tharsis_runtime_run_once(h->runtime, turn_budget);
  napi_env const env = h->env;
  napi_handle_scope scope;
  napi_value told = NULL, global = NULL;
  napi_open_handle_scope(env, &scope);
  napi_get_reference_value(env, h->told, &told);
  napi_get_global(env, &global);
  if (napi_make_callback(env, NULL, global, told, 0, NULL, NULL) == napi_pending_exception) {
    napi_value thrown = NULL;
    napi_get_and_clear_last_exception(env, &thrown);
    napi_fatal_exception(env, thrown);
  }
  napi_close_handle_scope(env, scope);
}

// start(runtime, told)
static napi_value start(napi_env env, napi_callback_info info) {
  napi_value words[arguments_most];
  held* const h = take_open(env, info, words);
  uv_loop_t* loop = NULL;
  tharsis_error why = {.size = sizeof why};
  if (h == NULL) return NULL;
  if (tharsis_runtime_start(h->runtime, &why) < 0) return refuse_with(env, &why);
  h->watch = malloc(sizeof *h->watch);
  if (h->watch == NULL || napi_get_uv_event_loop(env, &loop) != napi_ok ||
      uv_poll_init(loop, h->watch, tharsis_runtime_wake_descriptor(h->runtime)) != 0) {
    free(h->watch);
    h->watch = NULL;
    return refuse(env, "Node's loop cannot watch the runtime");
  }
  h->watch->data = h;
  napi_create_reference(env, words[1], 1, &h->told);
  uv_poll_start(h->watch, UV_READABLE, on_readable);
  return undefined(env);
}

// subscribe(runtime, pattern, depth): an inbox.
static napi_value subscribe(napi_env env, napi_callback_info info) {
  napi_value words[arguments_most], made = NULL;
  held* const h = take_open(env, info, words);
  tharsis_error why = {.size = sizeof why};
  tharsis_inbox* inbox = NULL;
  if (h == NULL) return NULL;
  uint32_t depth = 0;
  napi_get_value_uint32(env, words[2], &depth);
  char* const pattern = string_of(env, words[1]);
  const tharsis_status status = tharsis_runtime_subscribe(h->runtime, pattern, THARSIS_DROP_OLDEST, depth, &inbox, &why);
  free(pattern);
  if (status < 0) return refuse_with(env, &why);
  napi_create_external(env, inbox, NULL, NULL, &made);
  return made;
}

// unsubscribe(inbox)
static napi_value unsubscribe(napi_env env, napi_callback_info info) {
  napi_value words[arguments_most];
  tharsis_inbox* const inbox = take(env, info, words);
  if (inbox != NULL) tharsis_inbox_close(inbox);
  return inbox == NULL ? NULL : undefined(env);
}

// next_push(inbox): {link, command, body}, or undefined when there is nothing.
static napi_value next_push(napi_env env, napi_callback_info info) {
  napi_value words[arguments_most], made = NULL;
  tharsis_inbox* const inbox = take(env, info, words);
  const tharsis_event* const event = inbox == NULL ? NULL : tharsis_inbox_next(inbox);
  if (event == NULL) return inbox == NULL ? NULL : undefined(env);
  const tharsis_stn_push* const push = event->payload;
  napi_create_object(env, &made);
  napi_set_named_property(env, made, "link", view(env, push->link));
  napi_set_named_property(env, made, "command", number(env, push->command));
  napi_set_named_property(env, made, "body", buffer(env, push->body));
  return made;
}

// dropped(inbox)
static napi_value dropped(napi_env env, napi_callback_info info) {
  napi_value words[arguments_most];
  const tharsis_inbox* const inbox = take(env, info, words);
  return inbox == NULL ? NULL : number(env, (int64_t)tharsis_inbox_dropped(inbox));
}

// next(inbox): a line of JSON, empty when there is nothing.
static napi_value next(napi_env env, napi_callback_info info) {
  napi_value words[arguments_most];
  tharsis_inbox* const inbox = take(env, info, words);
  if (inbox == NULL) return NULL;
  const tharsis_text line = tharsis_inbox_next_json(inbox);
  return text(env, line.data != NULL ? line.data : "", line.size);
}

static napi_value report(napi_env env, napi_callback_info info) {
  napi_value words[arguments_most];
  held* const h = take_open(env, info, words);
  return h == NULL ? NULL : owned_text(env, tharsis_runtime_report(h->runtime));
}

static napi_value metrics(napi_env env, napi_callback_info info) {
  napi_value words[arguments_most];
  held* const h = take_open(env, info, words);
  return h == NULL ? NULL : owned_text(env, tharsis_runtime_metrics_json(h->runtime));
}

// stop(runtime, milliseconds): the status.
static napi_value stop(napi_env env, napi_callback_info info) {
  napi_value words[arguments_most];
  int64_t limit = 0;
  held* const h = take_open(env, info, words);
  if (h == NULL) return NULL;
  napi_get_value_int64(env, words[1], &limit);
  return number(env, tharsis_runtime_stop(h->runtime, limit * millisecond));
}

// settled(runtime): whether everything that could start has started.
static napi_value settled(napi_env env, napi_callback_info info) {
  napi_value words[arguments_most], made = NULL;
  held* const h = take_open(env, info, words);
  if (h == NULL) return NULL;
  napi_get_boolean(env, tharsis_runtime_settled(h->runtime) == 1, &made);
  return made;
}

// problems(options): all that is wrong with the profile, as a compiler prints it.
static napi_value problems(napi_env env, napi_callback_info info) {
  napi_value words[arguments_most];
  size_t count = arguments_most;
  given_options given;
  napi_get_cb_info(env, info, &count, words, NULL, NULL);
  napi_value found = read_options(env, words[0], &given) ? owned_text(env, tharsis_runtime_problems(&given.of)) : NULL;
  release(&given);
  return found;
}

// The last of a runtime on its loop.
static void on_ended(held* h) {
  napi_remove_async_cleanup_hook(h->hook);
  let_go(h);
}

static void forget_watch(uv_handle_t* watch) {
  on_ended(watch->data);
  free(watch);
}

// Destroys the runtime, and lets go of the loop.
static void end(held* h) {
  forget_questions(h);
  tharsis_runtime_destroy(h->runtime);
  h->runtime = NULL;
  if (h->watch == NULL) {
    on_ended(h);
    return;
  }
  napi_delete_reference(h->env, h->told);
  uv_poll_stop(h->watch);
  uv_close((uv_handle_t*)h->watch, forget_watch);
  h->watch = NULL;
}

// The thread of JavaScript ends, and a runtime is still open: a worker was terminated, or process.exit() called.
static void on_thread_ends(napi_async_cleanup_hook_handle hook, void* data) {
  (void)hook;
  held* const h = data;
  h->ends = 1;
  if (h->runtime != NULL && h->reloads == 0) end(h);
}

// close(runtime), which waits for nothing once it has been stopped.
static napi_value close_runtime(napi_env env, napi_callback_info info) {
  napi_value words[arguments_most];
  held* const h = take_open(env, info, words);
  if (h == NULL) return NULL;
  if (h->reloads > 0) return refuse(env, "a reload is under way; wait for it");
  end(h);
  return undefined(env);
}

static napi_value version(napi_env env, napi_callback_info info) {
  (void)info;
  return text(env, tharsis_version(), NAPI_AUTO_LENGTH);
}

NAPI_MODULE_INIT() {
  const struct {
    const char* name;
    napi_callback function;
  } all[] = {{"create", create}, {"start", start},   {"tell", tell},     {"reload", reload}, {"log", write_log},
             {"next", next},     {"report", report}, {"metrics", metrics}, {"subscribe", subscribe},
             {"stop", stop},     {"close", close_runtime}, {"version", version}, {"unsubscribe", unsubscribe},
             {"next_push", next_push}, {"dropped", dropped}, {"settled", settled}, {"problems", problems},
             {"send", send_task}, {"resolve", resolve_name}, {"diagnose", diagnose}, {"cancel", cancel_question}};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; ++i) {
    napi_value function = NULL;
    napi_create_function(env, all[i].name, NAPI_AUTO_LENGTH, all[i].function, NULL, &function);
    napi_set_named_property(env, exports, all[i].name, function);
  }
  return exports;
}

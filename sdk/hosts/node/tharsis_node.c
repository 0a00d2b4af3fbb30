// libtharsis as a Node-API addon: one function for each of sdk/abi/runtime.h that tharsis.js needs. A
// failure is thrown as a JavaScript Error with the runtime's sentence.
//
// Node's own loop watches the runtime's descriptor, so nothing is polled and no thread is added.
#define NAPI_VERSION 8
#include <node_api.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "sdk/abi/runtime.h"

enum { arguments_most = 3, texts_most = 64 };
static const int64_t millisecond = 1000000;
// Between two looks at JavaScript's own work.
static const int64_t turn_budget = 5 * 1000000;

typedef struct held {
  tharsis_runtime* runtime;  // Null once it was closed.
  uv_poll_t* watch;
  napi_env env;
  napi_ref told;  // What JavaScript wants called when there is something to take.
} held;

static napi_value undefined(napi_env env) {
  napi_value value = NULL;
  napi_get_undefined(env, &value);
  return value;
}

static napi_value refuse(napi_env env, const char* why) {
  napi_throw_error(env, NULL, why);
  return NULL;
}

static napi_value number(napi_env env, int64_t value) {
  napi_value made = NULL;
  napi_create_int64(env, value, &made);
  return made;
}

static napi_value text(napi_env env, const char* data, size_t size) {
  napi_value made = NULL;
  napi_create_string_utf8(env, data, size, &made);
  return made;
}

static napi_value owned_text(napi_env env, tharsis_owned_text owned) {
  napi_value made = text(env, owned.data, owned.size);
  tharsis_text_free(owned);
  return made;
}

// The caller frees it. Null: the value is no string.
static char* string_of(napi_env env, napi_value value) {
  size_t size = 0;
  if (napi_get_value_string_utf8(env, value, NULL, 0, &size) != napi_ok) return NULL;
  char* const copy = malloc(size + 1);
  if (copy != NULL) napi_get_value_string_utf8(env, value, copy, size + 1, &size);
  return copy;
}

static char* string_in(napi_env env, napi_value object, const char* name) {
  napi_value value = NULL;
  return napi_get_named_property(env, object, name, &value) == napi_ok ? string_of(env, value) : NULL;
}

// 0 when there is none.
static int32_t number_in(napi_env env, napi_value object, const char* name) {
  napi_value value = NULL;
  int32_t found = 0;
  if (napi_get_named_property(env, object, name, &value) == napi_ok) napi_get_value_int32(env, value, &found);
  return found;
}

// Elements that are no strings are left out.
static uint32_t strings_in(napi_env env, napi_value object, const char* name, const char** into) {
  napi_value list = NULL, element = NULL;
  uint32_t size = 0, taken = 0;
  if (napi_get_named_property(env, object, name, &list) != napi_ok || napi_get_array_length(env, list, &size) != napi_ok) return 0;
  for (uint32_t i = 0; i < size && taken < texts_most; ++i)
    if (napi_get_element(env, list, i, &element) == napi_ok && (into[taken] = string_of(env, element)) != NULL) ++taken;
  return taken;
}

// The arguments, and the first as what it stands for; null after an Error was thrown.
static void* take(napi_env env, napi_callback_info info, napi_value* words) {
  size_t count = arguments_most;
  void* first = NULL;
  napi_get_cb_info(env, info, &count, words, NULL, NULL);
  if (count == 0 || napi_get_value_external(env, words[0], &first) != napi_ok) refuse(env, "the first argument is nothing of tharsis");
  return first;
}

static held* take_open(napi_env env, napi_callback_info info, napi_value* words) {
  held* const h = take(env, info, words);
  if (h != NULL && h->runtime == NULL) return refuse(env, "this runtime was closed"), NULL;
  return h;
}

// A runtime ends when close() says so; what JavaScript forgets before stays until the process ends.
static void forget(napi_env env, void* data, void* hint) {
  (void)env, (void)hint;
  held* const h = data;
  if (h->runtime == NULL) free(h);
}

// What `object` says of a runtime; release() frees its texts.
typedef struct given_options {
  tharsis_runtime_options of;
  const char *folders[texts_most], *sets[texts_most];
} given_options;

static void read_options(napi_env env, napi_value object, given_options* given) {
  memset(&given->of, 0, sizeof given->of);
  given->of.size = sizeof given->of;
  given->of.profile = string_in(env, object, "profile");
  given->of.text = string_in(env, object, "text");
  given->of.state = string_in(env, object, "state");
  given->of.plugin_folders = given->folders;
  given->of.plugin_folders_count = strings_in(env, object, "plugins", given->folders);
  given->of.sets = given->sets;
  given->of.sets_count = strings_in(env, object, "sets", given->sets);
}

static void release(given_options* given) {
  for (uint32_t i = 0; i < given->of.plugin_folders_count; ++i) free((void*)given->folders[i]);
  for (uint32_t i = 0; i < given->of.sets_count; ++i) free((void*)given->sets[i]);
  free((void*)given->of.profile);
  free((void*)given->of.text);
  free((void*)given->of.state);
}

static napi_value create(napi_env env, napi_callback_info info) {
  napi_value words[arguments_most], made = NULL;
  size_t count = arguments_most;
  given_options given;
  napi_get_cb_info(env, info, &count, words, NULL, NULL);
  read_options(env, words[0], &given);
  tharsis_error why = {.size = sizeof why};
  held* const h = calloc(1, sizeof *h);
  const tharsis_status status = h == NULL ? THARSIS_E_BUSY : tharsis_runtime_create(&given.of, &h->runtime, &why);
  release(&given);
  if (status < 0) return free(h), refuse(env, why.text);
  napi_create_external(env, h, forget, NULL, &made);
  return made;
}

// reload(runtime, options): what has changed, for a person.
static napi_value reload(napi_env env, napi_callback_info info) {
  napi_value words[arguments_most];
  given_options given;
  tharsis_owned_text difference = {0};
  tharsis_error why = {.size = sizeof why};
  held* const h = take_open(env, info, words);
  if (h == NULL) return NULL;
  read_options(env, words[1], &given);
  const tharsis_status status = tharsis_runtime_reload(h->runtime, &given.of, &difference, &why);
  release(&given);
  if (status >= 0) return owned_text(env, difference);
  tharsis_text_free(difference);
  return refuse(env, why.text);
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
  return status < 0 ? refuse(env, why.text) : undefined(env);
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
  if (tharsis_runtime_start(h->runtime, &why) < 0) return refuse(env, why.text);
  h->watch = malloc(sizeof *h->watch);
  if (h->watch == NULL || napi_get_uv_event_loop(env, &loop) != napi_ok ||
      uv_poll_init(loop, h->watch, tharsis_runtime_wake_descriptor(h->runtime)) != 0) {
    free(h->watch);
    h->watch = NULL;
    return refuse(env, "Node's loop cannot watch the runtime");
  }
  h->env = env;
  h->watch->data = h;
  napi_create_reference(env, words[1], 1, &h->told);
  uv_poll_start(h->watch, UV_READABLE, on_readable);
  return undefined(env);
}

// subscribe(runtime, pattern): an inbox.
static napi_value subscribe(napi_env env, napi_callback_info info) {
  napi_value words[arguments_most], made = NULL;
  held* const h = take_open(env, info, words);
  tharsis_error why = {.size = sizeof why};
  tharsis_inbox* inbox = NULL;
  if (h == NULL) return NULL;
  char* const pattern = string_of(env, words[1]);
  const tharsis_status status = tharsis_runtime_subscribe(h->runtime, pattern, THARSIS_DROP_OLDEST, 0, &inbox, &why);
  free(pattern);
  if (status < 0) return refuse(env, why.text);
  napi_create_external(env, inbox, NULL, NULL, &made);
  return made;
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

static void forget_watch(uv_handle_t* watch) { free(watch); }

static napi_value close_runtime(napi_env env, napi_callback_info info) {
  napi_value words[arguments_most];
  held* const h = take_open(env, info, words);
  if (h == NULL) return NULL;
  if (h->watch != NULL) {
    uv_poll_stop(h->watch);
    uv_close((uv_handle_t*)h->watch, forget_watch);
    napi_delete_reference(env, h->told);
  }
  tharsis_runtime_destroy(h->runtime);
  h->runtime = NULL;
  h->watch = NULL;
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
             {"stop", stop},     {"close", close_runtime}, {"version", version}};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; ++i) {
    napi_value function = NULL;
    napi_create_function(env, all[i].name, NAPI_AUTO_LENGTH, all[i].function, NULL, &function);
    napi_set_named_property(env, exports, all[i].name, function);
  }
  return exports;
}

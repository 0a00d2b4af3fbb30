// Questions to plugins, tasks of stn, names of dns and diagnoses of sdt, and their one answer each. Answers come inside run_once() and stop(),
// so on the thread of JavaScript.
#include <arpa/inet.h>
#include <string.h>

#include "sdk/abi/dns.h"
#include "sdk/abi/sdt.h"
#include "sdk/abi/stn.h"
#include "sdk/hosts/node/tharsis_node.h"

struct question {
  held* of;  // Null: nobody wants to know any more.
  question *next, **before;
  napi_ref done;
  tharsis_handle handle;
  int64_t number;
  tharsis_guard* guard;
};

static void enlist(question* q) {
  q->next = q->of->questions;
  q->before = &q->of->questions;
  if (q->next != NULL) q->next->before = &q->next;
  *q->before = q;
}

static void delist(question* q) {
  *q->before = q->next;
  if (q->next != NULL) q->next->before = q->before;
  napi_delete_reference(q->of->env, q->done);
  q->of = NULL;
}

void forget_questions(held* h) {
  while (h->questions != NULL) delist(h->questions);
}

// Null after an Error was thrown, and null without one while nobody provides the service.
static const void* enter(napi_env env, held* h, tharsis_guard** guard, const char* id) {
  tharsis_error why = {.size = sizeof why};
  if (*guard == NULL && tharsis_runtime_bind(h->runtime, id, guard, &why) < 0) return refuse_with(env, &why), NULL;
  return tharsis_guard_enter(*guard);
}

// Inside the guard; the table's call is `status`.
static napi_value begun(napi_env env, question* q, tharsis_status status, const tharsis_error* why) {
  tharsis_guard_leave(q->guard);
  if (status >= 0) return number(env, q->number);
  delist(q);
  free(q);
  return refuse_with(env, why);
}

static question* ask(napi_env env, held* h, tharsis_guard* guard, napi_value done) {
  static _Thread_local int64_t last;
  question* const q = calloc(1, sizeof *q);
  if (q == NULL) return tharsis_guard_leave(guard), refuse(env, "there is no memory left"), NULL;
  q->of = h;
  q->guard = guard;
  q->number = ++last;
  napi_create_reference(env, done, 1, &q->done);
  enlist(q);
  return q;
}

static void set(napi_env env, napi_value object, const char* name, napi_value value) { napi_set_named_property(env, object, name, value); }

// Calls done(answer); what it throws is thrown as from any callback of Node's.
static void answer(question* q, napi_value made) {
  napi_env const env = q->of->env;
  napi_value done = NULL, global = NULL, thrown = NULL;
  napi_get_reference_value(env, q->done, &done);
  napi_get_global(env, &global);
  delist(q);
  free(q);
  if (napi_call_function(env, global, done, 1, &made, NULL) != napi_pending_exception) return;
  napi_get_and_clear_last_exception(env, &thrown);
  napi_fatal_exception(env, thrown);
}

static napi_value times_of(napi_env env, const tharsis_stn_times* t) {
  napi_value made = NULL;
  napi_create_object(env, &made);
  if (t == NULL) return made;
  const struct {
    const char* name;
    int64_t ns;
  } parts[] = {{"queued", t->queued}, {"resolve", t->resolve},       {"connect", t->connect}, {"tls", t->tls},
               {"prove", t->prove},   {"firstByte", t->first_byte}, {"rest", t->rest},       {"lost", t->lost}};
  for (size_t i = 0; i < sizeof parts / sizeof parts[0]; ++i) {
    napi_value ms = NULL;
    napi_create_double(env, (double)parts[i].ns / 1e6, &ms);
    set(env, made, parts[i].name, ms);
  }
  return made;
}

static void on_task(void* context, tharsis_handle task, const tharsis_stn_result* r) {
  (void)task;
  question* const q = context;
  if (q->of == NULL) {
    free(q);
    return;
  }
  napi_env const env = q->of->env;
  napi_handle_scope scope;
  napi_value made = NULL;
  napi_open_handle_scope(env, &scope);
  napi_create_object(env, &made);
  set(env, made, "status", number(env, r->status));
  set(env, made, "why", number(env, r->why));
  set(env, made, "reason", view(env, r->reason));
  set(env, made, "body", buffer(env, r->body));
  set(env, made, "sends", number(env, r->sends));
  set(env, made, "connection", number(env, r->connection));
  set(env, made, "httpStatus", number(env, r->http_status));
  set(env, made, "times", times_of(env, r->times));
  answer(q, made);
  napi_close_handle_scope(env, scope);
}

static napi_value address_text(napi_env env, const tharsis_address* a) {
  char line[INET6_ADDRSTRLEN] = "";
  inet_ntop(a->family == 4 ? AF_INET : AF_INET6, a->ip, line, sizeof line);
  return text(env, line, NAPI_AUTO_LENGTH);
}

static void on_name(void* context, tharsis_handle query, const tharsis_dns_answer* a) {
  (void)query;
  question* const q = context;
  if (q->of == NULL) {
    free(q);
    return;
  }
  napi_env const env = q->of->env;
  napi_handle_scope scope;
  napi_value made = NULL, addresses = NULL;
  napi_open_handle_scope(env, &scope);
  napi_create_object(env, &made);
  napi_create_array(env, &addresses);
  for (uint32_t i = 0; i < a->count; ++i) napi_set_element(env, addresses, i, address_text(env, &a->addresses[i]));
  set(env, made, "status", number(env, a->status));
  set(env, made, "reason", view(env, a->reason));
  set(env, made, "addresses", addresses);
  set(env, made, "verdict", view(env, a->verdict));
  answer(q, made);
  napi_close_handle_scope(env, scope);
}

static void on_diagnosis(void* context, tharsis_handle id, const tharsis_sdt_report* r) {
  (void)id;
  question* const q = context;
  if (q->of == NULL) {
    free(q);
    return;
  }
  napi_env const env = q->of->env;
  napi_handle_scope scope;
  napi_value made = NULL;
  napi_open_handle_scope(env, &scope);
  napi_create_object(env, &made);
  const struct {
    const char* name;
    tharsis_text text;
  } texts[] = {{"target", r->target},   {"code", r->code},     {"blame", r->blame},   {"certainty", r->certainty},
               {"sentence", r->sentence}, {"detail", r->detail}, {"action", r->action}, {"json", r->json}};
  for (size_t i = 0; i < sizeof texts / sizeof texts[0]; ++i) set(env, made, texts[i].name, view(env, texts[i].text));
  set(env, made, "status", number(env, r->status));
  set(env, made, "confidence", number(env, r->confidence));
  set(env, made, "took", number(env, r->took / 1000000));
  set(env, made, "bytes", number(env, (int64_t)r->bytes));
  answer(q, made);
  napi_close_handle_scope(env, scope);
}

static tharsis_text text_in(napi_env env, napi_value object, const char* name, char** copy) {
  *copy = string_in(env, object, name);
  return (tharsis_text){*copy, *copy == NULL ? 0 : strlen(*copy)};
}

// Of a Buffer or Uint8Array, which lives as long as the call.
static tharsis_bytes bytes_in(napi_env env, napi_value object, const char* name) {
  napi_value value = NULL;
  bool is = false;
  void* data = NULL;
  size_t size = 0;
  if (napi_get_named_property(env, object, name, &value) == napi_ok && napi_is_buffer(env, value, &is) == napi_ok && is)
    napi_get_buffer_info(env, value, &data, &size);
  return (tharsis_bytes){data, size};
}

// Of [name, value, name, value, ..]; null when there are none, and after an Error was thrown.
static tharsis_stn_header* headers_of(napi_env env, texts list) {
  const size_t count = list.count / 2;
  tharsis_stn_header* const headers = count == 0 ? NULL : malloc(count * sizeof *headers);
  if (count > 0 && headers == NULL) refuse(env, "there is no memory left");
  for (size_t i = 0; headers != NULL && i < count; ++i) {
    const char *const name = list.of[2 * i], *const value = list.of[2 * i + 1];
    headers[i] = (tharsis_stn_header){{name, strlen(name)}, {value, strlen(value)}};
  }
  return headers;
}

napi_value send_task(napi_env env, napi_callback_info info) {
  napi_value words[arguments_most];
  held* const h = take_open(env, info, words);
  const tharsis_stn* const stn = h == NULL ? NULL : enter(env, h, &h->stn, THARSIS_STN_ID);
  bool thrown = false;
  if (stn == NULL) return napi_is_exception_pending(env, &thrown), thrown ? NULL : number(env, -1);
  question* const q = ask(env, h, h->stn, words[2]);
  if (q == NULL) return NULL;
  napi_value const task = words[1];
  char* copies[4] = {NULL};
  const texts lines = texts_in(env, task, "headers");
  tharsis_stn_header* const headers = headers_of(env, lines);
  tharsis_error why = {.size = sizeof why};
  const tharsis_stn_task t = {.size = sizeof t,
                              .command = (uint32_t)number_in(env, task, "command"),
                              .timeout_ms = (uint32_t)number_in(env, task, "timeout"),
                              .flags = (uint32_t)number_in(env, task, "flags"),
                              .link = text_in(env, task, "link", &copies[0]),
                              .body = bytes_in(env, task, "body"),
                              .key = bytes_in(env, task, "key"),
                              .context = q,
                              .done = on_task,
                              .priority = number_in(env, task, "priority"),
                              .retries = number_in(env, task, "retries"),
                              .user = text_in(env, task, "user", &copies[1]),
                              .order = big_in(env, task, "order"),
                              .channels = (uint32_t)number_in(env, task, "channels"),
                              .path = text_in(env, task, "path", &copies[2]),
                              .header_count = lines.count / 2,
                              .headers = headers,
                              .host = text_in(env, task, "host", &copies[3])};
  napi_is_exception_pending(env, &thrown);
  const tharsis_status status = thrown ? THARSIS_E_BUSY : stn->start(stn->self, &t, &q->handle, &why);
  for (size_t i = 0; i < sizeof copies / sizeof copies[0]; ++i) free(copies[i]);
  free(headers);
  free_texts(lines);
  return begun(env, q, status, &why);
}

napi_value resolve_name(napi_env env, napi_callback_info info) {
  napi_value words[arguments_most];
  held* const h = take_open(env, info, words);
  const tharsis_dns* const dns = h == NULL ? NULL : enter(env, h, &h->dns, THARSIS_DNS_ID);
  bool thrown = false;
  if (dns == NULL) return napi_is_exception_pending(env, &thrown), thrown ? NULL : number(env, -1);
  question* const q = ask(env, h, h->dns, words[2]);
  if (q == NULL) return NULL;
  char* copy = NULL;
  const tharsis_text name = text_in(env, words[1], "name", &copy);
  tharsis_error why = {.size = sizeof why};
  const tharsis_status status = dns->resolve(dns->self, name, (uint32_t)number_in(env, words[1], "family"), on_name, q, &q->handle, &why);
  free(copy);
  return begun(env, q, status, &why);
}

napi_value diagnose(napi_env env, napi_callback_info info) {
  napi_value words[arguments_most];
  held* const h = take_open(env, info, words);
  const tharsis_sdt* const sdt = h == NULL ? NULL : enter(env, h, &h->sdt, THARSIS_SDT_ID);
  bool thrown = false;
  if (sdt == NULL) return napi_is_exception_pending(env, &thrown), thrown ? NULL : number(env, -1);
  question* const q = ask(env, h, h->sdt, words[2]);
  if (q == NULL) return NULL;
  char* copy = NULL;
  tharsis_error why = {.size = sizeof why};
  const tharsis_sdt_wish wish = {.size = sizeof wish,
                                 .depth = (uint32_t)number_in(env, words[1], "depth"),
                                 .target = text_in(env, words[1], "target", &copy),
                                 .deadline = (int64_t)number_in(env, words[1], "timeout") * 1000000};
  const tharsis_status status = sdt->diagnose(sdt->self, &wish, on_diagnosis, q, &q->handle, &why);
  free(copy);
  return begun(env, q, status, &why);
}

// cancel(runtime, number): its done() is still called.
napi_value cancel_question(napi_env env, napi_callback_info info) {
  napi_value words[arguments_most];
  held* const h = take(env, info, words);
  int64_t wanted = 0;
  if (h == NULL) return NULL;
  napi_get_value_int64(env, words[1], &wanted);
  for (question* q = h->runtime == NULL ? NULL : h->questions; q != NULL; q = q->next) {
    const void* const table = q->number == wanted ? tharsis_guard_enter(q->guard) : NULL;
    if (table == NULL) continue;
    if (q->guard == h->stn)
      ((const tharsis_stn*)table)->cancel(((const tharsis_stn*)table)->self, q->handle);
    else if (q->guard == h->dns)
      ((const tharsis_dns*)table)->cancel(((const tharsis_dns*)table)->self, q->handle);
    else
      ((const tharsis_sdt*)table)->cancel(((const tharsis_sdt*)table)->self, q->handle);
    tharsis_guard_leave(q->guard);
    break;
  }
  return undefined(env);
}

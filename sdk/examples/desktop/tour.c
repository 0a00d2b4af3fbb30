// All that a desktop application does with Tharsis, one after the other, in C. Its server, in another terminal:
//
//     tharsis stn serve tcp://127.0.0.1:7000
//     tour_c DESKTOP.YAML tcp://127.0.0.1:7000 STATE
#include <stdio.h>
#include <string.h>

#include "sdk/abi/dns.h"
#include "sdk/abi/runtime.h"
#include "sdk/abi/sdt.h"
#include "sdk/abi/stn.h"

enum { echo = 100, message = 3, unknown = 99 };  // Commands of the demo's server: plugins/gateway/README.md.
static const int64_t millisecond = 1000000;

typedef struct application {
  tharsis_runtime* runtime;
  tharsis_inbox *events, *pushes;
  tharsis_guard *stn, *dns, *sdt;
  int answers, brought, pushed;  // Of the answers those that a server brought.
} application;

static int complain(const char* what, const tharsis_error* why) {
  fprintf(stderr, "tour_c: %s: %s\n", what, why->text);
  return 0;
}

static void on_answer(void* context, tharsis_handle task, const tharsis_stn_result* r) {
  (void)task;
  ++((application*)context)->answers;
  if (r->status < 0) printf("no answer: %.*s\n", (int)r->reason.size, r->reason.data);
  else ++((application*)context)->brought, printf("answer: %zu bytes after %.1f ms\n", r->body.size, (double)r->times->first_byte / 1e6);
}

static void on_name(void* context, tharsis_handle query, const tharsis_dns_answer* a) {
  (void)query;
  ++((application*)context)->answers;
  printf("localhost has %u addresses (%.*s)\n", (unsigned)a->count, (int)a->verdict.size, a->verdict.data);
}

static void on_diagnosis(void* context, tharsis_handle id, const tharsis_sdt_report* r) {
  (void)id;
  ++((application*)context)->answers;
  printf("diagnosis: %.*s (%.*s, %u%% sure)\n", (int)r->sentence.size, r->sentence.data, (int)r->code.size, r->code.data, (unsigned)r->confidence);
}

// One turn of an application that has no loop of its own; others watch tharsis_runtime_wake_descriptor().
static void turn(application* a) {
  tharsis_runtime_wait(a->runtime, 10 * millisecond);
  tharsis_runtime_run_once(a->runtime, 5 * millisecond);
  for (tharsis_text line; (line = tharsis_inbox_next_json(a->events)).size > 0;) printf("event: %.*s\n", (int)line.size, line.data);
  for (const tharsis_event* e; (e = tharsis_inbox_next(a->pushes)) != NULL; ++a->pushed) {
    const tharsis_stn_push* const push = e->payload;
    printf("push: command %u, %zu bytes\n", (unsigned)push->command, push->body.size);
  }
}

// Begins with the desktop profile; the application says where its server is, and who it is.
static int begin(application* a, char** words, const char* user, const char* state) {
  char endpoint[256], name[64];
  snprintf(endpoint, sizeof endpoint, "stn.links.main.endpoints=[\"%s\"]", words[2]);
  snprintf(name, sizeof name, "stn.links.main.user=%s", user);
  const char* const sets[] = {endpoint, name};
  const tharsis_runtime_options options = {.size = sizeof options, .profile = words[1], .sets = sets, .sets_count = 2, .state = state};
  tharsis_error why = {.size = sizeof why};
  if (tharsis_runtime_create(&options, &a->runtime, &why) < 0) return complain("the profile is refused", &why);
  if (tharsis_runtime_subscribe(a->runtime, "stn.link", THARSIS_DROP_OLDEST, 0, &a->events, &why) < 0 ||
      tharsis_runtime_subscribe(a->runtime, "stn.push", THARSIS_DROP_OLDEST, 0, &a->pushes, &why) < 0)
    return complain("no inbox", &why);
  if (tharsis_runtime_start(a->runtime, &why) < 0) return complain("nothing was started", &why);
  while (!tharsis_runtime_settled(a->runtime)) turn(a);
  if (tharsis_runtime_bind(a->runtime, THARSIS_STN_ID, &a->stn, &why) < 0 || tharsis_runtime_bind(a->runtime, THARSIS_DNS_ID, &a->dns, &why) < 0 ||
      tharsis_runtime_bind(a->runtime, THARSIS_SDT_ID, &a->sdt, &why) < 0)
    return complain("a service is missing", &why);
  return 1;
}

// Sends one task and waits for its end.
static int send_one(application* a, uint32_t command, const void* body, size_t size, uint32_t timeout_ms) {
  const tharsis_stn_task task = {.size = sizeof task, .command = command, .timeout_ms = timeout_ms, .body = {body, size}, .context = a, .done = on_answer};
  tharsis_error why = {.size = sizeof why};
  tharsis_handle id;
  const int wanted = a->answers + 1;
  const tharsis_stn* const stn = tharsis_guard_enter(a->stn);
  if (stn == NULL) return fputs("tour_c: stn does not run\n", stderr), 0;
  const tharsis_status status = stn->start(stn->self, &task, &id, &why);
  tharsis_guard_leave(a->stn);
  if (status < 0) return complain("the task was refused", &why);
  while (a->answers < wanted) turn(a);
  return 1;
}

static int resolve_one(application* a, const char* name) {
  tharsis_error why = {.size = sizeof why};
  tharsis_handle id;
  const int wanted = a->answers + 1;
  const tharsis_text text = {name, strlen(name)};
  const tharsis_dns* const dns = tharsis_guard_enter(a->dns);
  if (dns == NULL) return fputs("tour_c: dns does not run\n", stderr), 0;
  const tharsis_status status = dns->resolve(dns->self, text, 0, on_name, a, &id, &why);
  tharsis_guard_leave(a->dns);
  if (status < 0) return complain("the name was refused", &why);
  while (a->answers < wanted) turn(a);
  return 1;
}

static int diagnose_one(application* a, const char* target) {
  tharsis_error why = {.size = sizeof why};
  tharsis_handle id;
  const int wanted = a->answers + 1;
  const tharsis_sdt_wish wish = {.size = sizeof wish, .depth = THARSIS_SDT_LIGHT, .target = {target, strlen(target)}};
  const tharsis_sdt* const sdt = tharsis_guard_enter(a->sdt);
  if (sdt == NULL) return fputs("tour_c: sdt does not run\n", stderr), 0;
  const tharsis_status status = sdt->diagnose(sdt->self, &wish, on_diagnosis, a, &id, &why);
  tharsis_guard_leave(a->sdt);
  if (status < 0) return complain("the diagnosis was refused", &why);
  while (a->answers < wanted) turn(a);
  return 1;
}

static void show_metric(void* context, const tharsis_metric_value* v) {
  (void)context;
  if (v->plugin.size == 3 && memcmp(v->plugin.data, "stn", 3) == 0 && v->name.size == 10 && memcmp(v->name.data, "tasks_done", 10) == 0)
    printf("metrics: %llu %.*s\n", (unsigned long long)v->count, (int)v->help.size, v->help.data);
}

// A second client says something; the server pushes it to the first one.
static int hear_from_ben(application* ann, application* ben, char** words) {
  // A message of the server's, protobuf: from ben to all in topic 0.
  static const char morning[] = "\x0a\x00\x12\x03" "ben" "\x1a\x03" "all" "\x22\x0c" "good morning" "\x2a\x01" "0";
  char state[512];
  snprintf(state, sizeof state, "%s-ben", words[3]);
  if (!begin(ben, words, "ben", state) || !send_one(ben, message, morning, sizeof morning - 1, 5000)) return 0;
  while (ben->brought > 0 && ann->pushed == 0) turn(ann);
  return 1;
}

int main(int count, char** words) {
  if (count < 4) return fputs("tour_c DESKTOP.YAML ENDPOINT STATE\n", stderr), 2;
  application ann = {0}, ben = {0};
  if (!begin(&ann, words, "ann", words[3])) return 1;
  const tharsis_runtime_inputs told = {.size = sizeof told, .foreground = 1, .account = "ann"};
  tharsis_runtime_tell(ann.runtime, &told, NULL);
  const tharsis_log* const log = tharsis_runtime_log(ann.runtime);
  const tharsis_text line = {"the tour begins", 15};
  log->write(log->self, THARSIS_LOG_INFO, line);

  int ok = send_one(&ann, echo, "hello", 5, 5000);
  if (ok && ann.brought > 0)
    ok = resolve_one(&ann, "localhost") && hear_from_ben(&ann, &ben, words) && send_one(&ann, unknown, "x", 1, 500);  // Which this server does not know.
  ok = ok && diagnose_one(&ann, words[2]);  // Which says what is wrong where nobody has answered.
  if (ok && ann.brought == 0) ok = 0, fprintf(stderr, "tour_c: nobody answers at %s; is its server there? tharsis stn serve %s\n", words[2], words[2]);
  tharsis_runtime_metrics(ann.runtime, show_metric, NULL);

  ok = tharsis_runtime_stop(ann.runtime, 5000 * millisecond) == THARSIS_OK && ok;
  puts("stopped");
  tharsis_runtime_destroy(ann.runtime);
  tharsis_runtime_destroy(ben.runtime);
  return ok ? 0 : 1;
}

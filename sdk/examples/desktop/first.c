// The smallest application in C: one request, one answer. first_c DESKTOP.YAML ENDPOINT STATE
#include <stdio.h>

#include "sdk/abi/runtime.h"
#include "sdk/abi/stn.h"

static void on_answer(void* context, tharsis_handle task, const tharsis_stn_result* r) {  // Inside run_once(), on this thread.
  (void)task;
  if (r->status == THARSIS_OK) printf("answer: %.*s\n", (int)r->body.size, (const char*)r->body.data);
  else printf("no answer: %.*s\n", (int)r->reason.size, r->reason.data);
  *(int*)context = 1;
}

int main(int count, char** words) {
  if (count < 4) return fputs("first_c DESKTOP.YAML ENDPOINT STATE\n", stderr), 2;
  char endpoint[256];
  snprintf(endpoint, sizeof endpoint, "stn.links.main.endpoints=[\"%s\"]", words[2]);
  const char* sets[] = {endpoint};
  tharsis_runtime_options options = {.size = sizeof options, .profile = words[1], .sets = sets, .sets_count = 1, .state = words[3]};
  tharsis_error why = {.size = sizeof why};
  tharsis_runtime* runtime = NULL;
  tharsis_guard* stn = NULL;
  int answered = 0;
  if (tharsis_runtime_create(&options, &runtime, &why) < 0 || tharsis_runtime_start(runtime, &why) < 0 ||
      tharsis_runtime_bind(runtime, THARSIS_STN_ID, &stn, &why) < 0)
    return fprintf(stderr, "first_c: %s\n", why.text), 1;
  const tharsis_stn_task task = {.size = sizeof task, .command = 100, .timeout_ms = 5000, .body = {(const uint8_t*)"hello", 5},
                                 .context = &answered, .done = on_answer};
  for (int asked = 0; !answered; tharsis_runtime_wait(runtime, 10000000), tharsis_runtime_run_once(runtime, 5000000)) {
    const tharsis_stn* const table = asked ? NULL : tharsis_guard_enter(stn);  // Null: stn does not run yet.
    if (table == NULL) continue;
    tharsis_handle id;
    if (table->start(table->self, &task, &id, &why) < 0) return fprintf(stderr, "first_c: %s\n", why.text), 1;
    tharsis_guard_leave(stn);
    asked = 1;
  }
  tharsis_runtime_destroy(runtime);
  return 0;
}

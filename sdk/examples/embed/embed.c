// A host application in C: starts a profile, prints its events for a second, stops. embed PROFILE [PLUGINS [STATE]]
#include <stdio.h>
#include <string.h>

#include "sdk/abi/runtime.h"

static const int64_t millisecond = 1000000;

static int complain(const char* what, const tharsis_error* why) {
  fprintf(stderr, "embed: %s: %s\n", what, why->text);
  return 1;
}

// Into the log that the plugins write, as "host".
static void say(const tharsis_log* log, uint32_t level, const char* text) {
  const tharsis_text line = {text, strlen(text)};
  log->write(log->self, level, line);
}

int main(int count, char** words) {
  const char* folders[] = {count > 2 ? words[2] : "plugins"};
  tharsis_runtime_options options = {.size = sizeof options, .profile = count > 1 ? words[1] : "embed.yaml",
                                     .plugin_folders = folders, .plugin_folders_count = 1, .state = count > 3 ? words[3] : NULL};
  tharsis_error why = {.size = sizeof why};
  tharsis_runtime* runtime;
  tharsis_inbox* inbox;
  if (tharsis_runtime_create(&options, &runtime, &why) < 0) return complain("the profile is refused", &why);
  const tharsis_log* const log = tharsis_runtime_log(runtime);  // Until destroy().
  say(log, THARSIS_LOG_INFO, "the example starts");
  if (tharsis_runtime_subscribe(runtime, "**", THARSIS_DROP_OLDEST, 0, &inbox, &why) < 0) return complain("no inbox", &why);
  if (tharsis_runtime_start(runtime, &why) < 0) return complain("nothing was started", &why);
  for (int left = 100; left > 0; --left) {  // An application waits in its own loop, for wake_descriptor().
    tharsis_runtime_wait(runtime, 10 * millisecond);
    tharsis_runtime_run_once(runtime, 5 * millisecond);
    for (tharsis_text line; (line = tharsis_inbox_next_json(inbox)).size > 0;) printf("%.*s\n", (int)line.size, line.data);
  }
  const tharsis_status stopped = tharsis_runtime_stop(runtime, 5000 * millisecond);
  if (stopped != THARSIS_OK) say(log, THARSIS_LOG_ERROR, "a plugin has not stopped");
  const tharsis_owned_text report = tharsis_runtime_report(runtime);
  printf("%s\n", report.data);
  tharsis_text_free(report);
  tharsis_runtime_destroy(runtime);
  return stopped == THARSIS_OK ? 0 : 1;
}

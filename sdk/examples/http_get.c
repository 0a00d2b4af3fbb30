// Fetches a URL over tharsis.http/1 and writes the body to stdout as it comes: http_get PROFILE PLUGINS STATE URL
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "sdk/abi/http.h"
#include "sdk/abi/runtime.h"

static const int64_t millisecond = 1000000;

struct download {
  int over;
  tharsis_status status;
  uint32_t http_status;
};

static void on_head(void* context, tharsis_handle call, const tharsis_http_head* head) {
  (void)context, (void)call;
  const int tells = head->size > offsetof(tharsis_http_head, http_version);  // An older stn does not.
  fprintf(stderr, "%u from %.*s%s\n", (unsigned)head->status, (int)head->url.size, head->url.data,
          tells && head->http_version == 20 ? " over HTTP/2" : "");
  for (size_t i = 0; i < head->field_count; ++i)
    fprintf(stderr, "  %.*s: %.*s\n", (int)head->fields[i].name.size, head->fields[i].name.data, (int)head->fields[i].value.size,
            head->fields[i].value.data);
}

static tharsis_status on_piece(void* context, tharsis_handle call, tharsis_bytes piece) {
  (void)context, (void)call;
  fwrite(piece.data, 1, piece.size, stdout);
  return THARSIS_OK;  // THARSIS_PENDING would stop the flow until resume().
}

static void on_done(void* context, tharsis_handle call, const tharsis_http_result* result) {
  struct download* const d = context;
  (void)call;
  d->over = 1;
  d->status = result->status;
  d->http_status = result->http_status;
  if (result->status != THARSIS_OK) fprintf(stderr, "http_get: %.*s\n", (int)result->reason.size, result->reason.data);
}

static int complain(const char* what, const tharsis_error* why) {
  fprintf(stderr, "http_get: %s: %s\n", what, why->text);
  return 2;
}

static void turn(tharsis_runtime* runtime) {  // An application waits in its own loop.
  tharsis_runtime_wait(runtime, 100 * millisecond);
  tharsis_runtime_run_once(runtime, 5 * millisecond);
}

static int fetch(tharsis_runtime* runtime, tharsis_guard* guard, const char* url) {
  struct download d = {0, THARSIS_OK, 0};
  tharsis_http_request request = {.size = sizeof request, .url = {url, strlen(url)}, .body_size = -1, .context = &d,
                                  .on_head = on_head, .on_piece = on_piece, .done = on_done};
  tharsis_error why = {.size = sizeof why};
  const tharsis_http* http = tharsis_guard_enter(guard);
  for (int left = 100; http == NULL && left > 0; --left) {  // Plugins start while the loop runs.
    turn(runtime);
    http = tharsis_guard_enter(guard);
  }
  if (http == NULL) return fprintf(stderr, "http_get: nobody provides " THARSIS_HTTP_ID " now\n"), 2;
  const tharsis_status started = http->start(http->self, &request, NULL, &why);
  tharsis_guard_leave(guard);
  if (started != THARSIS_OK) return complain("the request is refused", &why);
  while (!d.over) turn(runtime);
  return d.status == THARSIS_OK && d.http_status < 400 ? 0 : 1;
}

int main(int count, char** words) {
  if (count != 5) return fprintf(stderr, "http_get PROFILE PLUGINS STATE URL\n"), 2;
  const char* folders[] = {words[2]};
  tharsis_runtime_options options = {.size = sizeof options, .profile = words[1], .plugin_folders = folders, .plugin_folders_count = 1,
                                     .state = words[3]};
  tharsis_error why = {.size = sizeof why};
  tharsis_runtime* runtime;
  if (tharsis_runtime_create(&options, &runtime, &why) < 0) return complain("the profile is refused", &why);
  tharsis_guard* guard = NULL;
  int code = 2;
  if (tharsis_runtime_start(runtime, &why) < 0) complain("nothing was started", &why);
  else if (tharsis_runtime_bind(runtime, THARSIS_HTTP_ID, &guard, &why) < 0) complain("no HTTP client", &why);
  else code = fetch(runtime, guard, words[4]);
  if (guard != NULL) tharsis_guard_unbind(guard);
  tharsis_runtime_stop(runtime, 5000 * millisecond);
  tharsis_runtime_destroy(runtime);
  return code;
}

// A sink in plain C: each verdict of sdt goes to a web address as a POST with JSON.
//
//     plugins: { stn: { ... }, sdt: {}, webhook: { url: "https://hooks.example.com/verdict" } }
//
//     {"link":"main","verdict":"port_closed","code":3,"confidence":95,"headline":"...","advice":"...","evidence":"...",
//      "blame":"server","action":"...","wall":1795734113108566287}
//
// sdt's first verdict may come before this has started, so the bus keeps the last ones and says them again: they are sent
// unless they are old, which tells a new start from a first one.
//
// Events, answers and the plugin's life all come on one strand, so nothing here needs a lock.
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/abi/bus.h"
#include "sdk/abi/http.h"
#include "sdk/abi/log.h"
#include "sdk/abi/loop.h"
#include "sdk/abi/metrics.h"
#include "sdk/abi/plugin.h"
#include "sdk/abi/registry.h"
#include "sdk/abi/sdt.h"
#include "sdk/abi/settings.h"

enum { OPEN_MOST = 8, JSON_MOST = 16384, URL_MOST = 2048 };  // POSTs under way; bytes of one verdict, and of the address.

static const int64_t OLD = 60ll * 1000000000;  // Nanoseconds since a verdict was given.

struct webhook {
  const tharsis_host* host;
  const tharsis_loop* loop;
  const tharsis_bus* bus;
  const tharsis_log* log;
  const tharsis_registry* registry;
  const tharsis_http* http;
  char url[URL_MOST];
  size_t url_size;
  int64_t confidence_min, timeout;
  tharsis_handle subscription, calls[OPEN_MOST];  // 0: the place is free.
  unsigned open;
  int stopping;
  uint64_t *sent, *failed;  // Null: this host counts nothing.
};

static tharsis_status say(tharsis_error* error, tharsis_status status, const char* sentence) {
  if (error != NULL) {
    error->status = status;
    snprintf(error->text, sizeof error->text, "%s", sentence);
  }
  return status;
}

static void count(uint64_t* cell) {
  if (cell != NULL) __atomic_store_n(cell, __atomic_load_n(cell, __ATOMIC_RELAXED) + 1, __ATOMIC_RELAXED);
}

static void warn(const struct webhook* w, const char* sentence) {
  w->log->write(w->log->self, THARSIS_LOG_WARNING, (tharsis_text){sentence, strlen(sentence)});
}

// ---- JSON

struct json {
  char text[JSON_MOST];
  size_t size;
};

static void put(struct json* j, const char* bytes, size_t size) {
  if (size > JSON_MOST - j->size) size = JSON_MOST - j->size;  // A whole one is much smaller; see put_text.
  memcpy(j->text + j->size, bytes, size);
  j->size += size;
}

// In quotes, escaped; what is longer than its share is cut at a character's border, so that all of it fits.
static void put_text(struct json* j, const char* name, tharsis_text value) {
  char part[8];
  put(j, part, (size_t)snprintf(part, sizeof part, "%s\"", j->size > 1 ? "," : ""));
  put(j, name, strlen(name));
  put(j, "\":\"", 3);
  size_t size = value.size < JSON_MOST / 32 ? value.size : JSON_MOST / 32;
  while (size > 0 && size < value.size && ((unsigned char)value.data[size] & 0xC0) == 0x80) --size;
  for (size_t i = 0; i < size; ++i) {
    const unsigned char c = (unsigned char)value.data[i];
    if (c == '"' || c == '\\') put(j, (const char[]){'\\', (char)c}, 2);
    else if (c < 0x20 || c == 0x7F) put(j, part, (size_t)snprintf(part, sizeof part, "\\u%04x", c));
    else put(j, value.data + i, 1);
  }
  put(j, "\"", 1);
}

static void put_number(struct json* j, const char* name, int64_t value) {
  char part[64];
  put(j, part, (size_t)snprintf(part, sizeof part, "%s\"%s\":%" PRId64, j->size > 1 ? "," : "", name, value));
}

static void write_verdict(struct json* j, const tharsis_sdt_verdict* v, int64_t wall) {
  j->size = 0;
  put(j, "{", 1);
  put_text(j, "link", v->link);
  put_text(j, "verdict", v->verdict);
  put_number(j, "code", v->code);
  put_number(j, "confidence", v->confidence);
  put_text(j, "headline", v->headline);
  put_text(j, "advice", v->advice);
  put_text(j, "evidence", v->evidence);
  put_text(j, "blame", v->blame);
  put_text(j, "action", v->action);
  put_number(j, "wall", wall);
  put(j, "}", 1);
}

// ---- POST

static void on_done(void* context, tharsis_handle call, const tharsis_http_result* result) {
  struct webhook* const w = context;
  char sentence[256];
  for (unsigned i = 0; i < OPEN_MOST; ++i)
    if (w->calls[i] == call) w->calls[i] = 0;
  --w->open;
  const int good = result->status == THARSIS_OK && result->http_status >= 200 && result->http_status < 300;
  count(good ? w->sent : w->failed);
  if (!good && !w->stopping) {
    if (result->status == THARSIS_OK) snprintf(sentence, sizeof sentence, "a verdict was not taken: the server answers %u", (unsigned)result->http_status);
    else snprintf(sentence, sizeof sentence, "a verdict was not sent: %.*s", (int)(result->reason.size < 180 ? result->reason.size : 180), result->reason.data);
    warn(w, sentence);
  }
  if (w->stopping && w->open == 0) w->host->stopped(w->host->self);
}

static void send_json(struct webhook* w, const struct json* j) {
  unsigned place = 0;
  while (place < OPEN_MOST && w->calls[place] != 0) ++place;
  if (place == OPEN_MOST) {
    count(w->failed);
    warn(w, "a verdict was not sent: too many are on their way");
    return;
  }
  const tharsis_http_field type = {{"Content-Type", 12}, {"application/json", 16}};
  tharsis_error why = {.size = sizeof why};
  const tharsis_http_request request = {.size = sizeof request,
                                        .method = {"POST", 4},
                                        .url = {w->url, w->url_size},
                                        .fields = &type,
                                        .field_count = 1,
                                        .body = {(const uint8_t*)j->text, j->size},
                                        .answer_max = 65536,
                                        .total_timeout_ms = (uint32_t)(w->timeout / 1000000),
                                        .context = w,
                                        .done = on_done};
  if (w->http->start(w->http->self, &request, &w->calls[place], &why) == THARSIS_OK) {
    ++w->open;
    return;
  }
  w->calls[place] = 0;
  count(w->failed);
  warn(w, why.text);
}

static void on_verdict(void* context, const tharsis_event* event) {
  struct webhook* const w = context;
  // Of an older sdt it is shorter: what that does not have is empty.
  tharsis_sdt_verdict verdict = {0};
  memcpy(&verdict, event->payload, event->topic->payload_size < sizeof verdict ? event->topic->payload_size : sizeof verdict);
  if ((int64_t)verdict.confidence < w->confidence_min) return;
  if (event->snapshot && w->loop->wall(w->loop->self) - event->wall > OLD) return;
  struct json text;
  write_verdict(&text, &verdict, event->wall);
  send_json(w, &text);
}

// ---- life

static uint64_t* counter(const tharsis_host* host, const char* name, const char* help) {
  const tharsis_metrics* const metrics = host->query(host->self, THARSIS_METRICS_ID);
  const tharsis_metric wanted = {sizeof wanted, THARSIS_METRIC_COUNTER, name, "1", help};
  uint64_t* cell = NULL;
  if (metrics != NULL) metrics->cells(metrics->self, &wanted, &cell, NULL);
  return cell;
}

static int begins_with(tharsis_text text, const char* with) { return text.size >= strlen(with) && memcmp(text.data, with, strlen(with)) == 0; }

static tharsis_status create(const tharsis_host* host, void** instance, tharsis_error* error) {
  const tharsis_settings* const settings = host->query(host->self, THARSIS_SETTINGS_ID);
  struct webhook* const w = calloc(1, sizeof *w);
  if (w == NULL) return say(error, THARSIS_E_BUSY, "there is no memory");
  w->host = host;
  w->loop = host->query(host->self, THARSIS_LOOP_ID);
  w->bus = host->query(host->self, THARSIS_BUS_ID);
  w->log = host->query(host->self, THARSIS_LOG_ID);
  w->registry = host->query(host->self, THARSIS_REGISTRY_ID);
  tharsis_text url = {NULL, 0};
  tharsis_status status = THARSIS_OK;
  if (settings == NULL || w->loop == NULL || w->bus == NULL || w->log == NULL || w->registry == NULL) status = say(error, THARSIS_E_UNSUPPORTED, "this host lacks settings, loop, bus, log or registry");
  else if (settings->get_text(settings->self, "url", &url) != THARSIS_OK || url.size >= URL_MOST) status = say(error, THARSIS_E_INVALID, "url: it is missing, or longer than 2047 bytes");
  else if (!begins_with(url, "https://") && !begins_with(url, "http://")) status = say(error, THARSIS_E_INVALID, "url: expected https://HOST/PATH, or http:// on this machine");
  if (status != THARSIS_OK) {
    free(w);
    return status;
  }
  memcpy(w->url, url.data, w->url_size = url.size);
  settings->get_int(settings->self, "confidence_min", &w->confidence_min);
  settings->get_int(settings->self, "timeout", &w->timeout);
  w->sent = counter(host, "sent", "Verdicts that the server has taken");
  w->failed = counter(host, "failed", "Verdicts that it has not");
  *instance = w;
  return THARSIS_OK;
}

static tharsis_status start(void* instance, tharsis_error* error) {
  struct webhook* const w = instance;
  w->http = w->registry->bound(w->registry->self, THARSIS_HTTP_ID);
  if (w->http == NULL) return say(error, THARSIS_E_NOT_FOUND, "nobody provides " THARSIS_HTTP_ID);
  const tharsis_subscription wanted = {sizeof wanted, THARSIS_DROP_OLDEST, 32, on_verdict, w};
  return w->bus->subscribe(w->bus->self, THARSIS_SDT_VERDICT_TOPIC, &wanted, &w->subscription, error);
}

// What is under way is given up; each call still comes to its end, and the last one says that all is over.
static tharsis_status stop(void* instance) {
  struct webhook* const w = instance;
  w->bus->unsubscribe(w->bus->self, w->subscription);
  w->stopping = 1;
  for (unsigned i = 0; i < OPEN_MOST; ++i)
    if (w->calls[i] != 0) w->http->cancel(w->http->self, w->calls[i]);
  return w->open > 0 ? THARSIS_PENDING : THARSIS_OK;
}

static void destroy(void* instance) { free(instance); }

const tharsis_plugin* tharsis_plugin_entry(uint32_t abi_major) {
  static const tharsis_plugin table = {
      sizeof(tharsis_plugin), THARSIS_ABI_MINOR, "webhook", "1.0.0", create, start, NULL, stop, destroy, NULL,
  };
  return abi_major == THARSIS_ABI_MAJOR ? &table : NULL;
}

// A host in C that reads logs: the lines of files and folders, of one process or many, merged by time, as values.
//     xlog_reader PLUGINS PATH... [--key FILE] [--level 0-5] [--grep TEXT] [--where 'bytes > 1000'] [--last SECONDS]
// PLUGINS is the folder with xlog. A line is printed as key=value for each of its fields. Exit code 1: not all was read.
#define _XOPEN_SOURCE 700  // realpath()
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "sdk/abi/runtime.h"
#include "sdk/abi/xlog.h"

static const int64_t second = 1000000000;

static tharsis_text text_of(const char* zero_ended) {
  const tharsis_text text = {zero_ended, strlen(zero_ended)};
  return text;
}
static void show(tharsis_text text) { fwrite(text.data, 1, text.size, stdout); }

static void show_field(const tharsis_log_field* f) {
  printf("  ");
  show(f->name);
  switch (f->code) {
    case THARSIS_LOG_TEXT:
    case THARSIS_LOG_BYTES: putchar('='); show(f->text); break;
    case THARSIS_LOG_I32:
    case THARSIS_LOG_I64:
    case THARSIS_LOG_DURATION:
    case THARSIS_LOG_WALL: printf("=%" PRId64, f->whole); break;
    case THARSIS_LOG_F64: printf("=%g", f->real); break;
    case THARSIS_LOG_SECRET: printf("=(secret)"); break;
    default: printf("=%" PRIu64, f->bits);
  }
}

static void show_line(const tharsis_log_item* item) {
  const tharsis_log_record* r = item->line;
  printf("%" PRId64 ".%09" PRId64 " %c %" PRIu64 " ", r->wall / second, r->wall % second, "VDIWEF"[r->level], r->thread);
  show(r->plugin);
  if (r->tag.size > 0) putchar('/'), show(r->tag);
  putchar(' ');
  show(r->text);
  if (r->file.size > 0) printf("  at "), show(r->file), printf(":%" PRIu32, r->line);
  for (uint32_t i = 0; i < item->fields_count; ++i) show_field(&item->fields[i]);
  putchar('\n');
}

// Prints all that the query asks for; how much could not be read, or a failure.
static int read_all(const tharsis_log_reader* reader, const tharsis_log_query* query, tharsis_error* why) {
  tharsis_handle reading;
  const tharsis_log_item* item;
  int damaged = 0;
  tharsis_status status = reader->open(reader->self, query, &reading, why);
  if (status != THARSIS_OK) return status;
  while ((status = reader->next(reader->self, reading, &item, why)) == THARSIS_OK && item != NULL) {
    if (item->line != NULL) {
      show_line(item);
      continue;
    }
    const tharsis_log_damage* d = item->damage;
    fprintf(stderr, "%.*s: byte %" PRIu64 ": %.*s", (int)item->path.size, item->path.data, d->byte, (int)d->why.size, d->why.data);
    if (d->missing_lines > 0) fprintf(stderr, " (%" PRIu64 " lines missing)", d->missing_lines);
    fputc('\n', stderr);
    if (!d->at_end) ++damaged;
  }
  reader->close(reader->self, reading);
  return status < 0 ? status : damaged;
}

// A runtime with nothing but xlog, which keeps no lines itself.
static tharsis_runtime* begin(const char* plugins, tharsis_error* why) {
  const char* folders[] = {plugins};
  const tharsis_runtime_options options = {.size = sizeof options, .profile = "reader", .plugin_folders = folders, .plugin_folders_count = 1,
                                           .text = "tharsis: 1\nplugins:\n  xlog: { level: \"off\" }\n"};
  tharsis_runtime* runtime;
  if (tharsis_runtime_create(&options, &runtime, why) < 0) return NULL;
  if (tharsis_runtime_start(runtime, why) < 0) return tharsis_runtime_destroy(runtime), NULL;
  while (!tharsis_runtime_settled(runtime)) {
    tharsis_runtime_wait(runtime, second);
    tharsis_runtime_run_once(runtime, second / 100);
  }
  return runtime;
}

int main(int count, char** words) {
  static char* kept[64];  // Absolute paths, until the end.
  static char key[PATH_MAX];
  tharsis_text paths[64], grep[1], where[1];
  tharsis_log_query query = {.size = sizeof query, .paths = {paths, 0}, .texts = {grep, 0}, .where = {where, 0}};
  tharsis_error why = {.size = sizeof why};
  for (int i = 2; i < count; ++i) {
    const char* value = i + 1 < count ? words[i + 1] : "";
    if (strncmp(words[i], "--", 2) != 0 && query.paths.count < 64) {
      char* absolute = kept[query.paths.count] = realpath(words[i], NULL);
      paths[query.paths.count++] = text_of(absolute != NULL ? absolute : words[i]);
      continue;
    }
    if (strcmp(words[i], "--key") == 0) query.key = text_of(realpath(value, key) != NULL ? key : value);
    if (strcmp(words[i], "--level") == 0) query.levels = 63u << atoi(value) & 63u;
    if (strcmp(words[i], "--grep") == 0) grep[0] = text_of(value), query.texts.count = 1;
    if (strcmp(words[i], "--where") == 0) where[0] = text_of(value), query.where.count = 1;
    if (strcmp(words[i], "--last") == 0) query.since = ((int64_t)time(NULL) - atoll(value)) * second;
    ++i;
  }
  if (query.paths.count == 0) return fprintf(stderr, "xlog_reader PLUGINS PATH...\n"), 2;
  tharsis_runtime* runtime = begin(words[1], &why);
  if (runtime == NULL) return fprintf(stderr, "xlog_reader: %s\n", why.text), 2;
  int result = THARSIS_E_NOT_FOUND;
  tharsis_guard* guard;
  const tharsis_log_reader* reader = NULL;
  if (tharsis_runtime_bind(runtime, THARSIS_LOG_READER_ID, &guard, &why) == THARSIS_OK) reader = tharsis_guard_enter(guard);
  if (reader != NULL) {
    result = read_all(reader, &query, &why);
    tharsis_guard_leave(guard);
  }
  if (result < 0) fprintf(stderr, "xlog_reader: %s\n", why.text);
  tharsis_runtime_destroy(runtime);
  for (size_t i = 0; i < query.paths.count; ++i) free(kept[i]);
  return result < 0 ? 2 : result > 0;
}

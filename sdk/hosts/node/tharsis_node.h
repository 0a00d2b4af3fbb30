// What the files of the addon share: a runtime as JavaScript holds it, and values to and fro.
#pragma once
#define NAPI_VERSION 8
#include <node_api.h>
#include <stdlib.h>
#include <uv.h>

#include "sdk/abi/runtime.h"

enum { arguments_most = 4 };

typedef struct question question;

// A list of texts, copied.
typedef struct texts {
  char** of;
  uint32_t count;
} texts;

typedef struct held {
  tharsis_runtime* runtime;  // Null once it was closed.
  uv_poll_t* watch;          // Null before start().
  napi_env env;
  napi_ref told;             // What JavaScript wants called when there is something to take.
  napi_async_cleanup_hook_handle hook;
  int reloads;               // Under way.
  int ends;                  // The thread of JavaScript does.
  int holders;               // Who still looks at this.
  question* questions;       // That have no answer yet.
  tharsis_guard *stn, *dns, *sdt;  // Null before the first question.
} held;

napi_value undefined(napi_env env);
napi_value number(napi_env env, int64_t value);
napi_value text(napi_env env, const char* data, size_t size);
napi_value view(napi_env env, tharsis_text borrowed);
napi_value buffer(napi_env env, tharsis_bytes borrowed);  // A copy, so that it also goes where V8 allows no foreign memory.

// Throw, and answer null.
napi_value refuse(napi_env env, const char* why);
napi_value refuse_with(napi_env env, const tharsis_error* why);
// The same as a value: `code` is the status' number.
napi_value error_of(napi_env env, const tharsis_error* why);

// The caller frees it. Null: the value is no string.
char* string_of(napi_env env, napi_value value);
char* string_in(napi_env env, napi_value object, const char* name);
// Empty when there is no list, and after an Error was thrown; free_texts() is for any.
texts texts_in(napi_env env, napi_value object, const char* name);
void free_texts(texts list);
int32_t number_in(napi_env env, napi_value object, const char* name);  // 0 when there is none.
uint64_t big_in(napi_env env, napi_value object, const char* name);    // Of a BigInt.

// The arguments, and the first as what it stands for; null after an Error was thrown.
void* take(napi_env env, napi_callback_info info, napi_value* words);
held* take_open(napi_env env, napi_callback_info info, napi_value* words);

// send(runtime, task, done), resolve(runtime, {name, family}, done), diagnose(runtime, {target, depth, timeout}, done): a number for
// cancel(), or -1 while nobody provides the service at this moment; done(answer) follows once.
napi_value send_task(napi_env env, napi_callback_info info);
napi_value resolve_name(napi_env env, napi_callback_info info);
napi_value diagnose(napi_env env, napi_callback_info info);
napi_value cancel_question(napi_env env, napi_callback_info info);
// Before the runtime ends: what it answers from now on nobody hears.
void forget_questions(held* h);

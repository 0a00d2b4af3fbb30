// Values from C to JavaScript and back.
#include <stdio.h>

#include "sdk/hosts/node/tharsis_node.h"

napi_value undefined(napi_env env) {
  napi_value value = NULL;
  napi_get_undefined(env, &value);
  return value;
}

napi_value number(napi_env env, int64_t value) {
  napi_value made = NULL;
  napi_create_int64(env, value, &made);
  return made;
}

napi_value text(napi_env env, const char* data, size_t size) {
  napi_value made = NULL;
  napi_create_string_utf8(env, data, size, &made);
  return made;
}

napi_value view(napi_env env, tharsis_text borrowed) { return text(env, borrowed.size > 0 ? borrowed.data : "", borrowed.size); }

napi_value buffer(napi_env env, tharsis_bytes borrowed) {
  napi_value made = NULL;
  napi_create_buffer_copy(env, borrowed.size, borrowed.data, NULL, &made);
  return made;
}

napi_value refuse(napi_env env, const char* why) {
  napi_throw_error(env, NULL, why);
  return NULL;
}

napi_value error_of(napi_env env, const tharsis_error* why) {
  char code[16];
  napi_value made = NULL;
  snprintf(code, sizeof code, "%d", (int)why->status);
  napi_create_error(env, text(env, code, NAPI_AUTO_LENGTH), text(env, why->text, NAPI_AUTO_LENGTH), &made);
  return made;
}

napi_value refuse_with(napi_env env, const tharsis_error* why) {
  napi_throw(env, error_of(env, why));
  return NULL;
}

char* string_of(napi_env env, napi_value value) {
  size_t size = 0;
  if (napi_get_value_string_utf8(env, value, NULL, 0, &size) != napi_ok) return NULL;
  char* const copy = malloc(size + 1);
  if (copy != NULL) napi_get_value_string_utf8(env, value, copy, size + 1, &size);
  return copy;
}

texts texts_in(napi_env env, napi_value object, const char* name) {
  texts found = {NULL, 0};
  napi_value list = NULL, element = NULL;
  uint32_t size = 0;
  if (napi_get_named_property(env, object, name, &list) != napi_ok || napi_get_array_length(env, list, &size) != napi_ok || size == 0) return found;
  found.of = calloc(size, sizeof *found.of);
  for (bool good = found.of != NULL; found.count < size; ++found.count) {
    good = good && napi_get_element(env, list, found.count, &element) == napi_ok && (found.of[found.count] = string_of(env, element)) != NULL;
    if (good) continue;
    free_texts(found);
    refuse(env, "a list has an element that is no text, or there is no memory left");
    return (texts){NULL, 0};
  }
  return found;
}

void free_texts(texts list) {
  for (uint32_t i = 0; i < list.count; ++i) free(list.of[i]);
  free(list.of);
}

char* string_in(napi_env env, napi_value object, const char* name) {
  napi_value value = NULL;
  return napi_get_named_property(env, object, name, &value) == napi_ok ? string_of(env, value) : NULL;
}

int32_t number_in(napi_env env, napi_value object, const char* name) {
  napi_value value = NULL;
  int32_t found = 0;
  if (napi_get_named_property(env, object, name, &value) == napi_ok) napi_get_value_int32(env, value, &found);
  return found;
}

uint64_t big_in(napi_env env, napi_value object, const char* name) {
  napi_value value = NULL;
  uint64_t found = 0;
  bool whole = true;
  if (napi_get_named_property(env, object, name, &value) == napi_ok) napi_get_value_bigint_uint64(env, value, &found, &whole);
  return found;
}

void* take(napi_env env, napi_callback_info info, napi_value* words) {
  size_t count = arguments_most;
  void* first = NULL;
  napi_get_cb_info(env, info, &count, words, NULL, NULL);
  if (count == 0 || napi_get_value_external(env, words[0], &first) != napi_ok) refuse(env, "the first argument is nothing of tharsis");
  return first;
}

held* take_open(napi_env env, napi_callback_info info, napi_value* words) {
  held* const h = take(env, info, words);
  const tharsis_error closed = {.size = sizeof closed, .status = THARSIS_E_GONE, .text = "this runtime was closed"};
  if (h != NULL && h->runtime == NULL) return refuse_with(env, &closed), NULL;
  return h;
}

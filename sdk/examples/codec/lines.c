// A codec of one's own for stn's links, in C. A frame is a line: a letter, sequence, command, and the body in hexadecimal.
//
//     Q 17 100 6869\n      request        A 17 100 6869\n      answer        R 17 100 6e6f\n      refusal, a sentence
//     P 0 10001 6869\n     push           i 0 0 \n             ping          o 0 0 \n             pong
//
// In a profile:        plugins: { lines: {}, stn: { links: { main: { endpoints: [...], codec: lines } } } }
// To be sure of it:    tharsis stn check-codec lines
//
// All of it is stn's strand: it waits for nothing, and remembers only what is in its connection.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sdk/abi/plugin.h"
#include "sdk/abi/registry.h"
#include "sdk/abi/stn_codec.h"

enum { LINE_MAX_SIZE = 65536, BODY_MAX_SIZE = 32000 };

struct connection {
  uint32_t side;
  uint8_t body[LINE_MAX_SIZE / 2];  // Of the frame that decode found last.
};

static tharsis_status say(tharsis_error* error, tharsis_status status, const char* sentence) {
  if (error != NULL) {
    error->status = status;
    snprintf(error->text, sizeof error->text, "%s", sentence);
  }
  return status;
}

static tharsis_status open_lines(void* self, const tharsis_stn_codec_options* options, void** state, tharsis_stn_codec_facts* facts,
                                 tharsis_error* error) {
  (void)self;
  if (options->settings_count > 0) return say(error, THARSIS_E_INVALID, "lines have no settings");
  struct connection* const c = calloc(1, sizeof *c);
  if (c == NULL) return say(error, THARSIS_E_BUSY, "there is no memory for a connection");
  c->side = options->side;
  facts->carries = THARSIS_STN_CARRIES_PUSHES | THARSIS_STN_CARRIES_REFUSALS;
  facts->frame_max = LINE_MAX_SIZE;
  facts->body_max = BODY_MAX_SIZE;
  *state = c;
  return THARSIS_OK;
}

static void close_lines(void* self, void* state) {
  (void)self;
  free(state);
}

static char letter_of(const tharsis_stn_frame* f) {
  switch (f->kind) {
    case THARSIS_STN_FRAME_REQUEST: return 'Q';
    case THARSIS_STN_FRAME_ANSWER: return f->refusal.size > 0 ? 'R' : 'A';
    case THARSIS_STN_FRAME_PUSH: return 'P';
    case THARSIS_STN_FRAME_PING: return 'i';
    case THARSIS_STN_FRAME_PONG: return 'o';
    default: return 0;
  }
}

static tharsis_status encode_line(void* state, const tharsis_stn_frame* frame, const tharsis_stn_sink* out, tharsis_error* error) {
  (void)state;
  static const char digits[] = "0123456789abcdef";
  const char letter = letter_of(frame);
  if (letter == 0) return say(error, THARSIS_E_INVALID, "lines do not carry frames of this kind");
  tharsis_bytes body = frame->body;
  if (letter == 'R') body = (tharsis_bytes){(const uint8_t*)frame->refusal.data, frame->refusal.size};
  if (body.size > BODY_MAX_SIZE) return say(error, THARSIS_E_INVALID, "a line's body has at most 32000 bytes");
  char head[40];
  const int size = snprintf(head, sizeof head, "%c %u %u ", letter, (unsigned)frame->sequence, (unsigned)frame->command);
  out->append(out->self, (const uint8_t*)head, (size_t)size);
  for (size_t i = 0; i < body.size; ++i) {
    const uint8_t pair[2] = {(uint8_t)digits[body.data[i] >> 4], (uint8_t)digits[body.data[i] & 15]};
    out->append(out->self, pair, 2);
  }
  out->append(out->self, (const uint8_t*)"\n", 1);
  return THARSIS_OK;
}

// A number and the blank behind it; answers where it ends, or null.
static const uint8_t* read_number(const uint8_t* at, const uint8_t* end, uint32_t* value) {
  uint64_t sum = 0;
  const uint8_t* const first = at;
  for (; at < end && *at >= '0' && *at <= '9'; ++at)
    if ((sum = sum * 10 + (uint64_t)(*at - '0')) > UINT32_MAX) return NULL;
  *value = (uint32_t)sum;
  return at > first && at < end && *at == ' ' ? at + 1 : NULL;
}

static int digit(uint8_t c) {
  if (c >= '0' && c <= '9') return c - '0';
  return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

// 1: it is good.
static int read_hex(const uint8_t* at, const uint8_t* end, uint8_t* body, size_t* size) {
  *size = (size_t)(end - at) / 2;
  if ((end - at) % 2 != 0) return 0;
  for (size_t i = 0; i < *size; ++i) {
    const int high = digit(at[2 * i]), low = digit(at[2 * i + 1]);
    if (high < 0 || low < 0) return 0;
    body[i] = (uint8_t)(high << 4 | low);
  }
  return 1;
}

// What this letter is to this side; what is nothing to it is passed over.
static uint32_t kind_of(uint8_t letter, uint32_t side) {
  if (side == THARSIS_STN_SERVER)
    return letter == 'Q' ? THARSIS_STN_FRAME_REQUEST : letter == 'i' ? THARSIS_STN_FRAME_PING : THARSIS_STN_FRAME_NONE;
  if (letter == 'A' || letter == 'R') return THARSIS_STN_FRAME_ANSWER;
  return letter == 'P' ? THARSIS_STN_FRAME_PUSH : letter == 'o' ? THARSIS_STN_FRAME_PONG : THARSIS_STN_FRAME_NONE;
}

static tharsis_status decode_line(void* state, tharsis_bytes received, tharsis_stn_decoded* found, tharsis_error* error) {
  struct connection* const c = state;
  const size_t looked_at = received.size < LINE_MAX_SIZE ? received.size : LINE_MAX_SIZE;
  const uint8_t* const end = memchr(received.data, '\n', looked_at);
  if (end == NULL) return looked_at < LINE_MAX_SIZE ? THARSIS_PENDING : say(error, THARSIS_E_PROTOCOL, "a line does not end within 64 KiB");
  found->used = (size_t)(end - received.data) + 1;
  tharsis_stn_frame* const f = &found->frame;
  const uint8_t* at = received.data + (found->used < 4 ? 0 : 2);
  if (found->used < 4 || received.data[1] != ' ' || (at = read_number(at, end, &f->sequence)) == NULL || (at = read_number(at, end, &f->command)) == NULL)
    return say(error, THARSIS_E_PROTOCOL, "a line is a letter, sequence, command and body");
  size_t size = 0;
  if (!read_hex(at, end, c->body, &size)) return say(error, THARSIS_E_PROTOCOL, "a line's body is no hexadecimal");
  f->kind = kind_of(received.data[0], c->side);
  if (received.data[0] == 'R') f->refusal = (tharsis_text){(const char*)c->body, size};
  else f->body = (tharsis_bytes){c->body, size};
  return THARSIS_OK;
}

static const tharsis_stn_codec codec = {
    sizeof(tharsis_stn_codec), 0, NULL, "lines", open_lines, close_lines, encode_line, decode_line, NULL, NULL,
};

// The plugin around it: all that it does is to offer the codec.
static tharsis_status create(const tharsis_host* host, void** instance, tharsis_error* error) {
  const tharsis_registry* const registry = host->query(host->self, THARSIS_REGISTRY_ID);
  if (registry == NULL) return say(error, THARSIS_E_UNSUPPORTED, "this host has no registry");
  *instance = (void*)registry;
  return THARSIS_OK;
}

static tharsis_status start(void* instance, tharsis_error* error) {
  const tharsis_registry* const registry = instance;
  return registry->provide(registry->self, "tharsis.stn.codec.lines/1", &codec, 0, error);
}

static tharsis_status stop(void* instance) {
  (void)instance;  // The registry takes the offer back by itself, before this.
  return THARSIS_OK;
}

static void destroy(void* instance) { (void)instance; }

const tharsis_plugin* tharsis_plugin_entry(uint32_t abi_major) {
  static const tharsis_plugin table = {
      sizeof(tharsis_plugin), THARSIS_ABI_MINOR, "lines", "1.0.0", create, start, NULL, stop, destroy, NULL,
  };
  return abi_major == THARSIS_ABI_MAJOR ? &table : NULL;
}

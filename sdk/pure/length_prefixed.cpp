#include "sdk/pure/length_prefixed.h"

#include <algorithm>
#include <array>
#include <limits>
#include <string>

#include "sdk/pure/error.h"
#include "sdk/pure/units.h"
#include "sdk/pure/views.h"

namespace tharsis {
namespace {

constexpr size_t envelope_size = 9;
constexpr size_t prefix_max = 8;
constexpr size_t key_max = 64;
constexpr size_t refusal_max = 0xFFFF;
constexpr uint64_t max_default = 1 << 20;
constexpr uint64_t max_largest = (64u << 20) - prefix_max;

// Kinds on the wire are those of the contract, and some that it tells by other means.
enum wire_kind : uint8_t {
  request_with_key = 9,  // The body begins with the key: its length in one byte, then it.
  refused_answer = 10,   // The body is a sentence.
  refused_welcome = 11,
  wire_keep = 12,
  wire_move = 13,
  busy_answer = 14,  // As refused_answer, and before the sentence after how many ms the server may be asked again, in 4 bytes.
};
constexpr size_t retry_after_size = 4;

struct prefixed_connection {
  size_t prefix = 4;
  bool big = true;
  bool includes_itself = false;
  uint64_t max = 0;  // 0: as much as the prefix can say, and no more than the default.
  uint32_t side = THARSIS_STN_CLIENT;

  uint64_t sayable() const {
    const uint64_t all = prefix == prefix_max ? std::numeric_limits<uint64_t>::max() : (uint64_t{1} << (8 * prefix)) - 1;
    return includes_itself ? all - prefix : all;
  }
};

void put_number(uint8_t* at, uint64_t value, size_t size, bool big) {
  for (size_t i = 0; i < size; ++i) at[big ? size - 1 - i : i] = static_cast<uint8_t>(value >> (8 * i));
}

uint64_t number_at(const uint8_t* at, size_t size, bool big) {
  uint64_t value = 0;
  for (size_t i = 0; i < size; ++i) value = value << 8 | at[big ? i : size - 1 - i];
  return value;
}

// Answers what is wrong with it.
std::string take_setting(prefixed_connection& c, std::string_view name, std::string_view value) {
  if (name == "prefix") {
    if (value != "1" && value != "2" && value != "4" && value != "8") return "prefix is 1, 2, 4 or 8 bytes";
    c.prefix = static_cast<size_t>(value[0] - '0');
  } else if (name == "order") {
    if (value != "big" && value != "little") return "order is big or little";
    c.big = value == "big";
  } else if (name == "includes_itself") {
    if (value != "true" && value != "false") return "includes_itself is true or false";
    c.includes_itself = value == "true";
  } else if (name == "max") {
    const auto size = parse_size(value);
    if (!size || *size < 128 || static_cast<uint64_t>(*size) > max_largest) return "max is a size from 128B to 64MiB (less the length)";
    c.max = static_cast<uint64_t>(*size);
  } else {
    return "it has no setting '" + std::string(name) + "'; it has prefix, order, includes_itself and max";
  }
  return {};
}

tharsis_status open_prefixed(void*, const tharsis_stn_codec_options* options, void** state, tharsis_stn_codec_facts* facts, tharsis_error* error) {
  prefixed_connection c;
  c.side = options->side;
  for (uint32_t i = 0; i < options->settings_count; ++i) {
    const tharsis_stn_codec_setting& s = options->settings[i];
    if (const std::string wrong = take_setting(c, view(s.name), view(s.value)); !wrong.empty())
      return fail(error, THARSIS_E_INVALID, wrong + (wrong.starts_with("it ") ? "" : ", not '" + std::string(view(s.value)) + "'"));
  }
  if (c.max > c.sayable()) return fail(error, THARSIS_E_INVALID, "max is more than a prefix of " + std::to_string(c.prefix) + " bytes can say");
  if (c.max == 0) c.max = std::min(max_default, c.sayable());
  facts->carries = THARSIS_STN_CARRIES_PUSHES | THARSIS_STN_CARRIES_KEYS | THARSIS_STN_CARRIES_HELLO | THARSIS_STN_CARRIES_PIECES | THARSIS_STN_CARRIES_REFUSALS |
                   THARSIS_STN_CARRIES_KEEP | THARSIS_STN_CARRIES_MOVES | THARSIS_STN_CARRIES_RETRY_AFTER;
  facts->frame_max = c.prefix + c.max;
  facts->body_max = c.max - envelope_size - 1 - key_max;
  *state = new prefixed_connection(c);
  return THARSIS_OK;
}

void close_prefixed(void*, void* state) { delete static_cast<prefixed_connection*>(state); }

uint8_t wire_kind_of(const tharsis_stn_frame& f) {
  if (f.kind == THARSIS_STN_FRAME_REQUEST && f.key.size > 0) return request_with_key;
  if (f.kind == THARSIS_STN_FRAME_ANSWER && f.refusal.size > 0) return THARSIS_HAS(&f, retry_after_ms) && f.retry_after_ms > 0 ? busy_answer : refused_answer;
  if (f.kind == THARSIS_STN_FRAME_WELCOME && f.refusal.size > 0) return refused_welcome;
  if (f.kind == THARSIS_STN_FRAME_KEEP) return wire_keep;
  if (f.kind == THARSIS_STN_FRAME_MOVE) return wire_move;
  return static_cast<uint8_t>(f.kind);
}

tharsis_status encode_prefixed(void* state, const tharsis_stn_frame* frame, const tharsis_stn_sink* out, tharsis_error* error) {
  const auto& c = *static_cast<const prefixed_connection*>(state);
  const uint8_t kind = wire_kind_of(*frame);
  if (frame->key.size > key_max) return fail(error, THARSIS_E_INVALID, "the key is longer than 64 bytes");
  std::span<const uint8_t> body = view(frame->body);
  const size_t busy = kind == busy_answer ? retry_after_size : 0;
  if (frame->refusal.size > 0) body = as_bytes(view(frame->refusal)).first(std::min<size_t>({frame->refusal.size, c.max - envelope_size - busy, refusal_max}));
  const size_t key = kind == request_with_key ? 1 + frame->key.size : busy;
  const uint64_t size = uint64_t{envelope_size} + key + body.size();
  if (size > c.max) return fail(error, THARSIS_E_INVALID, "the frame would have " + std::to_string(size) + " bytes, and max is " + std::to_string(c.max));
  std::array<uint8_t, prefix_max + envelope_size + retry_after_size> head;
  put_number(&head[0], size + (c.includes_itself ? c.prefix : 0), c.prefix, c.big);
  head[c.prefix] = kind;
  put_number(&head[c.prefix + 1], frame->sequence, 4, c.big);
  put_number(&head[c.prefix + 5], frame->command, 4, c.big);
  head[c.prefix + envelope_size] = static_cast<uint8_t>(frame->key.size);
  if (busy > 0) put_number(&head[c.prefix + envelope_size], frame->retry_after_ms, retry_after_size, c.big);
  out->append(out->self, head.data(), c.prefix + envelope_size + (busy > 0 ? busy : key > 0 ? 1 : 0));
  if (kind == request_with_key) out->append(out->self, frame->key.data, frame->key.size);
  if (!body.empty()) out->append(out->self, body.data(), body.size());
  return THARSIS_OK;
}

// From a kind on the wire; NONE: it means nothing on this side and is passed over.
uint32_t prefixed_kind_of(uint8_t kind, uint32_t side) {
  if (side == THARSIS_STN_SERVER) {
    if (kind == request_with_key) return THARSIS_STN_FRAME_REQUEST;
    const bool known = kind == THARSIS_STN_FRAME_REQUEST || kind == THARSIS_STN_FRAME_PING || kind == THARSIS_STN_FRAME_HELLO;
    return known ? kind : uint32_t{THARSIS_STN_FRAME_NONE};
  }
  switch (kind) {
    case refused_answer:
    case busy_answer: return THARSIS_STN_FRAME_ANSWER;
    case wire_move: return THARSIS_STN_FRAME_MOVE;
    case refused_welcome: return THARSIS_STN_FRAME_WELCOME;
    case THARSIS_STN_FRAME_ANSWER:
    case THARSIS_STN_FRAME_PIECE:
    case THARSIS_STN_FRAME_PUSH:
    case THARSIS_STN_FRAME_PONG:
    case THARSIS_STN_FRAME_WELCOME: return kind;
    default: return THARSIS_STN_FRAME_NONE;
  }
}

// The body of a frame that is whole. Answers what is wrong with it.
std::string read_body(std::span<const uint8_t> body, uint8_t kind, bool big, tharsis_stn_frame& f) {
  if (kind == request_with_key) {
    const size_t key = body.empty() ? 0 : body[0];
    if (key == 0 || key > key_max || body.size() < 1 + key) return "a request's key has 1 to 64 bytes and stands in front of the body";
    f.key = bytes_of(body.subspan(1, key));
    f.body = bytes_of(body.subspan(1 + key));
  } else if (kind == busy_answer) {
    if (body.size() <= retry_after_size || body.size() > retry_after_size + refusal_max) return "a busy server's answer has 4 bytes and a sentence";
    f.retry_after_ms = static_cast<uint32_t>(number_at(body.data(), retry_after_size, big));
    f.refusal = text_of(as_text(body.subspan(retry_after_size)));
  } else if (kind == refused_answer || kind == refused_welcome) {
    if (body.empty() || body.size() > refusal_max) return "a refusal is a sentence of 1 to 65535 bytes";
    f.refusal = text_of(as_text(body));
  } else {
    f.body = bytes_of(body);
  }
  return {};
}

tharsis_status decode_prefixed(void* state, tharsis_bytes received, tharsis_stn_decoded* found, tharsis_error* error) {
  const auto& c = *static_cast<const prefixed_connection*>(state);
  const size_t head = c.prefix + envelope_size;
  found->needed = head;
  if (received.size < c.prefix) return THARSIS_PENDING;
  uint64_t size = number_at(received.data, c.prefix, c.big);
  const uint64_t least = envelope_size + (c.includes_itself ? c.prefix : 0);
  if (size < least) return fail(error, THARSIS_E_PROTOCOL, "a frame is said to have " + std::to_string(size) + " bytes, at least " + std::to_string(least) + " are needed");
  if (c.includes_itself) size -= c.prefix;
  if (size > c.max) return fail(error, THARSIS_E_PROTOCOL, "a frame is said to have " + std::to_string(size) + " bytes, at most " + std::to_string(c.max) + " are allowed");
  if (received.size < head) return THARSIS_PENDING;
  const uint8_t kind = received.data[c.prefix];
  const size_t total = c.prefix + static_cast<size_t>(size);
  tharsis_stn_frame& f = found->frame;
  f.kind = prefixed_kind_of(kind, c.side);
  f.sequence = static_cast<uint32_t>(number_at(received.data + c.prefix + 1, 4, c.big));
  f.command = static_cast<uint32_t>(number_at(received.data + c.prefix + 5, 4, c.big));
  found->used = found->needed = total;
  if (received.size < total) return THARSIS_PENDING;
  if (f.kind == THARSIS_STN_FRAME_NONE) return THARSIS_OK;
  const std::string wrong = read_body(view(received).subspan(head, total - head), kind, c.big, f);
  return wrong.empty() ? tharsis_status{THARSIS_OK} : fail(error, THARSIS_E_PROTOCOL, wrong);
}

}  // namespace

const tharsis_stn_codec& length_prefixed_codec() {
  static constexpr tharsis_stn_codec table{sizeof(tharsis_stn_codec), 0, nullptr, "length-prefixed", open_prefixed, close_prefixed, encode_prefixed, decode_prefixed, nullptr, nullptr};
  return table;
}

}  // namespace tharsis

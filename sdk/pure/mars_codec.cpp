#include "sdk/pure/mars_codec.h"

#include <algorithm>

#include "sdk/pure/error.h"
#include "sdk/pure/mars_frame.h"
#include "sdk/pure/views.h"

namespace tharsis {
namespace {

struct mars_connection {
  uint32_t side;
  uint32_t client_version;
};

tharsis_status open_mars(void*, const tharsis_stn_codec_options* options, void** state, tharsis_stn_codec_facts* facts, tharsis_error* error) {
  if (options->settings_count > 0)
    return fail(error, THARSIS_E_INVALID, "it has no settings, and '" + std::string(view(options->settings[0].name)) + "' was set");
  facts->carries = THARSIS_STN_CARRIES_PUSHES | THARSIS_STN_CARRIES_KEYS | THARSIS_STN_CARRIES_HELLO | THARSIS_STN_CARRIES_REFUSALS |
                   THARSIS_STN_CARRIES_KEEP | THARSIS_STN_CARRIES_MOVES | THARSIS_STN_CARRIES_RETRY_AFTER;
  facts->frame_max = mars::frame_size_max;
  facts->body_max = mars::body_size_max;
  *state = new mars_connection{options->side, options->client_version};
  return THARSIS_OK;
}

void close_mars(void*, void* state) { delete static_cast<mars_connection*>(state); }

// What Mars marks by numbers of its own.
uint32_t sequence_of(const tharsis_stn_frame& f) {
  switch (f.kind) {
    case THARSIS_STN_FRAME_PUSH: return mars::sequence_push;
    case THARSIS_STN_FRAME_PING:
    case THARSIS_STN_FRAME_MOVE: return mars::sequence_noop;
    case THARSIS_STN_FRAME_HELLO:
    case THARSIS_STN_FRAME_WELCOME: return mars::sequence_identify;
    case THARSIS_STN_FRAME_KEEP: return mars::sequence_keep;
    default: return f.sequence;
  }
}

uint32_t command_of(const tharsis_stn_frame& f) {
  if (f.kind == THARSIS_STN_FRAME_PING || f.kind == THARSIS_STN_FRAME_PONG || f.kind == THARSIS_STN_FRAME_MOVE) return mars::command_noop;
  if (f.kind == THARSIS_STN_FRAME_KEEP) return mars::command_keep;
  return f.command == 0 && (f.kind == THARSIS_STN_FRAME_HELLO || f.kind == THARSIS_STN_FRAME_WELCOME) ? mars::command_hello : f.command;
}

tharsis_status encode_mars(void* state, const tharsis_stn_frame* frame, const tharsis_stn_sink* out, tharsis_error* error) {
  mars::frame_view f;
  f.command = command_of(*frame);
  f.sequence = sequence_of(*frame);
  (frame->kind == THARSIS_STN_FRAME_MOVE ? f.move : f.body) = view(frame->body);
  f.key = view(frame->key);
  f.refusal = view(frame->refusal);
  if (THARSIS_HAS(frame, retry_after_ms)) f.retry_after_ms = frame->retry_after_ms;
  if (f.move.size() > mars::move_size_max) return fail(error, THARSIS_E_INVALID, "the move has more than 16 KiB");
  if (f.key.size() > mars::key_size_max) return fail(error, THARSIS_E_INVALID, "the key is longer than 64 bytes");
  if (const size_t size = mars::frame_size(f); size > mars::frame_size_max)
    return fail(error, THARSIS_E_INVALID, "the frame would have " + std::to_string(size) + " bytes, and Mars' have 1 MiB at most");
  mars::write_frame(f, static_cast<const mars_connection*>(state)->client_version, out->append, out->self);
  return THARSIS_OK;
}

// A frame with command 6 is the heartbeat's whatever its sequence: so does Mars.
uint32_t mars_kind_of(const mars::frame_view& f, uint32_t side) {
  const bool client = side == THARSIS_STN_CLIENT;
  if (client && f.command == mars::command_noop && !f.move.empty()) return THARSIS_STN_FRAME_MOVE;
  if (f.command == mars::command_noop) return client ? THARSIS_STN_FRAME_PONG : THARSIS_STN_FRAME_PING;
  if (f.sequence == mars::sequence_keep) return THARSIS_STN_FRAME_NONE;
  if (f.sequence == mars::sequence_identify) return client ? THARSIS_STN_FRAME_WELCOME : THARSIS_STN_FRAME_HELLO;
  if (!client) return THARSIS_STN_FRAME_REQUEST;
  return f.sequence == mars::sequence_push ? THARSIS_STN_FRAME_PUSH : THARSIS_STN_FRAME_ANSWER;
}

tharsis_status decode_mars(void* state, tharsis_bytes received, tharsis_stn_decoded* found, tharsis_error* error) {
  const auto& self = *static_cast<const mars_connection*>(state);
  mars::frame_view f;
  size_t size = 0;
  std::string complaint;
  const tharsis_status status = mars::read_frame(view(received), self.client_version, f, size, complaint);
  if (status == THARSIS_PENDING) {
    found->needed = std::max<size_t>(size, mars::head_size);
    if (size == 0) return status;
  } else if (status != THARSIS_OK) {
    return fail(error, status, complaint);
  }
  found->used = size;
  found->frame.kind = mars_kind_of(f, self.side);
  found->frame.command = f.command;
  found->frame.sequence = f.sequence;
  found->frame.body = bytes_of(found->frame.kind == THARSIS_STN_FRAME_MOVE ? f.move : f.body);
  found->frame.key = bytes_of(f.key);
  found->frame.refusal = text_of(f.refusal);
  if (THARSIS_HAS(found, frame.retry_after_ms)) found->frame.retry_after_ms = f.retry_after_ms;
  return status;
}

}  // namespace

const tharsis_stn_codec& mars_codec() {
  static constexpr tharsis_stn_codec table{sizeof(tharsis_stn_codec), 0, nullptr, "mars", open_mars, close_mars, encode_mars, decode_mars, nullptr, nullptr};
  return table;
}

}  // namespace tharsis

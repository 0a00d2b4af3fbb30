#include "plugins/stn/core/codec_sample.h"

#include <algorithm>

#include "sdk/pure/views.h"

namespace tharsis::stn {
namespace {

constexpr size_t key_size_max = 64;
constexpr uint32_t sequence_most = 0xFFFFFFEF;

std::vector<uint8_t> draw_bytes(size_t size, std::mt19937_64& chance) {
  std::vector<uint8_t> bytes(size);
  for (uint8_t& b : bytes) b = static_cast<uint8_t>(chance());
  return bytes;
}

size_t draw_size(size_t most, std::mt19937_64& chance) {
  switch (chance() % 4) {
    case 0: return 0;
    case 1: return std::min<size_t>(most, 1 + chance() % 4);
    default: return chance() % (std::min<size_t>(most, 300) + 1);
  }
}

std::vector<uint8_t> copy(tharsis_bytes b) {
  const auto bytes = tharsis::view(b);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

tharsis_stn_frame sample_frame::view() const {
  tharsis_stn_frame f = frame_of(kind);
  f.command = command;
  f.sequence = sequence;
  f.body = bytes_of(body);
  f.key = bytes_of(key);
  f.refusal = text_of(refusal);
  f.retry_after_ms = retry_after_ms;
  return f;
}

sample_frame sample_of(const tharsis_stn_frame& f) {
  return {f.kind, f.command, f.sequence, copy(f.body), copy(f.key), std::string(view(f.refusal)), f.retry_after_ms};
}

std::string difference(const sample_frame& sent, const sample_frame& heard) {
  const auto numbers = [](const char* what, uint32_t a, uint32_t b) {
    return std::string("its ") + what + " was " + std::to_string(a) + " and came as " + std::to_string(b);
  };
  if (sent.kind != heard.kind) return numbers("kind", sent.kind, heard.kind);
  const bool asks = sent.kind == THARSIS_STN_FRAME_REQUEST;
  const bool answers = sent.kind == THARSIS_STN_FRAME_ANSWER || sent.kind == THARSIS_STN_FRAME_PIECE;
  if ((asks || answers) && sent.sequence != heard.sequence) return numbers("sequence", sent.sequence, heard.sequence);
  if ((asks || sent.kind == THARSIS_STN_FRAME_PUSH) && sent.command != heard.command) return numbers("command", sent.command, heard.command);
  if (sent.kind == THARSIS_STN_FRAME_PING || sent.kind == THARSIS_STN_FRAME_PONG) return {};
  if (sent.body != heard.body) return "its body of " + std::to_string(sent.body.size()) + " bytes came as another of " + std::to_string(heard.body.size());
  if (sent.key != heard.key) return "its key of " + std::to_string(sent.key.size()) + " bytes came as another of " + std::to_string(heard.key.size());
  if (sent.retry_after_ms != heard.retry_after_ms) return numbers("retry-after", sent.retry_after_ms, heard.retry_after_ms);
  return sent.refusal == heard.refusal ? "" : "its refusal '" + sent.refusal + "' came as '" + heard.refusal + "'";
}

std::vector<sample_frame> draw_samples(uint32_t side, const framing& codec, size_t body_most, std::mt19937_64& chance) {
  std::vector<sample_frame> all;
  const auto add = [&](uint32_t kind) -> sample_frame& {
    return all.emplace_back(sample_frame{kind, 10 + static_cast<uint32_t>(chance() % 0xFFFFFF00), 1 + static_cast<uint32_t>(chance() % sequence_most),
                                         draw_bytes(draw_size(body_most, chance), chance), {}, {}});
  };
  const auto refuse = [&](uint32_t kind) {
    if (!codec.carries(THARSIS_STN_CARRIES_REFUSALS)) return;
    sample_frame& f = add(kind);
    f.body.clear();
    f.refusal = "no, because " + std::to_string(chance());
  };
  if (side == THARSIS_STN_CLIENT) {
    add(THARSIS_STN_FRAME_REQUEST);
    add(THARSIS_STN_FRAME_PING) = {THARSIS_STN_FRAME_PING, 0, 0, {}, {}, {}};
    if (codec.carries(THARSIS_STN_CARRIES_HELLO)) add(THARSIS_STN_FRAME_HELLO);
    if (codec.carries(THARSIS_STN_CARRIES_KEYS)) add(THARSIS_STN_FRAME_REQUEST).key = draw_bytes(1 + chance() % key_size_max, chance);
  } else {
    add(THARSIS_STN_FRAME_ANSWER);
    add(THARSIS_STN_FRAME_PONG) = {THARSIS_STN_FRAME_PONG, 0, 0, {}, {}, {}};
    refuse(THARSIS_STN_FRAME_ANSWER);
    if (codec.carries(THARSIS_STN_CARRIES_PUSHES)) add(THARSIS_STN_FRAME_PUSH).sequence = 0;
    if (codec.carries(THARSIS_STN_CARRIES_PIECES)) add(THARSIS_STN_FRAME_PIECE);
    if (codec.carries(THARSIS_STN_CARRIES_HELLO)) add(THARSIS_STN_FRAME_WELCOME), refuse(THARSIS_STN_FRAME_WELCOME);
    if (codec.carries(THARSIS_STN_CARRIES_MOVES)) add(THARSIS_STN_FRAME_MOVE).body.assign(1 + chance() % 200, 'm');
    if (codec.carries(THARSIS_STN_CARRIES_REFUSALS) && codec.carries(THARSIS_STN_CARRIES_RETRY_AFTER))
      refuse(THARSIS_STN_FRAME_ANSWER), all.back().retry_after_ms = 1 + static_cast<uint32_t>(chance() % 100'000);
  }
  std::shuffle(all.begin(), all.end(), chance);
  return all;
}

}  // namespace tharsis::stn

// Requests as tests write them, and bytes to and from a session without a wire.
#pragma once
#include <cstring>
#include <memory>
#include <span>
#include <vector>

#include "plugins/stn/core/session.h"
#include "plugins/stn/core/task_queue.h"

namespace tharsis::test {

inline std::unique_ptr<stn::request> make_request(uint64_t id, std::vector<uint8_t> body, std::vector<uint8_t> key,
                                                  instant deadline) {
  auto r = std::make_unique<stn::request>();
  r->id = id;
  r->command = 3;
  r->body = std::move(body);
  r->key = std::move(key);
  r->deadline = deadline;
  r->retries = 1000;
  return r;
}

// As the link opens them.
inline framing frames_of(const stn::link_settings& s) {
  return std::move(*framing::open(*built_in_codec(s.codec), THARSIS_STN_CLIENT, s.client_version, s.codec_settings));
}

inline tharsis_status receive(stn::session& talk, std::span<const uint8_t> bytes, instant now) {
  if (!bytes.empty()) std::memcpy(talk.room(bytes.size()).data(), bytes.data(), bytes.size());
  return talk.on_received(bytes.size(), now);
}

inline std::vector<uint8_t> output_of(stn::session& talk, size_t room, instant now) {
  std::vector<uint8_t> out;
  talk.take_output(out, room, now);
  return out;
}

}  // namespace tharsis::test

// One connection as the server sees it: bytes in, requests out at a bounded pace; frames in, bytes
// out; and the judgement when a peer has used up its time. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "plugins/gateway/core/settings.h"
#include "sdk/pure/error.h"
#include "sdk/pure/framing.h"
#include "sdk/pure/mars_frame.h"
#include "sdk/pure/time.h"

namespace tharsis::gateway {

class session {
 public:
  // `frames` speak as a server. Whatever the codec, requests and answers are Mars' from here on: a ping is command
  // 6, a hello has sequence_identify, a push sequence 0.
  session(const limits& l, framing frames, instant now);

  // From the peer. After THARSIS_E_PROTOCOL close the connection; failure() says why.
  tharsis_status on_bytes(std::span<const uint8_t> bytes, instant now);
  // Whether more may be read: no request waits to be taken, and the peer keeps up with its answers.
  bool wants_bytes() const { return !next_ && !behind(); }

  // The next request, unless the peer has been too fast or is behind with reading.
  std::optional<mars::frame> take_request(instant now);
  bool has_request(instant now) const { return next_ && !behind() && now >= next_at_; }
  bool drained() const { return !next_; }  // Nothing that was received waits.

  // To the peer: an answer or a push.
  void send(const mars::frame& f);
  std::vector<uint8_t> take_output();
  // What has not left yet.
  size_t waiting() const { return output_.size() + unsent_; }
  // How much of what was taken has not left yet.
  void on_unsent(size_t unsent, instant now);

  // When to ask judge() again, at the latest; also when the next request may be taken.
  instant deadline() const;
  // Why the connection must end now, if it must.
  std::optional<error> judge(instant now) const;

  const error& failure() const { return frames_.failure(); }
  bool greeted() const { return requests_ > 0; }  // It has said something.
  uint64_t requests() const { return requests_; }

 private:
  bool behind() const { return waiting() > static_cast<size_t>(limits_.unsent) / 2; }
  tharsis_status fetch(instant now);

  limits limits_;
  framing frames_;
  std::optional<mars::frame> next_;
  std::vector<uint8_t> output_;
  size_t unsent_ = 0;
  int64_t given_ = 0, left_ = 0;  // Bytes given to the stream; those that have left it.
  uint64_t requests_ = 0;
  duration gap_;                    // Between two requests at full pace.
  instant next_at_{};               // When the pace allows the next request.
  instant frame_deadline_ = never;  // Of the frame that has begun.
  instant quiet_deadline_;          // For the first frame, then for the next one.
  instant stall_deadline_ = never;
};

}  // namespace tharsis::gateway

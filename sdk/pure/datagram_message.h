// What stands inside a sealed datagram: one task's request, or its answer, or a question whether datagrams come
// through at all. Numbers are big-endian:
//
//   echo 4       the number of the datagram that this one answers; from a client: the highest that came, or 0
//   kind 1
//   sequence 4, command 4              of all but probes, as in the frames of the connection
//   key size 1, key                    of requests
//   body, or the sentence of a refusal; of a stream: nothing, or one byte 1, see there
//
// It does not use the link's codec: a codec may remember what it has said before, and a datagram may be lost.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "sdk/pure/sealed_datagram.h"

namespace tharsis::datagram {

enum class kind : uint8_t {
  probe = 1,    // Does this come through? The rest is padding.
  here = 2,     // It does.
  request = 3,
  answer = 4,
  refusal = 5,
  // The request has come; its answer comes by the connection. Without a body: it is too large for this way, as others to this
  // command will be. With `this_once`: this one alone, a refusal that says when to come again; who knows nothing of it reads a body
  // that it does not need.
  stream = 6,
};
inline constexpr uint8_t this_once[] = {1};

// Views: valid as long as what they were read from.
struct message {
  kind what = kind::probe;
  uint32_t echo = 0;
  uint32_t sequence = 0;
  uint32_t command = 0;
  std::span<const uint8_t> key{};
  std::span<const uint8_t> body{};
};

// What it takes, whether it fits or not.
size_t size_of(const message& m);
inline bool fits(const message& m) { return m.key.size() <= 255 && size_of(m) <= content_max; }
// How many bytes were written; 0: it does not fit.
size_t write(const message& m, std::span<uint8_t> into);
// Where echo stands in what was written, so that the same content can leave again with another.
void write_echo(std::span<uint8_t> written, uint32_t echo);
std::optional<message> read_message(std::span<const uint8_t> content);

}  // namespace tharsis::datagram

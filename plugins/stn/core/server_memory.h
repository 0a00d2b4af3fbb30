// What a server has said of its memory: that it carries each key of a client out once, however often and by whichever connection
// it comes. On a link to such a server a task without a key gets one of the link's own, so that it may be sent twice as those that
// have one.
#pragma once
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "sdk/pure/time.h"

namespace tharsis::stn {

struct server_memory {
  static constexpr size_t name_size = 8;

  uint64_t name = 0;  // Of this memory: another one knows nothing of what was carried out here. 0: nothing was said.
  duration kept{};    // So long it knows a key, from when it has answered.

  // As it stood in the answer to a hello. What makes no sense says nothing.
  static server_memory told(int64_t kept_ms, std::span<const uint8_t> bytes) {
    if (kept_ms <= 0 || bytes.size() != name_size) return {};
    server_memory m;
    for (const uint8_t byte : bytes) m.name = m.name << 8 | byte;
    if (m.name != 0) m.kept = std::chrono::milliseconds(kept_ms);
    return m;
  }
  // Is all that may become of a task over before it is forgotten?
  bool outlasts(duration task) const { return name != 0 && task <= kept; }
};

// Keys that a link gives. They are told apart from the application's by eight random bytes, new for each process.
class own_keys {
 public:
  explicit own_keys(uint64_t random) : random_(random) {}

  // Of the task of this number.
  std::vector<uint8_t> of(uint64_t task) const {
    std::vector<uint8_t> key;
    key.reserve(16);
    for (int shift = 56; shift >= 0; shift -= 8) key.push_back(static_cast<uint8_t>(random_ >> shift));
    for (; task != 0; task >>= 8) key.push_back(static_cast<uint8_t>(task));
    return key;
  }

 private:
  const uint64_t random_;
};

}  // namespace tharsis::stn

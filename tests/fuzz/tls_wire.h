// What the two TLS harnesses share: a client and a server that know each other, and an input that
// takes the place of one's words, alters them on their way, or follows them.
#pragma once
#include <optional>
#include <vector>

#include "sdk/async/certificates.h"
#include "sdk/async/tls_machine.h"
#include "tests/fuzz/harness.h"

namespace tharsis::fuzz {

using bytes = std::vector<uint8_t>;

inline constexpr int64_t wall_seconds = 1'800'000'000;

struct both_contexts {
  std::optional<tls_context> client, server;
};

inline const both_contexts& contexts() {
  static const both_contexts made = [] {
    const auto count_up = [](void*, uint8_t* into, size_t size) {
      for (size_t i = 0; i < size; ++i) into[i] = static_cast<uint8_t>(i + 1);
    };
    const tharsis_random random{sizeof random, nullptr, count_up};
    const auto authority = make_authority(random, "fuzz", wall_seconds, 10);
    const auto own = issue_server_certificate(random, *authority, {"fuzz.test"}, wall_seconds, 10);
    both_contexts both;
    both.client = *tls_context::client({.ca_pem = authority->certificate_pem});
    both.server = *tls_context::server({own->certificate_pem, own->private_key_pem});
    return both;
  }();
  return made;
}

inline bytes output_of(tls_machine& from) {
  const auto out = from.take_output();
  return bytes(out.begin(), out.end());
}

// Offers everything, in pieces, and reads as long as there is something; the plaintext is `read`.
inline void feed(tls_machine& to, std::span<const uint8_t> wire, size_t piece, bytes& read) {
  uint8_t some[333];
  size_t count = 0;
  while (!wire.empty()) {
    const size_t taken = to.on_bytes(wire.first(std::min(piece, wire.size())));
    wire = wire.subspan(taken);
    while (to.read(some, count) == THARSIS_OK && count > 0) read.insert(read.end(), some, some + count);
    if (taken == 0 && (to.failure().status != THARSIS_OK || !to.wants_input())) return;
  }
}

// The life of a victim (a client or a server) whose peer's bytes the input decides.
inline void live(const uint8_t* data, size_t size, bool victim_is_server) {
  reader input(data, size);
  const uint8_t how = input.byte();
  const size_t piece = input.byte() + 1u;
  tls_machine client(*contexts().client, "fuzz.test", wall_seconds);
  tls_machine server(*contexts().server, "", wall_seconds);
  tls_machine& victim = victim_is_server ? server : client;
  tls_machine& honest = victim_is_server ? client : server;
  bytes sent, read, ignored;

  if (how % 4 != 0) {
    for (int flight = 0; flight < 8; ++flight) {
      feed(honest, output_of(victim), 1 << 16, ignored);
      if (flight == 4) {
        sent.assign(100 * (how % 8u), 'x');
        honest.write(sent);
      }
      bytes wire = output_of(honest);
      if (how % 4 == 1 && !wire.empty())  // Alter what is on its way.
        for (int edits = input.byte() % 4; edits > 0; --edits) {
          const size_t at = input.byte() * 256u + input.byte();
          wire[at % wire.size()] = input.byte();
        }
      feed(victim, wire, piece, read);
    }
    if (how % 4 == 3) honest.close_notify(), feed(victim, output_of(honest), piece, read);
  }
  const auto rest = input.take(size);
  feed(victim, rest, piece, read);
  victim.on_end();

  uint8_t some[64];
  size_t count = 0;
  const tharsis_status end = victim.read(some, count);
  require(count == 0 && end != THARSIS_PENDING, "after its end nothing is left, and nothing is waited for");
  require(read.size() <= sent.size() && std::equal(read.begin(), read.end(), sent.begin()),
          "only what the peer wrote is read");
  if (victim.failure().status == THARSIS_OK) return;
  require(!victim.failure().text.empty() && victim.failure().text.size() < 2000, "a failure has one sentence");
  require(victim.failure().status != THARSIS_E_INTERNAL, "no input is our own defect");
  require(victim.on_bytes(rest) == 0 && victim.write(rest) == victim.failure().status, "what is dead stays dead");
}

}  // namespace tharsis::fuzz

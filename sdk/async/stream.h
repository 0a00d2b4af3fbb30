// A byte stream that a coroutine waits on: tcp_stream and tls_stream implement it.
//
// The owner waits on events() (any of the bits below, its own nudges included) and then reads and
// writes; nothing here suspends. Destroying the stream closes it.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sdk/abi/net.h"
#include "sdk/async/signal.h"
#include "sdk/pure/wire_progress.h"

namespace tharsis {

class stream {
 public:
  enum event : uint32_t {
    readable = 1,  // Bytes, or the end, may be read.
    writable = 2,  // unsent() has shrunk.
    nudged = 4,    // The owner's own: there is something to do.
    failed = 8,    // read() will tell why.
  };
  virtual ~stream() = default;

  virtual signal& events() = 0;

  // OK with count > 0: bytes. OK with 0: the peer has ended. PENDING: nothing now. Else: dead.
  virtual tharsis_status read(std::span<uint8_t> into, size_t& count) = 0;

  // Takes all bytes, or the stream is dead. What the system does not take now is kept; see unsent().
  virtual tharsis_status write(std::span<const uint8_t> bytes) = 0;
  virtual size_t unsent() const = 0;
  // Bytes of the wire that left unsent() and that the peer's system has not confirmed, as far as this
  // host can tell.
  virtual size_t unconfirmed() const { return 0; }

  // Of the wire; nothing: this host cannot tell.
  virtual std::optional<wire_progress> progress() const { return std::nullopt; }

  // The own side ends: the peer reads everything written before, then the end.
  virtual void end() = 0;

  // Bytes that both ends of a secured stream have, and nobody else (RFC 5705); the same for the same label and context.
  // False: this stream has none, or not yet.
  virtual bool export_secret(std::string_view label, std::span<const uint8_t> context, std::span<uint8_t> into) const {
    (void)label, (void)context, (void)into;
    return false;
  }

  // Does the certificate that the peer has shown, and that was found good, stand for this host too? A name, or an address.
  virtual bool certified(const std::string& host) const {
    (void)host;
    return false;
  }

  virtual tharsis_address peer() const = 0;
  // What both ends have settled to speak, "h2"; empty where they settled nothing. See tls_machine::protocol().
  virtual std::string_view protocol() const { return {}; }
  // A sentence about the last failure, where one is known that is better than the status.
  virtual std::string failure() const { return {}; }
};

}  // namespace tharsis

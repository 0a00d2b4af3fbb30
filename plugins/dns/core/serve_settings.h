// Where programs that cannot link us ask, and how many of them at once. Pure.
#pragma once
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "sdk/pure/address.h"
#include "sdk/pure/error.h"
#include "sdk/pure/time.h"

namespace tharsis::dns {

struct serve_settings {
  std::optional<tharsis_address> listen;  // Over UDP and TCP.
  std::optional<tharsis_address> https;   // DNS over HTTPS, with
  std::string certificate, key;           // these files, which a person calls
  std::string certificate_called = "--cert", key_called = "--key";  // so.
  // Other machines may ask, too. Whoever answers anybody over UDP is used against others.
  bool open = false;

  // A browser that starts asks for some hundred names.
  size_t questions_max = 1024;
  // Of TCP and HTTPS together; who comes when all are taken is turned away.
  size_t connections_max = 128;
  // Of one connection; then it is not read from until one is answered.
  size_t questions_each = 100;
  // Of a connection without a question; RFC 7766 has seconds, browsers like it longer. Where half of all are taken, a sixth of it.
  duration idle = 30s;
  // For the rest of a message, or a handshake, that has begun.
  duration patience = 10s;

  bool serves() const { return listen || https; }
};

// "127.0.0.1:5300", "[::1]:5300", "udp+tcp://127.0.0.1:5300", "https://127.0.0.1:8443/dns-query". `what` is how the setting is
// called. Port 0: the system chooses.
//   THARSIS_E_INVALID  it is no IP address with a port.  THARSIS_E_DENIED  other machines reach it, and `open` is false.
result<tharsis_address> place_to_serve(std::string_view text, const std::string& what, bool open, std::string_view open_how);

}  // namespace tharsis::dns

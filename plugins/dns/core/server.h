// A server that names are asked of, as a person writes it. Pure.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "sdk/abi/net.h"
#include "sdk/pure/error.h"

namespace tharsis::dns {

enum class way : uint8_t { udp, tcp, tls, https };

struct server {
  way by = way::udp;
  tharsis_address at{};
  std::string name;  // Whose certificate it shows; over TLS, where none was given, the address.
  std::string path;  // Of https.
  std::string text;  // As it was written.

  // Has it proved who it is, and could nobody change what it says?
  bool vouched() const { return by == way::tls || by == way::https; }
};

// udp://IP:PORT, tcp://IP:PORT, tls://IP:PORT#NAME, https://IP:PORT/PATH#NAME. Without a port: 53, 853, 443. A name
// in the place of the address is refused: who should resolve it?
//   THARSIS_E_INVALID  the sentence says what is wrong and how it should look.
result<server> parse_server(std::string_view text);

}  // namespace tharsis::dns

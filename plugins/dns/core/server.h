// A server that names are asked of, as a person writes it. Pure.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "sdk/abi/net.h"
#include "sdk/pure/error.h"

namespace tharsis::dns {

enum class way : uint8_t {
  udp,
  tcp,
  tls,
  https,
  tencent,  // Over HTTPS, in the forms of core/httpdns.h.
  aliyun,
  system,  // The system's resolver.
  host,    // The application's own source.
};

struct server {
  way by = way::udp;
  tharsis_address at{};
  std::string name;  // Whose certificate it shows; over TLS, where none was given, the address.
  std::string path;  // Of https; of aliyun "/ACCOUNT".
  std::string key_file{};
  std::string key{};  // What the file holds; a secret.
  std::string text;  // As it was written.
  bool trusted_host = false;  // What the application's own source says is as good as what a trusted server does.

  // Has it proved who it is, and could nobody change what it says?
  bool vouched() const { return by == way::tls || is_web() || (by == way::host && trusted_host); }
  bool secured() const { return by == way::tls || is_web(); }
  bool is_web() const { return by == way::https || by == way::tencent || by == way::aliyun; }
};

// udp://IP:PORT, tcp://IP:PORT, tls://IP:PORT#NAME, https://IP:PORT/PATH#NAME, tencent://IP:PORT?token=FILE#NAME,
// aliyun://IP:PORT/ACCOUNT?secret=FILE#NAME, or system. Without a port: 53, 853, 443. A name in the place of the address is
// refused: who should resolve it?
//   THARSIS_E_INVALID  the sentence says what is wrong and how it should look.
result<server> parse_server(std::string_view text);

}  // namespace tharsis::dns

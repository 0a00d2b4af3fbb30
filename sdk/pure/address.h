// IP addresses and endpoints as text and back. No names are resolved here.
#pragma once
#include <string>
#include <string_view>

#include "sdk/abi/net.h"
#include "sdk/pure/error.h"

namespace tharsis {

// "192.0.2.1" or "2001:db8::1"; nothing else, not "[::1]", not "1.2.3". The port stays 0.
result<tharsis_address> parse_ip(std::string_view text);

// An IP with or without a port: "192.0.2.1", "192.0.2.1:443", "2001:db8::1", "[2001:db8::1]:443". Without one it is 0.
result<tharsis_address> parse_place(std::string_view text);

// "192.0.2.1:443", "[2001:db8::1]:443".
std::string to_text(const tharsis_address& address);
// As parse_place() reads it: the port only where it has one.
std::string place_text(const tharsis_address& address);
// Without the port.
std::string ip_text(const tharsis_address& address);

bool same_ip(const tharsis_address& a, const tharsis_address& b);
bool operator==(const tharsis_address& a, const tharsis_address& b);
bool is_loopback(const tharsis_address& address);

// Where a service is reached, as a profile writes it: "tcps://im.example.com:443".
struct endpoint {
  std::string scheme;  // "tcp", "tcps", ...
  std::string host;    // A name or an address, without brackets.
  uint16_t port = 0;

  std::string text() const;
};

// Errors say what is wrong with the text and how it should look.
result<endpoint> parse_endpoint(std::string_view text);

}  // namespace tharsis

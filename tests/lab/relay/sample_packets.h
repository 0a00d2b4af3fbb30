// What tests of the relay are fed with.
#pragma once
#include <string>
#include <string_view>

#include "sdk/pure/address.h"
#include "sdk/pure/views.h"
#include "tests/lab/relay/answer.h"

namespace tharsis::lab::sample {

inline tharsis_address at(std::string_view ip, uint16_t port = 0) {
  tharsis_address made = *parse_ip(ip);
  made.port = port;
  return made;
}

inline const tharsis_address client = at("10.77.0.2", 40000), server = at("198.51.100.1", 443);
inline const tharsis_address client6 = at("2001:db8:77::2", 40000), server6 = at("2001:db8::1", 443);
inline const tharsis_address asker = at("10.77.0.2", 5353), resolver = at("192.0.2.53", 53);

inline bytes udp(size_t whole_size, const tharsis_address& from = client, const tharsis_address& to = server) {
  return make_udp(from, to, bytes(whole_size - 28, 0x55));
}

inline bytes dns_query(std::string_view name, uint16_t type) {
  bytes made = {0x12, 0x34, 0x01, 0, 0, 1, 0, 0, 0, 0, 0, 0};
  while (!name.empty()) {
    const std::string_view label = name.substr(0, name.find('.'));
    made.push_back(static_cast<uint8_t>(label.size()));
    append(made, as_bytes(label));
    name.remove_prefix(std::min(name.size(), label.size() + 1));
  }
  made.push_back(0);
  append16(made, type);
  append16(made, 1);
  return made;
}

// The content behind its length in so many bytes.
inline bytes block(size_t width, byte_view content) {
  bytes made(width);
  for (size_t i = 0; i < width; ++i) made[i] = static_cast<uint8_t>(content.size() >> 8 * (width - 1 - i));
  append(made, content);
  return made;
}

inline bytes record(byte_view content) {
  bytes made = {22, 3, 1};
  append(made, block(2, content));
  return made;
}

// The handshake message, in no record yet. Without a name there is another extension alone.
inline bytes client_hello_message(std::string_view name) {
  bytes extensions = {0, 43, 0, 3, 2, 3, 4};
  if (!name.empty()) {
    bytes entry = {0};
    append(entry, block(2, as_bytes(name)));
    append16(extensions, 0);
    append(extensions, block(2, block(2, entry)));
  }
  bytes hello(34, 3);                                    // Version, random.
  append(hello, block(1, bytes(32, 9)));                 // Session.
  append(hello, block(2, bytes{0x13, 1, 0x13, 2}));      // Cipher suites.
  append(hello, block(1, bytes{0}));                     // Compression.
  append(hello, block(2, extensions));
  bytes made = {1};
  append(made, block(3, hello));
  return made;
}

inline bytes client_hello(std::string_view name) { return record(client_hello_message(name)); }

}  // namespace tharsis::lab::sample

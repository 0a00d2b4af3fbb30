// Keys and signed tables for tests.
#pragma once
#include <gtest/gtest.h>

#include <string>

#include "plugins/dns/core/address_table.h"
#include "sdk/pure/address.h"
#include "sdk/pure/base64.h"
#include "sdk/pure/views.h"

namespace tharsis::dns::test {

inline table_signer signer_of(uint8_t seed) {
  std::array<uint8_t, 32> bytes{};
  bytes.fill(seed);
  return *table_signer::from_seed(bytes);
}

// Any lines, signed as they are.
inline std::string signed_text(const std::string& body, const table_signer& by) {
  return body + "signature " + by.open().id() + ' ' + base64_text(*by.sign(as_bytes(body))) + '\n';
}

inline constexpr int64_t table_day = 1'764'201'600;  // Where tables of tests begin to be valid.

inline address_table some_table(uint64_t serial, int64_t from = table_day, int64_t until = table_day + 86'400) {
  address_table t;
  t.serial = serial;
  t.from = from;
  t.until = until;
  auto& im = t.names["im.example.com"];
  im.life = 600;
  im.places = {{*parse_place("192.0.2.1:443"), 3, "eu"}, {*parse_place("192.0.2.2"), 1, "us"}, {*parse_ip("2001:db8::1"), 1, ""}};
  t.names["push.example.com"] = {60, {{*parse_ip("192.0.2.9"), 1, ""}}};
  return t;
}

inline std::string some_text(uint64_t serial, const table_signer& by) {
  const auto text = write_table(some_table(serial), by);
  EXPECT_TRUE(text.ok());
  return text ? *text : std::string();
}

}  // namespace tharsis::dns::test

#include "plugins/gateway/core/canary.h"

#include <gtest/gtest.h>

#include "sdk/pure/address.h"
#include "sdk/pure/canary.h"

using namespace tharsis;
using namespace tharsis::gateway;

namespace {

canary_page get(const std::string& path, const std::string& key = "key", const std::string& method = "GET") {
  http1::request_head asked;
  asked.method = method;
  asked.target = path;
  asked.fields = {{"hOsT", "canary.example"}, {"x-oDd-nAmE", "a  b"}};
  auto from = *parse_ip("192.0.2.1");
  from.port = 50412;
  return canary_answer(asked, path, from, key);
}

}  // namespace

TEST(GatewayCanary, AMarkIsThatOfItsKeyAndNonce) {
  // RFC 4231, test case 2.
  EXPECT_EQ(canary_mark("Jefe", "what do ya want for nothing?"), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  // Test case 6: a key that is longer than a block.
  EXPECT_EQ(canary_mark(std::string(131, '\xaa'), "Test Using Larger Than Block-Size Key - Hash Key First"),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
  EXPECT_EQ(get("/canary/0123456789abcdef").body, canary_mark("key", "0123456789abcdef") + "\n");
  EXPECT_NE(get("/canary/0123456789abcdef").body, get("/canary/0123456789abcdee").body);
}

TEST(GatewayCanary, EachPageSaysWhatItIsFor) {
  EXPECT_EQ(get("/generate_204").status, 204);
  EXPECT_EQ(get("/canary/echo").body, "GET /canary/echo HTTP/1.1\nhOsT: canary.example\nx-oDd-nAmE: a  b\n");
  EXPECT_EQ(get("/canary/whoami").body, "192.0.2.1:50412\n");
  EXPECT_EQ(get("/canary/bytes/3").body, "xxx");
  EXPECT_EQ(get("/canary/bytes/1000000").body.size(), 1'000'000u);
}

// Who hands a question on writes its line in a way of his own.
TEST(GatewayCanary, TheEchoHasTheLineAsItWasSent) {
  http1::request_head asked;
  asked.method = "GET";
  asked.target = "http://canary.example/canary/echo?%7eodd=%2f";
  const canary_page page = canary_answer(asked, "/canary/echo", *parse_ip("192.0.2.1"), "key");
  EXPECT_EQ(page.status, 200);
  EXPECT_EQ(page.body, "GET http://canary.example/canary/echo?%7eodd=%2f HTTP/1.1\n");
}

TEST(GatewayCanary, WhatIsNoneOfThemIsRefused) {
  for (const std::string path : {"/", "/canary", "/canary/", "/canary/xyz", "/canary/0123", "/canary/0123456789ABCDEF", "/canary/../echo"}) EXPECT_EQ(get(path).status, 404) << path;
  for (const std::string path : {"/canary/bytes/", "/canary/bytes/-1", "/canary/bytes/1000001", "/canary/bytes/99999999999999999999"}) EXPECT_EQ(get(path).status, 400) << path;
  EXPECT_EQ(get("/canary/0123456789abcdef", "").status, 404) << "without a key there are no marks";
  EXPECT_EQ(get("/generate_204", "key", "POST").status, 405);
  EXPECT_EQ(get("/canary/" + std::string(65, 'a')).status, 404);
}

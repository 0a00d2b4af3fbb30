// Goal: with an honest proxy the tunnel stands and not one byte of it is taken; a proxy that lies, in any way and
// cut at any byte, gets a sentence and nothing else.
#include "sdk/pure/proxy.h"

#include <gtest/gtest.h>

#include <cstring>

#include "sdk/pure/base64.h"
#include "sdk/pure/views.h"

using namespace tharsis;

namespace {

proxy named(const std::string& text) {
  const auto p = parse_proxy(text);
  EXPECT_TRUE(p) << p.failure().text;
  return *p;
}

// A proxy that says its parts in turn, each after we have spoken; all that wants() lets through.
struct exchange {
  exchange(const std::string& through, std::vector<std::string> parts, std::string host = "im.example.com", size_t most = 1000)
      : talk(named(through), std::move(host), 443) {
    said.push_back(talk.take_output());
    for (const std::string& part : parts) {
      rest += part;
      while (!rest.empty() && talk.wants() > 0) {
        const size_t n = std::min({rest.size(), talk.wants(), most});
        talk.on_bytes(as_bytes(rest.substr(0, n)));
        rest.erase(0, n);
      }
      const std::string more = talk.take_output();
      if (!more.empty()) said.push_back(more);
    }
  }
  proxy_handshake talk;
  std::vector<std::string> said;
  std::string rest;  // What was not read.
};

std::string bytes(std::initializer_list<int> values) {
  std::string all;
  for (const int v : values) all += static_cast<char>(v);
  return all;
}
const std::string v4_reply = bytes({5, 0, 0, 1, 1, 2, 3, 4, 0, 80});

}  // namespace

TEST(Proxy, TextsAreReadAndNoSecretIsInAnySentence) {
  const proxy p = named("http://ann:s%40cret@proxy.example.com:3128");
  EXPECT_EQ(p.user, "ann");
  EXPECT_EQ(p.password, "s@cret");
  EXPECT_EQ(p.text(), "http://proxy.example.com:3128");
  EXPECT_EQ(named("socks5://[2001:db8::1]:1080").text(), "socks5://[2001:db8::1]:1080");
  EXPECT_TRUE(named("https://p:8443").secure);
  for (const char* bad : {"", "proxy:3128", "ftp://p:21", "http://p:0", "http://p", "http://:hidden@p:1", "http://ann:hid%zzden@p:1",
                          "socks5://ann@p:1", "http://ann:hidden@", "http://ann:hid%0Aden@p:1", "http://a%3Ab:hidden@p:1"}) {
    const auto failed = parse_proxy(bad);
    ASSERT_FALSE(failed) << bad;
    EXPECT_EQ(failed.failure().text.find("hid"), std::string::npos) << failed.failure().text;
    EXPECT_NE(failed.failure().text.find("write a proxy like"), std::string::npos) << bad;
  }
}

TEST(Proxy, Base64IsThatOfRfc4648) {
  for (const auto& [plain, text] : {std::pair{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"foobar", "Zm9vYmFy"}}) {
    EXPECT_EQ(base64_text(as_bytes(plain)), text);
    EXPECT_EQ(base64_bytes(text), std::vector<uint8_t>(plain, plain + std::strlen(plain)));
  }
  for (const char* bad : {"Z", "Zg", "Zg=", "Zh==", "====", "Zg==Zg==", "Zm9!", "Z===", "Zm=v"}) EXPECT_FALSE(base64_bytes(bad)) << bad;
}

TEST(Proxy, ConnectIsSaidAsRfc9110Wants) {
  exchange e("http://p:3128", {"HTTP/1.1 200 Connection established\r\n\r\n"});
  EXPECT_EQ(e.said[0], "CONNECT im.example.com:443 HTTP/1.1\r\nHost: im.example.com:443\r\n\r\n");
  EXPECT_EQ(e.talk.status(), THARSIS_OK) << e.talk.failure().text;
  exchange v6("http://ann:secret@p:3128", {"HTTP/1.0 204 fine\r\nVia: x\r\n\r\n"}, "2001:db8::7");
  EXPECT_NE(v6.said[0].find("CONNECT [2001:db8::7]:443 HTTP/1.1\r\n"), std::string::npos);
  EXPECT_NE(v6.said[0].find("Proxy-Authorization: Basic YW5uOnNlY3JldA==\r\n"), std::string::npos) << v6.said[0];
  EXPECT_EQ(v6.talk.status(), THARSIS_OK) << v6.talk.failure().text;
}

TEST(Proxy, NotOneByteOfTheTunnelIsTaken) {
  const std::string login = bytes({5, 2}), accepted = bytes({1, 0});
  const std::string named_reply = bytes({5, 0, 0, 3, 2, 'a', 'b', 0, 80}), v6_reply = bytes({5, 0, 0, 4}) + std::string(18, 'x');
  for (size_t most = 1; most < 40; ++most) {
    const std::vector<exchange> all{
        {"http://p:1", {"HTTP/1.1 100 wait\r\n\r\nHTTP/1.1 200 ok\r\nContent-Length: 5\r\nX: y\r\n\r\nEARLY"}, "h", most},
        {"socks5://p:1", {bytes({5, 0}), v4_reply + "EARLY"}, "h", most},
        {"socks5://a:b@p:1", {login, accepted, named_reply + "EARLY"}, "h", most},
        {"socks5://a:b@p:1", {bytes({5, 0}), v6_reply + "EARLY"}, "h", most}};
    for (const exchange& e : all) {
      EXPECT_EQ(e.talk.status(), THARSIS_OK) << e.talk.failure().text;
      EXPECT_EQ(e.rest, "EARLY") << most;
    }
  }
}

// Mars speaks SOCKS5 for IPv4 only.
TEST(Proxy, Socks5IsSaidAsRfc1928And1929Want) {
  EXPECT_EQ(exchange("socks5://p:1", {bytes({5, 0})}, "10.0.0.9").said,
            (std::vector<std::string>{bytes({5, 1, 0}), bytes({5, 1, 0, 1, 10, 0, 0, 9, 1, 187})}));
  EXPECT_EQ(exchange("socks5://p:1", {bytes({5, 0})}, "::1").said[1], bytes({5, 1, 0, 4}) + std::string(15, '\0') + bytes({1, 1, 187}));
  EXPECT_EQ(exchange("socks5://ab:c@p:1", {bytes({5, 2}), bytes({1, 0})}, "hi").said,
            (std::vector<std::string>{bytes({5, 2, 0, 2}), bytes({1, 2, 'a', 'b', 1, 'c'}), bytes({5, 1, 0, 3, 2, 'h', 'i', 1, 187})}));
  EXPECT_EQ(exchange("socks5://ab:c@p:1", {bytes({5, 0})}, "hi").said.size(), 2u) << "it wants no login";
}

TEST(Proxy, EachFailureHasItsStatusAndASentenceWithoutSecrets) {
  struct lie {
    const char* through;
    std::vector<std::string> parts;
    tharsis_status status;
    const char* words;
  };
  const std::string ok = bytes({5, 0}), login = bytes({5, 2});
  const lie lies[] = {
      {"http://p:1", {"HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"}, THARSIS_E_DENIED, "wants a name and a password"},
      {"http://ann:hidden@p:1", {"HTTP/1.1 407 no\r\nProxy-Authenticate: Digest\r\n\r\n"}, THARSIS_E_DENIED, "does not accept this name"},
      {"http://p:1", {"HTTP/1.1 403 no\r\n\r\n"}, THARSIS_E_DENIED, "makes no tunnel to im.example.com:443 (403)"},
      {"http://p:1", {"HTTP/1.1 502 no\r\n\r\n"}, THARSIS_E_UNREACHABLE, "could not reach im.example.com:443"},
      {"http://p:1", {"HTTP/1.1 302 there\r\nLocation: http://x/\r\n\r\n"}, THARSIS_E_PROTOCOL, "status 302"},
      {"http://p:1", {"HTTP/1.1 500 there\r\n\r\n"}, THARSIS_E_PROTOCOL, "status 500"},
      {"http://p:1", {"HTTP/2 200 ok\r\n\r\n"}, THARSIS_E_PROTOCOL, "does not speak HTTP"},
      {"http://p:1", {"SSH-2.0-OpenSSH_9.2\r\n\r\n"}, THARSIS_E_PROTOCOL, "does not speak HTTP"},
      {"http://p:1", {"HTTP/1.1 200 ok\r\nX: " + std::string(64 * 1024, 'x')}, THARSIS_E_PROTOCOL, "does not speak HTTP"},
      {"http://p:1", {"HTTP/1.1 200 " + std::string(64 * 1024, 'x')}, THARSIS_E_PROTOCOL, "does not speak HTTP"},
      {"socks5://p:1", {bytes({4, 0})}, THARSIS_E_PROTOCOL, "does not speak SOCKS5"},
      {"socks5://p:1", {"HTTP/1.1 400 Bad Request\r\n\r\n"}, THARSIS_E_PROTOCOL, "does not speak SOCKS5"},
      {"socks5://p:1", {bytes({5, 255})}, THARSIS_E_DENIED, "wants a name and a password"},
      {"socks5://ann:hidden@p:1", {bytes({5, 255})}, THARSIS_E_DENIED, "accepts neither"},
      {"socks5://p:1", {bytes({5, 2})}, THARSIS_E_PROTOCOL, "login method 2, which was not offered"},
      {"socks5://p:1", {bytes({5, 1})}, THARSIS_E_PROTOCOL, "login method 1"},
      {"socks5://ann:hidden@p:1", {login, bytes({1, 1})}, THARSIS_E_DENIED, "does not accept this name"},
      {"socks5://ann:hidden@p:1", {login, bytes({5, 0})}, THARSIS_E_PROTOCOL, "does not speak SOCKS5"},
      {"socks5://p:1", {ok, bytes({5, 1, 0, 1, 0})}, THARSIS_E_UNREACHABLE, "code 1"},
      {"socks5://p:1", {ok, bytes({5, 2, 0, 1, 0})}, THARSIS_E_DENIED, "rules forbid"},
      {"socks5://p:1", {ok, bytes({5, 3, 0, 1, 0})}, THARSIS_E_UNREACHABLE, "no network"},
      {"socks5://p:1", {ok, bytes({5, 4, 0, 1, 0})}, THARSIS_E_UNREACHABLE, "could not reach"},
      {"socks5://p:1", {ok, bytes({5, 5, 0, 1, 0})}, THARSIS_E_REFUSED, "refused"},
      {"socks5://p:1", {ok, bytes({5, 6, 0, 1, 0})}, THARSIS_E_UNREACHABLE, "too long"},
      {"socks5://p:1", {ok, bytes({5, 7, 0, 1, 0})}, THARSIS_E_UNSUPPORTED, "no connections"},
      {"socks5://p:1", {ok, bytes({5, 8, 0, 1, 0})}, THARSIS_E_UNSUPPORTED, "this kind of address"},
      {"socks5://p:1", {ok, bytes({5, 99, 0, 1, 0})}, THARSIS_E_UNREACHABLE, "code 99"},
      {"socks5://p:1", {ok, bytes({5, 0, 0, 2, 0})}, THARSIS_E_PROTOCOL, "unknown kind 2"},
      {"socks5://p:1", {ok, bytes({4, 0, 0, 1, 0})}, THARSIS_E_PROTOCOL, "does not speak SOCKS5"},
  };
  for (const lie& l : lies) {
    exchange e(l.through, l.parts);
    EXPECT_EQ(e.talk.status(), l.status) << l.words << ": " << e.talk.failure().text;
    const std::string& text = e.talk.failure().text;
    EXPECT_NE(text.find(l.words), std::string::npos) << text;
    EXPECT_TRUE(text.starts_with("the proxy ")) << text;
    EXPECT_EQ(text.find("hidden"), std::string::npos) << text;
    EXPECT_LT(text.size(), 400u);
    EXPECT_EQ(e.talk.wants(), 0u);
  }
}

TEST(Proxy, CutAtEveryByteItIsNoTunnel) {
  const std::string http = "HTTP/1.1 200 ok\r\nVia: x\r\n\r\n";
  for (size_t cut = 0; cut < http.size(); ++cut) {
    exchange e("http://p:1", {http.substr(0, cut)});
    EXPECT_EQ(e.talk.status(), THARSIS_PENDING) << cut;
    EXPECT_GT(e.talk.wants(), 0u);
    e.talk.on_end();
    EXPECT_EQ(e.talk.status(), THARSIS_E_RESET) << cut;
  }
  const std::string socks = bytes({5, 2}) + bytes({1, 0}) + v4_reply;
  for (size_t cut = 0; cut < socks.size(); ++cut) {
    exchange e("socks5://a:b@p:1", {socks.substr(0, cut)});
    EXPECT_EQ(e.talk.status(), THARSIS_PENDING) << cut;
    e.talk.on_end();
    EXPECT_EQ(e.talk.status(), THARSIS_E_RESET) << cut;
  }
}

TEST(Proxy, NamesThatCannotBeSaidAreNotSaid) {
  for (const std::string& host : {std::string(), std::string("a b"), std::string("a\r\nX: y"), std::string(256, 'a')})
    for (const char* through : {"http://p:1", "socks5://p:1"}) {
      proxy_handshake talk(named(through), host, 443);
      EXPECT_EQ(talk.status(), THARSIS_E_INVALID);
      EXPECT_TRUE(talk.take_output().empty());
    }
}

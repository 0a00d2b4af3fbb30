// What stn says of a certificate is sdk/async's sentence: here real handshakes say it, so that the two cannot drift apart.
#include "plugins/sdt/core/link_trouble.h"

#include <gtest/gtest.h>

#include "sdk/async/tls_machine.h"
#include "tests/sdk/async/tls_peers.h"

using namespace tharsis;
using namespace tharsis::test;
using sdt::link_trouble;

namespace {

// What a client of im.example.com says of it.
std::string refusal(const identity& shown, const std::string& authority_pem, std::vector<key_pin> pins = {}, int64_t wall = wall_seconds) {
  tls_client_settings trusts{.ca_pem = authority_pem};
  trusts.pins = std::move(pins);
  const tls_server_settings shows{.certificate_chain_pem = shown.certificate_pem, .private_key_pem = shown.private_key_pem};
  tls_machine client(*tls_context::client(trusts), "im.example.com", wall, {}), server(*tls_context::server(shows), "", wall);
  converse(client, server);
  EXPECT_EQ(client.failure().status, THARSIS_E_UNTRUSTED);
  return client.failure().text;
}
std::string_view trouble(const std::string& said) { return link_trouble(THARSIS_STN_WHY_TLS_CERTIFICATE, THARSIS_E_UNTRUSTED, said); }

}  // namespace

TEST(LinkTrouble, EachCertificateThatIsRefusedHasItsWord) {
  const identity authority = authority_named("Tests", 1), stranger = authority_named("Stranger", 5);
  const identity own = issued(authority, {"im.example.com"});
  EXPECT_EQ(trouble(refusal(own, authority.certificate_pem, {key_pin{}})), "pin");
  EXPECT_EQ(trouble(refusal(own, stranger.certificate_pem)), "authority");
  EXPECT_EQ(trouble(refusal(own, authority.certificate_pem, {}, wall_seconds + 300 * day)), "expired");
  EXPECT_EQ(trouble(refusal(issued(authority, {"other.example.com"}), authority.certificate_pem)), "wrong_name");
}

// Who makes a certificate may write into it what he likes.
TEST(LinkTrouble, ACertificateDoesNotChooseItsWord) {
  const identity authority = authority_named("Tests", 1);
  for (const char* name : {"x expired on y", "x is pinned (tls.pins)", "x; connect by a name it is for"}) {
    SCOPED_TRACE(name);
    EXPECT_EQ(trouble(refusal(authority_named(name, 5), authority.certificate_pem)), "authority");
    EXPECT_EQ(trouble(refusal(issued(authority_named(name, 5), {"im.example.com"}), authority.certificate_pem)), "authority");
  }
}

TEST(LinkTrouble, SilenceBehindAConnectionThatStandsHasItsWord) {
  EXPECT_EQ(link_trouble(THARSIS_STN_WHY_UNPROVED, THARSIS_E_TIMEOUT, "nothing came"), "unanswered");
  EXPECT_EQ(link_trouble(THARSIS_STN_WHY_UNPROVED, THARSIS_E_DENIED, "the server said no"), "hello") << "a refusal is an answer";
  EXPECT_EQ(link_trouble(THARSIS_STN_WHY_AUTH_UNANSWERED, THARSIS_E_TIMEOUT, "nothing came"), "sign_in_unanswered");
  EXPECT_EQ(link_trouble(THARSIS_STN_WHY_SILENCE, THARSIS_E_TIMEOUT, "nothing came"), sdt::link_silent);
  EXPECT_EQ(link_trouble(THARSIS_STN_WHY_PONG_MISSED, THARSIS_E_TIMEOUT, "nothing came"), sdt::link_silent);
}

TEST(LinkTrouble, WhatProbesMeetAsWellIsNone) {
  for (const uint32_t why : {THARSIS_STN_WHY_NONE, THARSIS_STN_WHY_RESOLVE, THARSIS_STN_WHY_REFUSED, THARSIS_STN_WHY_CONNECT_TIMEOUT, THARSIS_STN_WHY_RESET,
                             THARSIS_STN_WHY_NETWORK_LOST, THARSIS_STN_WHY_STOPPED, THARSIS_STN_WHY_IDLE, THARSIS_STN_WHY_COUNT})
    EXPECT_EQ(link_trouble(why, THARSIS_E_NETWORK, "is pinned (tls.pins)"), "") << why;
}

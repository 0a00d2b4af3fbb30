// Whom a TLS client trusts, and what it says of those it does not.
#include "sdk/async/tls_machine.h"
#include "tests/sdk/async/tls_peers.h"

using namespace tharsis;
using namespace tharsis::test;

namespace {

const identity& authority() {
  static const identity made = authority_named("Tests", 1);
  return made;
}

// What a client that trusts `ca_pem` says to a server that shows `own`; empty when it is content. The
// server must hear of the refusal too.
std::string verdict(const identity& own, const std::string& peer, const std::string& ca_pem = authority().certificate_pem,
                    int64_t now = wall_seconds) {
  tls_machine client(client_of(ca_pem), peer, now), server(server_of(own), "", now);
  converse(client, server);
  if (client.handshake_status() == THARSIS_OK) {
    EXPECT_EQ(server.handshake_status(), THARSIS_OK);
    return "";
  }
  EXPECT_EQ(client.handshake_status(), THARSIS_E_UNTRUSTED);
  EXPECT_LT(server.handshake_status(), 0);
  EXPECT_LT(server.write(bytes{1}), 0);
  uint8_t some[1];
  size_t count = 0;
  EXPECT_EQ(client.read(some, count), THARSIS_E_UNTRUSTED);
  return client.failure().text;
}

const std::string trust_it = ", which is not trusted; trust it with tls.ca if it is yours";

}  // namespace

TEST(TlsTrust, NamesWildcardsAndAddressesThatTheCertificateIsFor) {
  const identity own = issued(authority(), {"im.example.com", "*.chat.example.com", "127.0.0.1", "2001:db8::1"});
  for (const std::string peer : {"im.example.com", "IM.Example.COM", "im.example.com.", "a.chat.example.com", "127.0.0.1",
                                 "2001:db8::1", "2001:DB8:0::1"})
    EXPECT_EQ(verdict(own, peer), "");
}

TEST(TlsTrust, AnyOtherNameIsRefusedWithThoseItIsFor) {
  const identity own = issued(authority(), {"im.example.com", "*.chat.example.com", "127.0.0.1"});
  for (const std::string peer : {"example.com", "x.im.example.com", "chat.example.com", "a.b.chat.example.com", "127.0.0.2",
                                 "::1", "::ffff:127.0.0.1", "im.example.com.evil.test"})
    EXPECT_EQ(verdict(own, peer), "the certificate of " + peer + " is for im.example.com, *.chat.example.com, 127.0.0.1, not " +
                                      peer + "; connect by a name it is for, or issue it for this one");
}

TEST(TlsTrust, ManyNamesAreCounted) {
  const identity own = issued(authority(), {"a.test", "b.test", "c.test", "d.test", "e.test", "f.test"});
  EXPECT_NE(verdict(own, "g.test").find("is for a.test, b.test, c.test, d.test and 2 more, not g.test"), std::string::npos);
}

TEST(TlsTrust, AnAddressWrittenAsANameIsNoAddress) {
  const identity own = forged(&authority(), [](X509* x) { extend(x, NID_subject_alt_name, "DNS:127.0.0.1"); });
  EXPECT_NE(verdict(own, "127.0.0.1").find("not 127.0.0.1"), std::string::npos);
}

TEST(TlsTrust, ACommonNameIsNoName) {
  const identity own = forged(&authority(), [](X509*) {}, "im.example.com");
  EXPECT_EQ(verdict(own, "im.example.com").find("the certificate of im.example.com is for no name at all, not im.example.com"), 0u);
}

TEST(TlsTrust, AWildcardStandsForAWholeLabelOnly) {
  for (const char* names : {"DNS:i*.example.com", "DNS:*m.example.com", "DNS:im.*.com", "DNS:*", "DNS:*.com\\0.example.com"}) {
    const identity own = forged(&authority(), [&](X509* x) { extend(x, NID_subject_alt_name, names); });
    EXPECT_NE(verdict(own, "im.example.com"), "") << names;
  }
}

TEST(TlsTrust, AnAuthorityThatIsNotOursIsNamed) {
  const identity other = authority_named("Somebody else", 2);
  EXPECT_EQ(verdict(issued(other, {"im.example.com"}), "im.example.com"),
            "the certificate of im.example.com was issued by 'CN=Somebody else'" + trust_it);
  identity chain = issued(other, {"im.example.com"});
  chain.certificate_pem += other.certificate_pem;
  EXPECT_EQ(verdict(chain, "im.example.com"), "the certificate of im.example.com was issued by 'CN=Somebody else'" + trust_it);
}

TEST(TlsTrust, AnAuthorityOfTheSameNameWithAnotherKeyIsNotOurs) {
  const identity twin = authority_named("Tests", 3);
  EXPECT_NE(verdict(issued(twin, {"im.example.com"}), "im.example.com"), "");
}

TEST(TlsTrust, AnAuthorityMadeAnewIsRecognisedAsThat) {
  // Without key identifiers nothing but the signature tells the two apart.
  const identity own = forged(&authority(), [](X509* x) { extend(x, NID_subject_alt_name, "DNS:im.example.com"); });
  EXPECT_EQ(verdict(own, "im.example.com", authority_named("Tests", 4).certificate_pem),
            "the certificate of im.example.com carries a signature that is not of 'CN=Tests' as it is trusted here; was the "
            "authority made anew? Then renew tls.ca");
}

TEST(TlsTrust, ExpiredAndNotYetValidSayWhenAndWhatTheClockSays) {
  const identity own = issued(authority(), {"im.example.com"}, wall_seconds, 30);
  EXPECT_EQ(verdict(own, "im.example.com", authority().certificate_pem, wall_seconds + 30 * day - 1), "");
  EXPECT_EQ(verdict(own, "im.example.com", authority().certificate_pem, wall_seconds + 30 * day),
            "the certificate of im.example.com expired on 2027-02-14 08:00:00 UTC, and the clock here says 2027-02-14 "
            "08:00:00 UTC; renew it on the server, or correct this clock");
  EXPECT_EQ(verdict(own, "im.example.com", authority().certificate_pem, wall_seconds - day - 1),
            "the certificate of im.example.com: its issuer 'CN=Tests' is not valid before 2027-01-14 08:00:00 UTC, and the "
            "clock here says 2027-01-14 07:59:59 UTC; if the clock is right, the certificate must be replaced");
  const identity later = issued(authority(), {"im.example.com"}, wall_seconds + 10 * day);
  EXPECT_EQ(verdict(later, "im.example.com").find("the certificate of im.example.com is not valid before 2027-01-24"), 0u);
}

TEST(TlsTrust, AnExpiredIssuerIsNamed) {
  const identity brief = authority_named("Brief", 5, wall_seconds, 1);
  EXPECT_EQ(verdict(issued(brief, {"im.example.com"}), "im.example.com", brief.certificate_pem, wall_seconds + 2 * day)
                .find("the certificate of im.example.com: its issuer 'CN=Brief' expired on 2027-01-16"),
            0u);
}

TEST(TlsTrust, ACertificateThatSignedItselfIsTrustedOnlyWhereItIsNamed) {
  const identity own = forged(nullptr, [](X509* x) { extend(x, NID_subject_alt_name, "DNS:im.example.com"); }, "alone");
  EXPECT_EQ(verdict(own, "im.example.com"),
            "the certificate of im.example.com is signed by nobody but itself ('CN=alone') and is not trusted; trust it "
            "with tls.ca if it is yours");
  EXPECT_EQ(verdict(own, "im.example.com", own.certificate_pem), "");
  EXPECT_NE(verdict(own, "other.example.com", own.certificate_pem), "") << "its name must be right all the same";
}

TEST(TlsTrust, ASingleCertificateMayBeTrustedWithoutItsAuthority) {
  const identity own = issued(authority(), {"im.example.com"});
  EXPECT_EQ(verdict(own, "im.example.com", own.certificate_pem), "");
  EXPECT_NE(verdict(issued(authority(), {"im.example.com"}, wall_seconds, 20), "im.example.com", own.certificate_pem), "");
}

TEST(TlsTrust, AClientsCertificateIsNoServers) {
  const identity own = forged(&authority(), [](X509* x) {
    extend(x, NID_subject_alt_name, "DNS:im.example.com");
    extend(x, NID_ext_key_usage, "clientAuth");
  });
  EXPECT_EQ(verdict(own, "im.example.com"),
            "the certificate of im.example.com is not meant for this use; a server's needs the extended key usage serverAuth");
}

TEST(TlsTrust, AServersCertificateIssuesNothing) {
  const identity middle = issued(authority(), {"im.example.com"});
  identity own = forged(&middle, [](X509* x) { extend(x, NID_subject_alt_name, "DNS:bank.example.com"); });
  own.certificate_pem += middle.certificate_pem;
  EXPECT_NE(verdict(own, "bank.example.com"), "");
}

TEST(TlsTrust, OneOfSeveralAuthoritiesSuffices) {
  const identity other = authority_named("Second", 6);
  EXPECT_EQ(verdict(issued(other, {"im.example.com"}), "im.example.com", authority().certificate_pem + other.certificate_pem), "");
}

TEST(TlsTrust, WhatAServerCallsItselfIsShortenedAndMadePrintable) {
  const std::string huge(60'000, 'n');
  const identity own = forged(nullptr, [&](X509* x) {
    extend(x, NID_subject_alt_name, "DNS:" + huge);
    for (int i = 0; i < 1000; ++i)
      X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "OU", MBSTRING_UTF8,
                                 reinterpret_cast<const unsigned char*>("\xc3\xbc\xc3\xbc"), -1, -1, 0);
    X509_set_issuer_name(x, X509_get_subject_name(x));
  });
  const std::string untrusted = verdict(own, "im.example.com");
  EXPECT_LT(untrusted.size(), 700u);
  EXPECT_NE(untrusted.find("...')"), std::string::npos) << untrusted;
  EXPECT_LT(verdict(own, "im.example.com", own.certificate_pem).size(), 700u);

  const identity rude = forged(nullptr, [](X509* x) { extend(x, NID_subject_alt_name, "DNS:a\x1b[31m.test"); }, "x\n\x1b[31my");
  for (const std::string& said : {verdict(rude, "im.example.com"), verdict(rude, "im.example.com", rude.certificate_pem)})
    for (const char c : said) EXPECT_GE(static_cast<unsigned char>(c), ' ') << said;
}

TEST(TlsTrust, TheServerHearsWhyInWords) {
  const identity other = authority_named("Somebody else", 2);
  tls_machine client(client_of(authority().certificate_pem), "im.example.com", wall_seconds);
  tls_machine server(server_of(issued(other, {"im.example.com"})), "10.0.0.7:5000", wall_seconds);
  converse(client, server);
  EXPECT_EQ(server.failure().text,
            "10.0.0.7:5000 does not accept our certificate (alert \"unknown CA\"); it must trust our authority");
  EXPECT_EQ(server.failure().status, THARSIS_E_UNTRUSTED);
}

TEST(TlsTrust, AuthoritiesThatAreReadOnceServeASecondContext) {
  const identity other = authority_named("Somebody else", 2);
  tls_client_settings who{.ca_pem = authority().certificate_pem};
  const auto first = tls_context::client(who);
  ASSERT_TRUE(first);
  who.http1 = true;
  auto second = tls_context::client(who, &*first);
  ASSERT_TRUE(second);
  EXPECT_TRUE(second->knows_authorities());
  for (const auto& [whose, status] : {std::pair{&authority(), THARSIS_OK}, std::pair{&other, THARSIS_E_UNTRUSTED}}) {
    tls_machine client(*second, "im.example.com", wall_seconds), server(server_of(issued(*whose, {"im.example.com"})), "", wall_seconds);
    converse(client, server);
    EXPECT_EQ(client.handshake_status(), status);
  }
}

// Certificates of our own making: what they say, that they are the same from the same seed, and what is
// refused.
#include "sdk/async/certificates.h"
#include "tests/sdk/async/tls_peers.h"

using namespace tharsis;
using namespace tharsis::test;

namespace {

certificate_facts facts_of(const std::string& pem) {
  const auto facts = read_certificate(pem);
  EXPECT_TRUE(facts) << (facts ? "" : facts.failure().text);
  return facts ? *facts : certificate_facts{};
}

std::string issue_refusal(const identity& by, const std::vector<std::string>& names, int64_t wall = wall_seconds, int days = 30) {
  const seeded random(1);
  const auto made = issue_server_certificate(random.table, by, names, wall, days);
  EXPECT_EQ(made.status(), THARSIS_E_INVALID);
  return made ? "" : made.failure().text;
}

std::string authority_refusal(const std::string& name, int days = 30) {
  const seeded random(1);
  const auto made = make_authority(random.table, name, wall_seconds, days);
  EXPECT_EQ(made.status(), THARSIS_E_INVALID);
  return made ? "" : made.failure().text;
}

}  // namespace

TEST(Certificates, AnAuthoritySaysWhatItIs) {
  const certificate_facts f = facts_of(authority_named("Tharsis tests", 1).certificate_pem);
  EXPECT_EQ(f.subject, "CN=Tharsis tests");
  EXPECT_EQ(f.issuer, "CN=Tharsis tests");
  EXPECT_TRUE(f.authority);
  EXPECT_TRUE(f.names.empty());
  EXPECT_EQ(f.not_before, wall_seconds - day);
  EXPECT_EQ(f.not_after, wall_seconds + 365 * day);
}

TEST(Certificates, AServersCertificateSaysItsNamesAndIsNoAuthority) {
  const identity authority = authority_named("Tharsis tests", 1);
  const std::vector<std::string> names = {"im.example.com", "*.example.com", "192.0.2.1", "2001:db8::1", "a_b-c.test"};
  const certificate_facts f = facts_of(issued(authority, names).certificate_pem);
  EXPECT_EQ(f.subject, "CN=im.example.com");
  EXPECT_EQ(f.issuer, "CN=Tharsis tests");
  EXPECT_FALSE(f.authority);
  EXPECT_EQ(f.names, names);
}

TEST(Certificates, TheSameSeedGivesTheSameTextsAndAnotherOthers) {
  const identity a = authority_named("A", 7), b = authority_named("A", 7), c = authority_named("A", 8);
  EXPECT_EQ(a.certificate_pem, b.certificate_pem);
  EXPECT_EQ(a.private_key_pem, b.private_key_pem);
  EXPECT_NE(a.private_key_pem, c.private_key_pem);
  EXPECT_EQ(a.certificate_pem.size(), c.certificate_pem.size()) << "sizes do not depend on luck";
}

TEST(Certificates, NoneOutlivesItsAuthority) {
  const identity brief = authority_named("Brief", 1, wall_seconds, 10);
  EXPECT_EQ(facts_of(issued(brief, {"a.test"}, wall_seconds, 365).certificate_pem).not_after, wall_seconds + 10 * day);
  EXPECT_EQ(issue_refusal(brief, {"a.test"}, wall_seconds + 10 * day),
            "the authority 'CN=Brief' expired on 2027-01-25 08:00:00 UTC; delete its files and make a new one");
}

TEST(Certificates, WhatCanBeNoNameIsRefused) {
  const identity authority = authority_named("A", 1);
  EXPECT_EQ(issue_refusal(authority, {}), "a server's certificate needs at least one name or address");
  for (const std::string name : {"", ".", "a.", "a..b", "*", "*.", "*.*.com", "a*.com", "a b", "1.2.3.4:443", "tcps://a.test",
                                 "b\xc3\xbc" "cher.de"})
    EXPECT_EQ(issue_refusal(authority, {"ok.test", name}), "'" + name + "' is neither a host name like im.example.com nor an IP address");
  EXPECT_NE(issue_refusal(authority, {std::string(64, 'a') + ".test"}), "") << "a label has 63 letters";
  const std::string longest = std::string(63, 'a') + "." + std::string(63, 'b') + "." + std::string(63, 'c') + "." + std::string(61, 'd');
  EXPECT_EQ(facts_of(issued(authority, {longest}).certificate_pem).names, (std::vector{longest}));
  EXPECT_NE(issue_refusal(authority, {longest + "d"}), "") << "a name has 253";
}

TEST(Certificates, AnAuthoritysNameAndDaysHaveLimits) {
  EXPECT_EQ(authority_refusal(""), "an authority's name has 1 to 64 printable ASCII characters");
  EXPECT_NE(authority_refusal(std::string(65, 'n')), "");
  EXPECT_NE(authority_refusal("a\nb"), "");
  EXPECT_EQ(authority_refusal("A", 0), "a certificate is valid for 1 to 36500 days, not 0");
  EXPECT_EQ(authority_refusal("A", 36501), "a certificate is valid for 1 to 36500 days, not 36501");
  EXPECT_EQ(issue_refusal(authority_named("A", 1), {"a.test"}, wall_seconds, -1), "a certificate is valid for 1 to 36500 days, not -1");
}

TEST(Certificates, TimesFarFromNowAreKept) {
  for (const int64_t wall : {int64_t{0}, int64_t{2'524'607'999}, int64_t{4'102'444'800}}) {
    const certificate_facts f = facts_of(authority_named("A", 1, wall, 36500).certificate_pem);
    EXPECT_EQ(f.not_before, wall - day) << utc_text(wall);
    EXPECT_EQ(f.not_after, wall + 36500 * day) << utc_text(wall);
  }
}

TEST(Certificates, OnlyAnAuthorityWithItsOwnKeyIssues) {
  const identity a = authority_named("A", 1), b = authority_named("B", 2);
  EXPECT_EQ(issue_refusal({a.certificate_pem, b.private_key_pem}, {"a.test"}),
            "the authority 'CN=A' does not belong to its private key; delete both files and make a new authority");
  EXPECT_NE(issue_refusal(issued(a, {"im.test"}), {"a.test"}).find("is no authority"), std::string::npos);
  EXPECT_EQ(issue_refusal({"", a.private_key_pem}, {"a.test"}).find("the authority's certificate is empty"), 0u);
  EXPECT_EQ(issue_refusal({a.certificate_pem, "x"}, {"a.test"}).find("the authority's private key is no PEM text"), 0u);
}

TEST(Certificates, DamagedTextsAreNamed) {
  const auto refusal = [](const std::string& pem) {
    const auto facts = read_certificate(pem);
    return facts ? std::string("read") : facts.failure().text;
  };
  EXPECT_EQ(refusal(""), "the certificate is empty; it must hold a PEM text that starts with -----BEGIN CERTIFICATE-----");
  EXPECT_EQ(refusal("hello"), "the certificate is no PEM text: no line starts with -----BEGIN CERTIFICATE-----");
  std::string label(5000, 'L');
  EXPECT_LT(refusal("-----BEGIN " + label + "-----\n").size(), 300u);
}

TEST(Certificates, UtcTextIsTheCalendars) {
  EXPECT_EQ(utc_text(0), "1970-01-01 00:00:00 UTC");
  EXPECT_EQ(utc_text(-1), "1969-12-31 23:59:59 UTC");
  EXPECT_EQ(utc_text(951'782'400), "2000-02-29 00:00:00 UTC");
  EXPECT_EQ(utc_text(4'107'542'399), "2100-02-28 23:59:59 UTC");
}

TEST(Certificates, HostNames) {
  for (const std::string name : {"a", "im.example.com", "im.example.com.", "xn--bcher-kva.de", "_sip.test", "1.test"})
    EXPECT_TRUE(is_host_name(name)) << name;
  for (const std::string name : {"", ".", ".a", "a..b", "a b", "a/b", "*.a", "a:1"}) EXPECT_FALSE(is_host_name(name)) << name;
  EXPECT_FALSE(is_host_name(std::string_view("a\0b", 3)));
}

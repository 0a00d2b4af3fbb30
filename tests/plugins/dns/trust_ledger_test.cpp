#include "plugins/dns/core/trust_ledger.h"

#include <gtest/gtest.h>

#include "sdk/pure/dice.h"

using namespace tharsis;
using namespace tharsis::dns;

namespace {

const tharsis_address here = *parse_ip("192.0.2.1"), there = *parse_ip("203.0.113.66");
instant at(duration d) { return later(instant{}, 100h + d); }

}  // namespace

TEST(TrustLedger, QuarantineDoublesUpToADayAndIsForgivenByTime) {
  trust_ledger l;
  instant now = at(0s);
  for (const duration expected : {30min, 60min, 120min, 240min, 480min, 960min, 1440min, 1440min}) {
    EXPECT_EQ(l.on_lie("udp://10.0.0.53", "it lied", now) - now, expected);
    EXPECT_TRUE(l.quarantined("udp://10.0.0.53", now));
    EXPECT_EQ(l.on_lie("udp://10.0.0.53", "again", later(now, 1s)) - now, expected) << "while it lasts it is the same lie";
    now = later(now, expected);
    EXPECT_FALSE(l.quarantined("udp://10.0.0.53", now));
  }
  now = later(now, 10 * 24h);
  EXPECT_EQ(l.on_lie("udp://10.0.0.53", "after ten honest days", now) - now, 30min);
  EXPECT_FALSE(l.quarantined("udp://10.0.0.54", now));
}

TEST(TrustLedger, ALiarOnOneNetworkIsNoLiarOnAnother) {
  trust_ledger l;
  l.on_network("home");
  l.on_lie("udp://10.0.0.53", "it lied", at(0s));
  l.on_refuted("im.example.com", there, "its certificate is for other.example", at(0s));
  l.on_network("work");
  EXPECT_FALSE(l.quarantined("udp://10.0.0.53", at(1s)));
  EXPECT_TRUE(l.about("im.example.com", at(1s)).not_its.empty());
  l.on_network("home");
  EXPECT_TRUE(l.quarantined("udp://10.0.0.53", at(1s)));
  EXPECT_EQ(l.about("im.example.com", at(1s)).against(there, "anybody")->why, "its certificate is for other.example");
  EXPECT_EQ(l.about("im.example.com", at(7h)).against(there, "anybody"), nullptr) << "not for ever";
}

TEST(TrustLedger, ANetworkIsCleanAfterTwentyNamesAndUntilALie) {
  trust_ledger l;
  for (int i = 0; i < 19; ++i) l.on_agreed(at(0s));
  EXPECT_FALSE(l.clean(at(0s)));
  l.on_disagreed();
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE(l.clean(at(0s)));
    l.on_agreed(at(0s));
  }
  EXPECT_TRUE(l.clean(at(29min)));
  EXPECT_FALSE(l.clean(at(30min)));
  for (int i = 0; i < 20; ++i) l.on_agreed(at(1h));
  l.on_lie("udp://10.0.0.53", "it lied", at(1h));
  EXPECT_FALSE(l.clean(at(1h)));
  for (int i = 0; i < 20; ++i) l.on_agreed(at(2h));
  l.on_network("another");
  EXPECT_FALSE(l.clean(at(2h)));
}

TEST(TrustLedger, ProofsAreOfANameAndAnAddress) {
  trust_ledger l;
  EXPECT_EQ(l.proof("im.example.com", here, at(0s)), std::nullopt);
  l.on_proof("im.example.com", here, at(0s));
  EXPECT_EQ(l.proof("im.example.com", here, at(23h)), true);
  EXPECT_EQ(l.proof("im.example.com", here, at(24h)), std::nullopt);
  EXPECT_EQ(l.proof("other.example.com", here, at(0s)), std::nullopt);
  l.on_refuted("im.example.com", here, "it is for another", at(1h));
  EXPECT_EQ(l.proof("im.example.com", here, at(1h)), false) << "the last word counts";
  EXPECT_FALSE(l.about("im.example.com", at(1h)).has_proved(here));
}

// Goal: who lies with many addresses, or has many names asked for, makes nobody forget what has proved itself.
TEST(TrustLedger, WhatHasProvedItselfIsForgottenLast) {
  ledger_settings s;
  s.entries_max = 8;
  s.addresses_max = 4;
  trust_ledger l(s);
  l.on_proof("im.example.com", here, at(0s));
  for (uint8_t i = 1; i < 100; ++i) {
    tharsis_address a = there;
    a.ip[3] = i;
    l.on_refuted("im.example.com", a, "it is for another", at(1s + std::chrono::seconds(i)));
    l.on_refuted("a" + std::to_string(i) + ".example.com", a, "it is for another", at(1s + std::chrono::seconds(i)));
    ASSERT_EQ(l.proof("im.example.com", here, at(100s)), true) << int(i);
    ASSERT_EQ(l.proof("im.example.com", a, at(100s)), false) << "and the last word is known";
  }
  for (int i = 0; i < 20; ++i) l.on_proof("b" + std::to_string(i) + ".example.com", here, at(200s));
  EXPECT_EQ(l.proof("im.example.com", here, at(201s)), std::nullopt) << "it is bounded all the same";
  EXPECT_EQ(l.proof("b19.example.com", here, at(201s)), true);
}

// Found for whatever name: nobody is led there for a try.
TEST(TrustLedger, AnAddressIsDoubtedForEachNameWhileItIsRefutedForOne) {
  trust_ledger l;
  EXPECT_FALSE(l.doubted(there, at(0s)));
  l.on_refuted("im.example.com", there, "it is for another", at(0s));
  l.on_landing(*parse_ip("203.0.113.67"), "udp://10.0.0.53", at(0s));
  EXPECT_TRUE(l.doubted(there, at(0s)));
  EXPECT_TRUE(l.doubted(*parse_ip("203.0.113.67"), at(23h)));
  EXPECT_FALSE(l.doubted(here, at(0s)));
  EXPECT_FALSE(l.doubted(there, at(6h)));
  l.on_network("another");
  EXPECT_FALSE(l.doubted(there, at(0s)));
}

TEST(TrustLedger, WhatACertificateRefutesIsSureWhereAnotherAddressHasProvedItself) {
  trust_ledger l;
  l.on_refuted("im.example.com", there, "it is for another", at(0s));
  EXPECT_FALSE(l.about("im.example.com", at(0s)).against(there, "a")->sure);
  l.on_proof("im.example.com", here, at(1s));
  EXPECT_TRUE(l.about("im.example.com", at(1s)).against(there, "a")->sure);
  EXPECT_EQ(l.about("im.example.com", at(1s)).against(here, "a"), nullptr);
}

TEST(TrustLedger, APortalsCertificatesRefuteNothing) {
  trust_ledger l;
  l.on_network("hotel");
  l.on_proof("im.example.com", here, at(0s));
  l.on_refuted("im.example.com", there, "it is for login.hotel.example", at(0s));
  l.on_portal(at(1h), "login.hotel.example");
  EXPECT_EQ(l.proof("im.example.com", there, at(1s)), std::nullopt) << "found before anybody knew of it";
  EXPECT_EQ(l.proof("im.example.com", here, at(1s)), true);
  l.on_refuted("im.example.com", there, "it is for login.hotel.example", at(1s));
  l.on_portal({}, {});
  EXPECT_EQ(l.proof("im.example.com", there, at(2s)), std::nullopt);
}

// Whoever answers names that do not exist with somebody's honest address takes it from nobody but himself.
TEST(TrustLedger, ALandingServerCountsOnlyAgainstWhoLeadsThere) {
  trust_ledger l;
  l.on_landing(here, "udp://10.0.0.53", at(0s));
  EXPECT_NE(l.about("im.example.com", at(1s)).against(here, "udp://10.0.0.53"), nullptr);
  EXPECT_EQ(l.about("im.example.com", at(1s)).against(here, "udp://10.0.0.54"), nullptr);
  EXPECT_EQ(l.about("im.example.com", at(25h)).against(here, "udp://10.0.0.53"), nullptr);
  l.on_proof("im.example.com", here, at(1s));
  EXPECT_EQ(l.about("im.example.com", at(1s)).against(here, "udp://10.0.0.53"), nullptr) << "a certificate counts for more";
}

TEST(TrustLedger, WhatSdtAdvisesEndsByItselfWithTheNetworkAndByItsWord) {
  trust_ledger l;
  l.on_use_doh(at(1h));
  EXPECT_TRUE(l.about("x", at(0s)).only_proven);
  EXPECT_FALSE(l.about("x", at(1h)).only_proven);
  l.on_portal(at(1h), "login.test");
  EXPECT_TRUE(l.portal(at(0s)));
  EXPECT_EQ(l.portal_host(), "login.test");
  l.on_network("another");
  EXPECT_FALSE(l.portal(at(0s)));
  l.on_quarantine("udp://10.0.0.53", "sdt says so", at(1h));
  EXPECT_TRUE(l.quarantined("udp://10.0.0.53", at(0s)));
  l.on_release("udp://10.0.0.53");
  EXPECT_FALSE(l.quarantined("udp://10.0.0.53", at(0s)));
}

TEST(TrustLedger, WhoLiedIsKnownAtTheNextStartButNotForLongerThanADay) {
  trust_ledger l;
  l.on_network("home");
  const instant until = l.on_lie("udp://10.0.0.53", "it said 10.1.2.3", at(0s));
  l.on_doubt("udp://10.0.0.54", at(0s));
  l.on_network("");
  l.on_lie("udp://10.0.0.55", "on a network without a name", at(0s));
  const std::string text = l.text(at(0s), 1'000'000);
  trust_ledger next;
  next.on_network("work");
  ASSERT_EQ(next.read(text, at(500h), 1'000'060).text, "");
  next.on_network("home");
  EXPECT_TRUE(next.quarantined("udp://10.0.0.53", at(500h)));
  EXPECT_FALSE(next.quarantined("udp://10.0.0.53", later(at(500h), until - at(0s))));
  EXPECT_TRUE(next.about("x", at(500h)).lied("udp://10.0.0.54"));
  EXPECT_EQ(text.find("10.0.0.55"), std::string::npos);
  EXPECT_EQ(next.text(at(500h), 1'000'060), text);
  trust_ledger early;
  ASSERT_EQ(early.read(text, at(0s), 0).text, "") << "the clock stands wrong";
  early.on_network("home");
  EXPECT_FALSE(early.quarantined("udp://10.0.0.53", at(25h)));
  for (const std::string& wrong : {std::string("x"), text + "home\n", text + "home\tudp://x\t99\t0\t0\t0\ty\n", text + "home\tudp://x\t1\t0\tz\t0\ty\n"}) {
    trust_ledger none;
    EXPECT_EQ(none.read(wrong, at(0s), 1'000'000).status, THARSIS_E_INVALID) << wrong;
    none.on_network("home");
    EXPECT_FALSE(none.quarantined("udp://10.0.0.53", at(0s))) << "nothing was taken";
  }
}

// Whatever comes, memory is bounded and nobody is in quarantine for more than a day.
TEST(TrustLedger, ItStaysSmall) {
  for (uint64_t seed = 1; seed <= 5; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    ledger_settings s;
    s.networks_max = 4, s.entries_max = 8;
    trust_ledger l(s);
    dice d(seed);
    instant now = at(0s);
    for (int i = 0; i < 20'000; ++i) {
      now = later(now, duration(std::chrono::seconds(d.below(600))));
      const std::string source = "udp://10.0.0." + std::to_string(d.below(30)), name = "n" + std::to_string(d.below(100));
      tharsis_address a = *parse_ip("192.0.2." + std::to_string(d.below(200)));
      switch (d.below(7)) {
        case 0: EXPECT_LE(l.on_lie(source, "x", now) - now, 24h); break;
        case 1: l.on_agreed(now); break;
        case 2: l.on_proof(name, a, now); break;
        case 3: l.on_refuted(name, a, "x", now); break;
        case 4: l.on_landing(a, source, now); break;
        case 5: l.on_network("net" + std::to_string(d.below(10))); break;
        default: {
          const beliefs b = l.about(name, now);
          EXPECT_LE(b.liars.size(), 8u);
          EXPECT_LE(b.its.size() + b.not_its.size(), 64u + 8u);
          for (const auto& one : b.its) EXPECT_EQ((b.against(one, source) == nullptr) || l.proof(name, one, now) == true, true);
        }
      }
      EXPECT_LE(l.networks(), 4u);
    }
  }
}

// A certificate that ends sooner than a proof counts ends it; over a restart too.
TEST(TrustLedger, AProofCountsNoLongerThanItsCertificateAndOutlivesARestart) {
  const auto at = *parse_ip("192.0.2.1"), other = *parse_ip("192.0.2.2"), third = *parse_ip("192.0.2.3");
  trust_ledger l;
  l.on_network("home");
  const instant now{100h};
  l.on_proof("im.test", at, now, now + 1h);
  l.on_proof("im.test", other, now);
  l.on_proof("old.test", at, now, now - 1s);
  l.on_network("cafe");
  l.on_proof("im.test", third, now);
  l.on_refuted("im.test", other, "another's", now);
  const auto kept = l.proofs(now);
  EXPECT_EQ(kept.size(), 3u) << "not what is over, not what was refuted";
  trust_ledger next;
  next.on_network("home");
  next.on_refuted("im.test", other, "seen since", now);
  for (const auto& p : kept) next.restore(p, now);
  EXPECT_EQ(next.proof("im.test", at, now + 59min), true);
  EXPECT_EQ(next.proof("im.test", at, now + 1h), std::nullopt);
  EXPECT_EQ(next.proof("im.test", other, now), false) << "what is known already is newer";
  EXPECT_EQ(next.proof("im.test", third, now), std::nullopt) << "that was elsewhere";
  next.on_network("cafe");
  EXPECT_EQ(next.proof("im.test", third, now + 23h), true);
  EXPECT_EQ(next.proof("im.test", third, now + 25h), std::nullopt);
  // Who writes a longer life into a file gets no more than the setting allows.
  next.restore({"cafe", "long.test", at, now + 5000h}, now);
  EXPECT_EQ(next.proof("long.test", at, now + 25h), std::nullopt);
}

// Who dials with TLS tells that an address has proved itself, and knows nothing of the certificate's end: what is known of it counts.
TEST(TrustLedger, AProofThatIsToldOfAgainKeepsTheCertificatesEndAndIsSeldomWorthADisk) {
  trust_ledger l;
  l.on_network("home");
  EXPECT_TRUE(l.on_proof("im.test", here, at(0s), at(2h)));
  int kept = 0;
  for (duration after = 5s; after < 2h; after += 5s) kept += l.on_proof("im.test", here, at(after));
  EXPECT_EQ(kept, 0);
  EXPECT_EQ(l.proof("im.test", here, at(2h)), std::nullopt) << "its certificate is over";
  trust_ledger next;
  next.on_network("home");
  for (const tls_proof& p : l.proofs(at(1h))) next.restore(p, at(1h));
  EXPECT_FALSE(next.on_proof("im.test", here, at(1h + 5s)));
  EXPECT_EQ(next.proof("im.test", here, at(2h)), std::nullopt) << "after a restart too";
  EXPECT_TRUE(l.on_proof("im.test", here, at(3h))) << "another certificate by now, whose end nobody knows";
  EXPECT_EQ(l.proof("im.test", here, at(26h)), true);
  kept = 0;
  for (duration after = 5s; after < 24h; after += 5s) kept += l.on_proof("im.test", here, at(3h + after));
  EXPECT_EQ(kept, 15) << "so that it goes on to count";
  EXPECT_EQ(l.proof("im.test", here, at(49h)), true);
  EXPECT_TRUE(l.on_refuted("im.test", here, "another's", at(30h))) << "a proof is gone";
  EXPECT_FALSE(l.on_refuted("im.test", here, "another's", at(30h)));
}

// Who flushes a name has nothing of it left on the disk; but a redirection is one still.
TEST(TrustLedger, AForgottenNameHasNoProofsOnAnyNetwork) {
  const tharsis_address other = *parse_ip("192.0.2.2");
  trust_ledger l;
  l.on_network("home");
  l.on_proof("im.test", here, at(0s));
  l.on_proof("www.test", here, at(0s));
  l.on_network("cafe");
  l.on_proof("im.test", other, at(0s));
  l.on_refuted("im.test", there, "another's", at(0s));
  EXPECT_TRUE(l.forget("im.test"));
  EXPECT_FALSE(l.forget("im.test"));
  EXPECT_EQ(l.proof("im.test", other, at(1s)), std::nullopt);
  EXPECT_EQ(l.proof("im.test", there, at(1s)), false);
  ASSERT_EQ(l.proofs(at(1s)).size(), 1u);
  EXPECT_EQ(l.proofs(at(1s))[0].name, "www.test");
  EXPECT_TRUE(l.forget({}));
  EXPECT_TRUE(l.proofs(at(1s)).empty());
}

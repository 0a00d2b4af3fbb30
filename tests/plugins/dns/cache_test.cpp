#include "plugins/dns/core/cache.h"

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

#include "sdk/pure/address.h"

using namespace tharsis;
using namespace tharsis::dns;

namespace {

constexpr instant t0{1h};
const subject im{"im.example.com", 4};

settings::cache_settings quick() {
  settings::cache_settings s;
  s.ttl = 10s;
  s.negative_ttl = 2s;
  s.entries = 3;
  s.stale_unproven = 1h;
  return s;
}

subject about(const std::string& name, uint32_t family = 0) { return {name, family}; }
answer good(const char* ip = "192.0.2.1") { return {THARSIS_OK, THARSIS_DNS_SYSTEM, {*parse_ip(ip)}, {}}; }
answer bad(tharsis_status status) { return {status, THARSIS_DNS_SYSTEM, {}, "why"}; }
answer says(const char* ip, bool trusted) {
  answer a{THARSIS_OK, THARSIS_DNS_SERVERS, {*parse_ip(ip)}, {}};
  a.candidates = {{*parse_ip(ip), "a server", trusted, "it says so"}};
  a.trusted = trusted;
  a.verdict = trusted ? "proven" : "single";
  a.life = 60s;
  return a;
}
answer fails(tharsis_status status, bool trusted = false) {
  answer a{status, THARSIS_DNS_SERVERS, {}, "a reason"};
  a.trusted = trusted;
  a.verdict = "not_found";
  return a;
}
std::string first(const answer& a) { return a.addresses.empty() ? "none" : ip_text(a.addresses[0]) + (a.stale ? " stale" : ""); }
std::string put(cache& c, answer a, instant now) { return first(c.put(im, std::move(a), now, true)); }
cache::use use_at(cache& c, const std::string& name, instant now) { return c.find(about(name), now).as; }
std::string proofs(const cache& c, instant now) {
  std::string all;
  c.each_proven(now, [&](const cache::proof& p) { return all += p.about.name + " " + first(p.what) + ", ", true; });
  return all;
}
answer pinned(answer a) {
  a.source = THARSIS_DNS_PINNED;
  return a;
}

}  // namespace

TEST(Cache, AnAnswerHoldsUntilItsTimeAndIsStaleForAWhileAfter) {
  cache c(quick());
  (void)c.put(about("a"), good(), t0, true);
  (void)c.put(about("b"), bad(THARSIS_E_NOT_FOUND), t0, true);
  EXPECT_EQ(use_at(c, "a", t0 + 8s), cache::use::fresh);
  EXPECT_EQ(use_at(c, "a", t0 + 10s - 1ns), cache::use::refresh) << "in the last part of its life";
  EXPECT_EQ(use_at(c, "a", t0 + 10s), cache::use::stale);
  EXPECT_TRUE(c.find(about("a"), t0 + 10s).what.stale);
  EXPECT_EQ(use_at(c, "b", t0 + 2s - 1ns), cache::use::fresh) << "a failure is not looked up before its time";
  EXPECT_EQ(use_at(c, "b", t0 + 2s), cache::use::nothing) << "a failure is never stale";
  EXPECT_EQ(use_at(c, "a", t0 + 10s + 1h), cache::use::nothing);
  EXPECT_EQ(c.size(), 0u) << "what is over takes no room";
  EXPECT_EQ(c.bytes(), 0u);
}

TEST(Cache, UsingAnAnswerDoesNotMakeItLiveLonger) {
  cache c(quick());
  (void)c.put(about("a"), good(), t0, true);
  for (auto t = t0; t < t0 + 10s; t += 1s) ASSERT_NE(use_at(c, "a", t), cache::use::stale);
  EXPECT_EQ(use_at(c, "a", t0 + 10s), cache::use::stale);
}

TEST(Cache, TheLastPartOfALifeBeginsAtAnotherPointForEachNameAndMoment) {
  settings::cache_settings s = quick();
  s.ttl = 100s;
  s.entries = 1000;
  cache c(s);
  std::set<int64_t> points;
  for (int i = 0; i < 200; ++i) {
    const std::string name = "n" + std::to_string(i);
    const instant now = t0 + std::chrono::milliseconds(i);
    (void)c.put(about(name), good(), now, true);
    duration at = 0s;
    while (use_at(c, name, now + at) == cache::use::fresh) at += 1s;
    ASSERT_GE(at, 85s);
    ASSERT_LE(at, 90s);
    points.insert(at.count());
  }
  EXPECT_GE(points.size(), 4u);
}

TEST(Cache, FamiliesAreRememberedApart) {
  cache c(quick());
  (void)c.put(about("a", 4), good(), t0, true);
  EXPECT_EQ(c.find(about("a", 6), t0).as, cache::use::nothing);
  EXPECT_EQ(c.find(about("a", 0), t0).as, cache::use::nothing);
}

TEST(Cache, WhatSaysNothingAboutTheNameIsNotKept) {
  cache c(quick());
  for (const tharsis_status s : {THARSIS_E_TIMEOUT, THARSIS_E_CANCELLED, THARSIS_E_DENIED}) (void)c.put(about("a"), bad(s), t0, true);
  EXPECT_EQ(c.size(), 0u);
}

TEST(Cache, TheOneUnusedForLongestGoesFirst) {
  cache c(quick());
  for (const char* name : {"a", "b", "c"}) (void)c.put(about(name), good(), t0, true);
  EXPECT_EQ(use_at(c, "a", t0), cache::use::fresh);
  (void)c.put(about("d"), good(), t0, true);
  EXPECT_EQ(use_at(c, "b", t0), cache::use::nothing);
  for (const char* name : {"a", "c", "d"}) EXPECT_EQ(use_at(c, name, t0), cache::use::fresh) << name;
}

TEST(Cache, WhoOnlyLooksKeepsAnAnswerToo) {
  cache c(quick());
  for (const char* name : {"a", "b", "c"}) (void)c.put(about(name), good(), t0, true);
  EXPECT_EQ(c.peek("a", 0, t0 + 5s, [](const known_answer&, bool) {}).as, cache::use::fresh);
  (void)c.put(about("d"), good(), t0 + 5s, true);
  EXPECT_EQ(use_at(c, "a", t0 + 5s), cache::use::fresh);
  EXPECT_EQ(use_at(c, "b", t0 + 5s), cache::use::nothing);
}

TEST(Cache, ItsMemoryIsBoundedAndUsualEntriesAreSmall) {
  settings::cache_settings s;
  s.entries = 1'000'000;
  s.memory = 256 * 1024;
  cache c(s);
  const std::string name = "-service.example.com";
  for (int i = 0; i < 5000; ++i) {
    answer a = says("192.0.2.1", true);
    for (const char* ip : {"192.0.2.2", "2001:db8::1", "2001:db8::2"}) {
      a.addresses.push_back(*parse_ip(ip));
      a.candidates.push_back({*parse_ip(ip), "a server", true, "it says so"});
    }
    (void)c.put(about(std::to_string(i) + name), std::move(a), t0, true);
    ASSERT_LE(c.bytes(), s.memory);
  }
  EXPECT_GT(c.size(), 500u);
  EXPECT_LE(c.bytes() / c.size(), 300 + name.size() + 4);
  c.clear();
  EXPECT_EQ(c.bytes(), 0u);
}

TEST(Cache, WithoutATimeNothingIsKept) {
  settings::cache_settings s = quick();
  s.ttl = s.negative_ttl = 0s;
  cache c(s);
  (void)c.put(about("a"), good(), t0, true);
  (void)c.put(about("b"), bad(THARSIS_E_NETWORK), t0, true);
  EXPECT_EQ(c.size(), 0u);
}

TEST(Cache, WhatServersSayHoldsAsLongAsTheySayWithinBounds) {
  settings::cache_settings s;
  s.ttl_max = 1h;
  cache c(s);
  const auto holds = [&](tharsis_status status, std::optional<duration> life, duration until) {
    answer a{status, THARSIS_DNS_SERVERS, {}, {}};
    if (status == THARSIS_OK) a.addresses = {*parse_ip("192.0.2.1")};
    a.life = life;
    c.clear();
    (void)c.put(about("a"), a, t0, true);
    const cache::use before = use_at(c, "a", t0 + until - 1ms), after = use_at(c, "a", t0 + until);
    return (before == cache::use::fresh || before == cache::use::refresh) && (after == cache::use::stale || after == cache::use::nothing);
  };
  EXPECT_TRUE(holds(THARSIS_OK, 90s, 90s));
  EXPECT_TRUE(holds(THARSIS_OK, 1s, 10s));
  EXPECT_TRUE(holds(THARSIS_OK, std::nullopt, 10s)) << "a life of nothing";
  EXPECT_TRUE(holds(THARSIS_OK, 24h * 365 * 68, 1h)) << "one of 68 years";
  EXPECT_TRUE(holds(THARSIS_E_NOT_FOUND, 90s, 90s));
  EXPECT_TRUE(holds(THARSIS_E_NOT_FOUND, 24h, 5min));
  EXPECT_TRUE(holds(THARSIS_E_NOT_FOUND, std::nullopt, 2s));
  EXPECT_TRUE(holds(THARSIS_E_NETWORK, 90s, 2s)) << "no zone knows of the network";
}

TEST(Cache, WhereNobodyAnswersTheLastAnswerIsToldWithinBounds) {
  cache c(quick());
  EXPECT_EQ(put(c, good(), t0), "192.0.2.1");
  for (const tharsis_status s : {THARSIS_E_NETWORK, THARSIS_E_TIMEOUT}) EXPECT_EQ(put(c, bad(s), t0 + 30min), "192.0.2.1 stale");
  EXPECT_EQ(c.find(im, t0 + 30min + 29s).as, cache::use::fresh) << "nobody asks in a circle";
  EXPECT_EQ(first(c.find(im, t0 + 30min + 29s).what), "192.0.2.1 stale");
  EXPECT_EQ(c.find(im, t0 + 31min).as, cache::use::stale);
  EXPECT_EQ(put(c, bad(THARSIS_E_NOT_FOUND), t0 + 40min), "none") << "that there is no such name is an answer";
  EXPECT_EQ(put(c, good(), t0), "192.0.2.1");
  EXPECT_EQ(put(c, bad(THARSIS_E_NETWORK), t0 + 59min), "192.0.2.1 stale");
  EXPECT_EQ(put(c, bad(THARSIS_E_NETWORK), t0 + 62min), "none") << "being told again makes nothing younger";
}

TEST(Cache, AFailureBeforeItsTimeLeavesAnAnswerAsItIs) {
  cache c(quick());
  (void)put(c, good(), t0);
  EXPECT_EQ(put(c, bad(THARSIS_E_NETWORK), t0 + 9s), "192.0.2.1");
  EXPECT_EQ(c.find(im, t0 + 10s - 1ns).as, cache::use::fresh) << "it was tried";
  EXPECT_EQ(c.find(im, t0 + 10s).as, cache::use::stale);
}

TEST(Cache, WhatIsNotProvenNeverTakesThePlaceOfWhatWas) {
  cache c(quick());
  EXPECT_EQ(put(c, says("203.0.113.66", false), t0), "203.0.113.66") << "nothing is known yet";
  EXPECT_EQ(put(c, says("192.0.2.1", true), t0), "192.0.2.1");
  const answer again = c.put(im, says("203.0.113.66", false), t0 + 1h, true);
  EXPECT_EQ(first(again), "192.0.2.1 stale");
  EXPECT_TRUE(again.candidates[0].proven);
  EXPECT_EQ(again.learned, t0) << "its age is seen";
  EXPECT_EQ(again.life, 30s);
  ASSERT_EQ(again.refused.size(), 1u);
  EXPECT_EQ(ip_text(again.refused[0].address), "203.0.113.66");
  for (const tharsis_status s : {THARSIS_E_NOT_FOUND, THARSIS_E_NETWORK, THARSIS_E_DENIED}) EXPECT_EQ(put(c, fails(s), t0 + 2h), "192.0.2.1 stale") << status_name(s);
  EXPECT_EQ(first(c.put(im, says("203.0.113.66", false), t0 + 3h, false)), "203.0.113.66") << "where nobody asks for proofs the last word counts";
}

// One address is proven now, the other is a stranger's, who may have given both to have his own used.
TEST(Cache, WhatIsProvenInPartDoesNotTakeThePlaceOfWhatWasProven) {
  cache c(quick());
  (void)put(c, says("192.0.2.1", true), t0);
  answer half = says("203.0.113.66", false);
  half.addresses.push_back(*parse_ip("192.0.2.2"));
  half.candidates.push_back({*parse_ip("192.0.2.2"), "a trusted server", true, "it says so"});
  EXPECT_EQ(put(c, half, t0 + 1h), "192.0.2.1 stale");
  half.addresses.erase(half.addresses.begin());
  half.candidates.erase(half.candidates.begin());
  EXPECT_EQ(put(c, half, t0 + 2h), "192.0.2.2") << "all of it is proven";
  EXPECT_EQ(put(c, fails(THARSIS_E_NETWORK), t0 + 20h), "192.0.2.1 stale") << "what a trusted server said is still there";
}

TEST(Cache, TheSystemsWordDoesNotTakeThePlaceOfATrustedOnesEither) {
  cache c(quick());
  (void)put(c, says("192.0.2.1", true), t0);
  EXPECT_EQ(put(c, good("203.0.113.5"), t0 + 1h), "192.0.2.1 stale");
}

TEST(Cache, WhatIsDoubtedIsForgottenButNotWhatATrustedServerSaidBefore) {
  cache c(quick());
  (void)put(c, says("203.0.113.66", false), t0);
  c.doubt(im);
  EXPECT_EQ(c.find(im, t0).as, cache::use::nothing);
  EXPECT_EQ(c.size(), 0u);
  (void)put(c, says("192.0.2.1", true), t0);
  c.doubt(im);
  EXPECT_EQ(c.find(im, t0).as, cache::use::nothing);
  EXPECT_EQ(put(c, fails(THARSIS_E_NETWORK), t0 + 1s), "192.0.2.1");
  c.doubt(about("unknown"));
}

TEST(Cache, ATrustedServerChangesItAndTakesItAway) {
  cache c(quick());
  (void)put(c, says("192.0.2.1", true), t0);
  EXPECT_TRUE(c.take_changed());
  EXPECT_EQ(put(c, says("192.0.2.2", true), t0 + 1h), "192.0.2.2");
  EXPECT_EQ(put(c, fails(THARSIS_E_NETWORK), t0 + 2h), "192.0.2.2 stale");
  EXPECT_TRUE(c.take_changed());
  EXPECT_FALSE(c.take_changed());
  EXPECT_EQ(c.put(im, fails(THARSIS_E_NOT_FOUND, true), t0 + 3h, true).status, THARSIS_E_NOT_FOUND);
  EXPECT_TRUE(c.take_changed());
  EXPECT_EQ(c.put(im, fails(THARSIS_E_NETWORK), t0 + 4h, true).status, THARSIS_E_NETWORK);
  EXPECT_EQ(proofs(c, t0 + 4h), "");
}

TEST(Cache, NothingIsUsedForEver) {
  cache c(quick());
  (void)put(c, says("192.0.2.1", true), t0);
  EXPECT_EQ(put(c, fails(THARSIS_E_NETWORK), t0 + 72h - 1s), "192.0.2.1 stale");
  EXPECT_EQ(c.find(im, t0 + 72h - 1ns).as, cache::use::fresh);
  EXPECT_EQ(c.find(im, t0 + 72h).as, cache::use::nothing);
  EXPECT_EQ(c.put(im, fails(THARSIS_E_NETWORK), t0 + 73h, true).status, THARSIS_E_NETWORK);
}

TEST(Cache, OnAnotherNetworkOnlyWhatIsProvenIsKnownAndLookedUpAgain) {
  cache c(quick());
  (void)c.put(about("plain"), says("203.0.113.66", false), t0, true);
  (void)c.put(about("sure"), says("192.0.2.1", true), t0, true);
  c.fix(about("pinned"), pinned(good("127.0.0.1")), {never, never, never});
  c.on_network(t0 + 1s);
  EXPECT_EQ(use_at(c, "plain", t0 + 1s), cache::use::nothing);
  EXPECT_EQ(use_at(c, "sure", t0 + 1s), cache::use::refresh);
  EXPECT_EQ(use_at(c, "sure", t0 + 2h), cache::use::refresh) << "at once, though it is stale";
  EXPECT_EQ(use_at(c, "pinned", t0 + 1000h), cache::use::fresh);
  (void)c.put(about("sure"), says("203.0.113.66", false), t0 + 2h, true);
  EXPECT_EQ(first(c.find(about("sure"), t0 + 2h).what), "192.0.2.1 stale");
}

TEST(Cache, WhatIsRestoredIsUsedAtOnceAndNeverInThePlaceOfSomethingNewer) {
  cache from(quick());
  (void)from.put(about("a"), says("192.0.2.1", true), t0, true);
  (void)from.put(about("b"), says("192.0.2.2", true), t0, true);
  (void)from.put(about("liar"), says("203.0.113.66", false), t0, true);
  EXPECT_EQ(proofs(from, t0), "b 192.0.2.2, a 192.0.2.1, ");
  cache to(quick());
  (void)to.put(about("b"), says("192.0.2.3", true), t0 + 2h, true);
  from.each_proven(t0, [&](const cache::proof& p) { return to.restore(p, t0 + 2h), true; });
  EXPECT_EQ(to.find(about("a"), t0 + 2h).as, cache::use::refresh);
  EXPECT_EQ(first(to.find(about("a"), t0 + 2h).what), "192.0.2.1 stale");
  EXPECT_EQ(first(to.find(about("b"), t0 + 2h).what), "192.0.2.3");
  cache late(quick());
  from.each_proven(t0, [&](const cache::proof& p) { return !late.restore(p, t0 + 80h); });
  EXPECT_EQ(late.size(), 0u) << "too old";
  answer liar = says("203.0.113.66", false);
  liar.learned = t0;
  EXPECT_FALSE(late.restore({about("liar"), liar, 60s}, t0)) << "what is not proven is not kept";
}

TEST(Cache, AddressesThatAreLeftOutComeBack) {
  cache c(quick());
  answer a = good();
  a.addresses.push_back(*parse_ip("192.0.2.2"));
  (void)c.put(about("a"), a, t0, true);
  const auto seen = [&] {
    std::string all;
    c.peek("a", 0, t0, [&](const known_answer& k, bool) {
      for (size_t i = 0; i < k.usable(); ++i) all += ip_text(k.at(i).address) + " ";
    });
    return all;
  };
  c.order_new([](std::vector<tharsis_address> list) { return unknown_addresses({list[1]}); });
  EXPECT_EQ(seen(), "192.0.2.2 ");
  EXPECT_EQ(c.find(about("a"), t0).what.addresses.size(), 2u) << "who answers orders himself";
  const tharsis_address other = *parse_ip("198.51.100.1"), own = *parse_ip("192.0.2.1");
  c.order_all([](std::vector<tharsis_address> list) { return unknown_addresses(list); }, &other);
  EXPECT_EQ(seen(), "192.0.2.2 ");
  c.order_all([](std::vector<tharsis_address> list) { return unknown_addresses(list); }, &own);
  EXPECT_EQ(seen(), "192.0.2.2 192.0.2.1 ");
}

TEST(Cache, OnlyTheFirstWhoLooksIsToTell) {
  cache c(quick());
  (void)c.put(about("a"), good(), t0, true);
  const auto look = [&](duration at) { return c.peek("a", 0, t0 + at, [](const known_answer&, bool) {}); };
  EXPECT_FALSE(look(1s).tell);
  EXPECT_TRUE(look(10s - 1ns).tell);
  EXPECT_FALSE(look(10s - 1ns).tell);
  (void)c.put(about("a"), good(), t0 + 10s, true);
  EXPECT_TRUE(look(25s).tell);
  EXPECT_EQ(look(25s).as, cache::use::stale);
}

TEST(Cache, WhatIsForgottenIsGoneInAllFamiliesAndForTheNextStart) {
  cache c(quick());
  (void)c.put(about("a", 4), says("192.0.2.1", true), t0, true);
  (void)c.put(about("a", 0), good(), t0, true);
  (void)c.take_changed();
  EXPECT_FALSE(c.forget("b"));
  EXPECT_TRUE(c.forget("a"));
  EXPECT_TRUE(c.take_changed());
  EXPECT_EQ(c.size(), 0u);
  c.fix(about("pinned"), pinned(good("127.0.0.1")), {never, never, never});
  (void)c.put(about("sure"), says("192.0.2.1", true), t0, true);
  c.on_known_changed([](const std::string& name) { return name == "sure"; }, t0);
  EXPECT_EQ(use_at(c, "pinned", t0), cache::use::nothing);
  EXPECT_EQ(use_at(c, "sure", t0), cache::use::nothing) << "it may be pinned now";
  EXPECT_EQ(first(c.put(about("sure"), fails(THARSIS_E_NETWORK), t0 + 1s, true)), "192.0.2.1") << "but it was proven";
}

// Goal: readers on other threads never see a half, freed or foreign answer while the owner changes everything. Method: each name's
// address says its name; two threads read while names are put, dropped, forgotten and reordered. To be run under tsan and asan.
TEST(Cache, ThreadsReadWhileItsOwnerChangesEverything) {
  settings::cache_settings s;
  s.entries = 40;
  s.ttl = 1h;
  cache c(s);
  std::atomic<bool> over = false;
  std::atomic<uint64_t> hits = 0, wrong = 0;
  const auto address_of = [](int i) { return "192.0.2." + std::to_string(i); };
  const auto read = [&] {
    for (int i = 0; !over; i = (i + 7) % 64)
      c.peek("name" + std::to_string(i), 0, t0, [&](const known_answer& k, bool) {
        hits.fetch_add(1, std::memory_order_relaxed);
        for (size_t at = 0; at < k.usable(); ++at)
          if (ip_text(k.at(at).address) != address_of(i) || c.texts().text(k.at(at).source) != address_of(i)) wrong.fetch_add(1);
      });
  };
  std::thread one(read), two(read);
  for (int turn = 0; turn < 20'000; ++turn) {
    const int i = turn * 13 % 64;
    answer a = good(address_of(i).c_str());
    a.addresses.push_back(a.addresses[0]);
    a.addresses.back().port = 443;
    for (const auto& address : a.addresses) a.candidates.push_back({address, address_of(i), true, "so"});
    (void)c.put(about("name" + std::to_string(i)), a, t0, true);
    if (turn % 5 == 0) c.order_all([](auto list) { return unknown_addresses(std::vector<tharsis_address>(list.rbegin(), list.rend())); });
    if (turn % 11 == 0) c.forget("name" + std::to_string(turn % 64));
    if (turn % 997 == 0) c.clear();
    c.sweep();
  }
  while (hits == 0) std::this_thread::yield();
  over = true;
  one.join();
  two.join();
  EXPECT_EQ(wrong, 0u);
  EXPECT_GT(hits, 0u);
}

// What a person sees: each name once, with what it is good for, whose word it is, and from which network.
TEST(Cache, AllThatIsRememberedCanBeShown) {
  settings::cache_settings s = quick();
  s.entries = 10;
  cache c(s);
  const auto shown = [&c](instant now) {
    std::string all;
    c.each(now, [&](const cache::sight& one) {
      const char* const as[] = {"nothing", "fresh", "refresh", "stale"};
      all += one.about.name + " " + as[static_cast<size_t>(one.as)] + " " + first(one.what) + (one.of_before ? " before" : "") + (one.until == never ? " fixed" : "") + ", ";
    });
    return all;
  };
  EXPECT_EQ(shown(t0), "");
  c.put(im, says("192.0.2.1", true), t0, true);
  c.put({"plain.example", 4}, says("192.0.2.2", false), t0 + 1s, true);
  c.put({"none.example", 4}, fails(THARSIS_E_NOT_FOUND), t0 + 2s, true);
  c.fix({"here.example", 4}, pinned(good("10.0.0.1")), {never, never, never});
  EXPECT_EQ(shown(t0 + 2s), "here.example fresh 10.0.0.1 fixed, none.example fresh none, plain.example fresh 192.0.2.2, im.example.com fresh 192.0.2.1, ");
  EXPECT_EQ(shown(t0 + 90s), "here.example fresh 10.0.0.1 fixed, none.example nothing none, plain.example stale 192.0.2.2, im.example.com stale 192.0.2.1, ");
  c.on_network(t0 + 3s);
  EXPECT_EQ(shown(t0 + 3s), "here.example fresh 10.0.0.1 fixed, im.example.com refresh 192.0.2.1 before, ");
  c.doubt(im);
  EXPECT_EQ(shown(t0 + 3s), "here.example fresh 10.0.0.1 fixed, im.example.com nothing 192.0.2.1 before, ") << "kept, though nobody gets it";
}

// What is of before stays so until somebody has answered, and is looked up again after each pause, not at the end of its life.
TEST(Cache, AFailedLookupMakesNothingNewOfWhatIsOld) {
  cache c(quick());
  answer a = says("192.0.2.1", true);
  a.life = 10h;
  settings::cache_settings s = quick();
  c.put(im, a, t0, true);
  c.on_network(t0 + 1h);
  const auto as = [&](instant now) {
    std::string all;
    c.each(now, [&](const cache::sight& one) { all += std::string(one.as == cache::use::fresh ? "fresh" : one.as == cache::use::refresh ? "refresh" : "other") + (one.of_before ? " before" : " now"); });
    return all;
  };
  EXPECT_EQ(as(t0 + 1h), "refresh before");
  for (int i = 0; i < 3; ++i) {
    const instant now = t0 + 1h + 31s * i;
    EXPECT_EQ(c.find(im, now).as, cache::use::refresh) << i;
    EXPECT_EQ(put(c, fails(THARSIS_E_NETWORK), now), "192.0.2.1");
    EXPECT_EQ(as(now + s.again_after - 1ns), "fresh before") << "nobody is asked in the pause";
    EXPECT_EQ(as(now + s.again_after), "refresh before");
  }
  c.put(im, a, t0 + 2h, true);
  EXPECT_EQ(as(t0 + 2h), "fresh now");
  // The same of one that is of now: a refresh that fails in the last part of its life is tried again.
  EXPECT_EQ(put(c, fails(THARSIS_E_NETWORK), t0 + 11h), "192.0.2.1");
  EXPECT_EQ(as(t0 + 11h), "fresh now");
  EXPECT_EQ(as(t0 + 11h + s.again_after), "refresh now");
}

// A certificate may have a name that somebody chose: thousands of sentences leave room for the sources of answers.
TEST(Cache, SentencesOfStrangersDriveNoSourceOut) {
  cache c(quick());
  for (int i = 0; i < 2000; ++i) {
    answer a = good();
    a.refused = {{*parse_ip("203.0.113.66"), "udp://192.0.2.54", "its certificate is for " + std::to_string(i) + std::string(5000, 'x')}};
    (void)c.put(about("a"), a, t0, true);
  }
  (void)c.put(im, says("192.0.2.1", true), t0, true);
  EXPECT_EQ(c.find(im, t0).what.candidates.at(0).source, "a server");
  EXPECT_LE(c.texts().text(100).size(), text_pool::size_max);
}

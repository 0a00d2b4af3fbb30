#include "plugins/dns/core/desk.h"

#include <gtest/gtest.h>

#include <random>

#include "sdk/pure/address.h"
#include "tests/plugins/dns/signed_table.h"

using namespace tharsis;
using namespace tharsis::dns;

namespace {

constexpr instant t0{};

settings quick() {
  settings s;
  s.timeout = 5s;
  s.cache.ttl = 60s;
  s.cache.negative_ttl = 2s;
  s.cache.entries = 4;
  s.pins["pinned.test"] = {*parse_ip("127.0.0.1"), *parse_ip("::1")};
  return s;
}
std::vector<tharsis_address> list(std::initializer_list<const char*> texts) {
  std::vector<tharsis_address> all;
  for (const char* text : texts) all.push_back(*parse_ip(text));
  return all;
}
answer only(desk& d) {
  const auto replies = d.take_replies();
  EXPECT_EQ(replies.size(), 1u);
  return replies.empty() ? answer{THARSIS_E_INTERNAL} : replies.front().what;
}
std::string text(const answer& a) {
  std::string all;
  for (const auto& address : a.addresses) all += ip_text(address) + " ";
  return all;
}

}  // namespace

TEST(Desk, AddressesAndPinsAreAnsweredAtOnceInTheProfilesOrder) {
  desk d(quick());
  d.on_question(1, {"192.0.2.1", 0}, t0);
  EXPECT_EQ(text(only(d)), "192.0.2.1 ");
  d.on_question(2, {"pinned.test", 0}, t0);
  const answer pinned = only(d);
  EXPECT_EQ(text(pinned), "127.0.0.1 ::1 ");
  EXPECT_EQ(pinned.source, uint32_t{THARSIS_DNS_PINNED});
  d.on_question(3, {"pinned.test", 6}, t0);
  EXPECT_EQ(text(only(d)), "::1 ");
  EXPECT_TRUE(d.take_lookups().empty());
  EXPECT_EQ(d.deadline(), never);
}

TEST(Desk, AnAddressOfTheOtherFamilyIsNotFound) {
  desk d(quick());
  d.on_question(1, {"192.0.2.1", 6}, t0);
  const answer a = only(d);
  EXPECT_EQ(a.status, THARSIS_E_NOT_FOUND);
  EXPECT_NE(a.reason.find("192.0.2.1"), std::string::npos);
  EXPECT_NE(a.reason.find("IPv6"), std::string::npos);
}

TEST(Desk, TheSameQuestionsInFlightAreOneLookupAndAllGetItsAnswer) {
  desk d(quick());
  for (tharsis_handle id = 1; id <= 3; ++id) d.on_question(id, {"a.test", 0}, t0);
  d.on_question(4, {"a.test", 4}, t0);
  EXPECT_EQ(d.take_lookups().size(), 2u) << "families are different questions";
  EXPECT_TRUE(d.take_lookups().empty());
  d.on_looked_up({"a.test", 0}, THARSIS_OK, list({"192.0.2.1"}), t0 + 1s);
  EXPECT_EQ(d.take_replies().size(), 3u);
  EXPECT_EQ(d.open(), 1u);
}

TEST(Desk, AnAnswerIsRememberedAndSoIsAFailureForLess) {
  desk d(quick());
  d.on_question(1, {"a.test", 0}, t0);
  (void)d.take_lookups();
  d.on_looked_up({"a.test", 0}, THARSIS_OK, list({"192.0.2.1"}), t0);
  (void)d.take_replies();
  d.on_question(2, {"a.test", 0}, t0 + 59s);
  EXPECT_EQ(only(d).source, uint32_t{THARSIS_DNS_CACHED});
  d.on_question(3, {"a.test", 0}, t0 + 60s);
  EXPECT_EQ(d.take_lookups().size(), 1u);
  d.on_looked_up({"a.test", 0}, THARSIS_E_NOT_FOUND, {}, t0 + 60s);
  const answer first = only(d);
  d.on_question(4, {"a.test", 0}, t0 + 61s);
  const answer again = only(d);
  EXPECT_EQ(again.status, THARSIS_E_NOT_FOUND);
  EXPECT_EQ(again.reason, first.reason);
  EXPECT_EQ(again.source, uint32_t{THARSIS_DNS_CACHED});
  d.on_question(5, {"a.test", 0}, t0 + 62s);
  EXPECT_EQ(d.take_lookups().size(), 1u);
}

TEST(Desk, EachQuestionHasItsOwnDeadlineAndTheLastOneOutGivesTheLookupUp) {
  desk d(quick());
  d.on_question(1, {"a.test", 0}, t0);
  (void)d.take_lookups();
  d.on_question(2, {"a.test", 0}, t0 + 4s);
  EXPECT_EQ(d.deadline(), t0 + 5s);
  d.on_deadline(t0 + 5s);
  const answer a = only(d);
  EXPECT_EQ(a.status, THARSIS_E_TIMEOUT);
  EXPECT_NE(a.reason.find("5000 ms"), std::string::npos) << a.reason;
  EXPECT_TRUE(d.take_given_up().empty());
  d.on_deadline(t0 + 9s);
  EXPECT_EQ(only(d).status, THARSIS_E_TIMEOUT);
  EXPECT_EQ(d.take_given_up().size(), 1u);
  d.on_question(3, {"a.test", 0}, t0 + 9s);
  EXPECT_EQ(d.take_lookups().size(), 1u) << "the next one asks anew";
}

TEST(Desk, ACancelledQuestionTakesNothingFromTheOthers) {
  desk d(quick());
  d.on_question(1, {"a.test", 0}, t0);
  d.on_question(2, {"a.test", 0}, t0);
  (void)d.take_lookups();
  d.on_cancel(1);
  d.on_cancel(1);
  EXPECT_EQ(only(d).status, THARSIS_E_CANCELLED);
  d.on_looked_up({"a.test", 0}, THARSIS_OK, list({"192.0.2.1"}), t0);
  EXPECT_EQ(only(d).status, THARSIS_OK);
}

TEST(Desk, AQuestionThatIsWithdrawnBeforeItsLookupBeganStartsNone) {
  desk d(quick());
  d.on_question(1, {"a.test", 0}, t0);
  d.on_cancel(1);
  EXPECT_TRUE(d.take_lookups().empty());
  EXPECT_TRUE(d.take_given_up().empty());
}

TEST(Desk, EveryFailureOfTheResolverIsASentenceWithTheName) {
  const std::pair<tharsis_status, tharsis_status> told[] = {{THARSIS_E_NOT_FOUND, THARSIS_E_NOT_FOUND},
                                                            {THARSIS_E_TIMEOUT, THARSIS_E_TIMEOUT},
                                                            {THARSIS_E_NETWORK, THARSIS_E_NETWORK},
                                                            {THARSIS_E_BUSY, THARSIS_E_NETWORK},
                                                            {THARSIS_OK, THARSIS_E_NOT_FOUND}};
  for (const auto& [said, expected] : told) {
    desk d(quick());
    d.on_question(1, {"a.test", 4}, t0);
    (void)d.take_lookups();
    d.on_looked_up({"a.test", 4}, said, {}, t0);
    const answer a = only(d);
    EXPECT_EQ(a.status, expected);
    EXPECT_NE(a.reason.find("a.test"), std::string::npos) << a.reason;
  }
}

// Goal: whatever happens in whatever order, each question gets exactly one reply, by its deadline; the
// numbers add up; no lookup runs for nobody. Method: random questions, cancels, answers, failures,
// silences and times, drawn from the seed; at a random moment dns stops.
TEST(Desk, EachQuestionGetsExactlyOneReply) {
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    std::mt19937_64 draw(seed);
    const auto upto = [&](uint64_t n) { return draw() % n; };
    settings s = quick();
    s.cache.ttl = std::chrono::seconds(upto(4));
    s.cache.negative_ttl = std::chrono::seconds(upto(3));
    desk d(s);
    instant now{};
    std::map<tharsis_handle, instant> asked;
    std::map<tharsis_handle, int> replies;
    std::set<subject> running;
    const auto turn = [&] {
      for (const subject& about : d.take_given_up()) running.erase(about);  // Its answer may have come in this very turn.
      for (const subject& about : d.take_lookups()) ASSERT_TRUE(running.insert(about).second) << about.name;
      for (const auto& r : d.take_replies()) {
        ++replies[r.id];
        ASSERT_LE(now, asked.at(r.id) + s.timeout);
        ASSERT_EQ(r.what.status == THARSIS_OK, !r.what.addresses.empty());
        ASSERT_EQ(r.what.status == THARSIS_OK, r.what.reason.empty());
      }
      ASSERT_LE(running.size(), d.open() + d.unattended());
    };
    const uint64_t stops_after = upto(300);
    for (uint64_t step = 0; step < stops_after; ++step) {
      const subject about{std::string(1, static_cast<char>('a' + upto(6))) + ".test", static_cast<uint32_t>(upto(2) * 4)};
      switch (upto(6)) {
        case 0:
        case 1:
        case 2: {
          const tharsis_handle id = asked.size() + 1;
          asked[id] = now;
          if (upto(4) == 0) d.on_prefetch(about, now);
          if (upto(20) == 0) d.on_network(now);
          d.on_question(id, upto(8) == 0 ? subject{"pinned.test", 0} : about, now);
          break;
        }
        case 3: d.on_cancel(upto(asked.size() + 2)); break;
        case 4:
          if (running.erase(about) > 0) {
            if (upto(2) == 0) d.on_looked_up(about, THARSIS_OK, list({"192.0.2.1"}), now);
            else d.on_looked_up(about, upto(2) == 0 ? THARSIS_E_NOT_FOUND : THARSIS_E_NETWORK, {}, now);
          }
          break;
        default:
          turn();
          now = std::min(now + std::chrono::milliseconds(upto(3000)), std::max(now, d.deadline()));
          d.on_deadline(now);
      }
      if (upto(2) == 0) turn();
    }
    turn();
    d.on_stop();
    turn();
    EXPECT_TRUE(running.empty());
    EXPECT_EQ(replies.size(), asked.size());
    for (const auto& [id, count] : replies) EXPECT_EQ(count, 1) << id;
    const tharsis_dns_stats& n = d.stats();
    EXPECT_EQ(n.queries, asked.size());
    EXPECT_EQ(n.queries, n.literal + n.pinned + n.cached + n.system + n.failed);
    d.on_question(asked.size() + 1, {"late.test", 0}, now);
    EXPECT_EQ(only(d).status, THARSIS_E_CANCELLED);
  }
}

TEST(Desk, OnAnotherNetworkNothingIsRememberedAndWhoWaitsIsAskedForAnew) {
  desk d(quick());
  d.on_question(1, {"a.test", 0}, t0);
  ASSERT_EQ(d.take_lookups().size(), 1u);
  d.on_looked_up({"a.test", 0}, THARSIS_OK, list({"10.0.0.1"}), t0);
  EXPECT_EQ(text(only(d)), "10.0.0.1 ");
  d.on_question(2, {"b.test", 0}, t0);
  ASSERT_EQ(d.take_lookups().size(), 1u);

  d.on_network(t0);
  EXPECT_EQ(d.take_given_up().size(), 1u) << "the resolver of before";
  ASSERT_EQ(d.take_lookups().size(), 1u) << "the one of now";
  d.on_question(3, {"a.test", 0}, t0);
  EXPECT_EQ(d.take_lookups().size(), 1u) << "not remembered";
  d.on_looked_up({"b.test", 0}, THARSIS_OK, list({"10.0.0.3"}), t0);
  EXPECT_EQ(text(only(d)), "10.0.0.3 ");
  EXPECT_EQ(d.open(), 1u);
}

TEST(Desk, TenThousandQuestionsForOneNameAreOneLookup) {
  settings s = quick();
  s.questions_max = 20'000;
  desk d(s);
  for (tharsis_handle id = 1; id <= 10'000; ++id) d.on_question(id, {"a.test", 0}, t0 + std::chrono::microseconds(id));
  EXPECT_EQ(d.take_lookups().size(), 1u);
  d.on_looked_up({"a.test", 0}, THARSIS_OK, list({"192.0.2.1"}), t0 + 1s);
  EXPECT_EQ(d.take_replies().size(), 10'000u);
  EXPECT_EQ(d.open(), 0u);
  EXPECT_TRUE(d.take_lookups().empty());
}

TEST(Desk, WhoAsksForSomethingThatIsOverGetsItWhereNothingNewerComesInTime) {
  desk d(quick());
  d.on_question(1, {"a.test", 0}, t0);
  (void)d.take_lookups();
  d.on_looked_up({"a.test", 0}, THARSIS_OK, list({"192.0.2.1"}), t0);
  (void)d.take_replies();
  d.on_question(2, {"a.test", 0}, t0 + 90s);
  EXPECT_EQ(d.take_lookups().size(), 1u);
  EXPECT_TRUE(d.take_replies().empty());
  EXPECT_EQ(d.deadline(), t0 + 90s + 250ms);
  d.on_deadline(t0 + 90s + 250ms);
  const answer stale = only(d);
  EXPECT_EQ(text(stale), "192.0.2.1 ");
  EXPECT_TRUE(stale.stale);
  EXPECT_EQ(d.stale_answers(), 1u);
  EXPECT_TRUE(d.take_given_up().empty()) << "the lookup goes on";
  d.on_question(3, {"a.test", 0}, t0 + 90s + 300ms);
  EXPECT_TRUE(d.take_lookups().empty()) << "and is the one of whoever asks now";
  d.on_looked_up({"a.test", 0}, THARSIS_OK, list({"192.0.2.2"}), t0 + 90s + 400ms);
  EXPECT_EQ(text(only(d)), "192.0.2.2 ") << "in time";
  EXPECT_EQ(d.deadline(), never);
}

TEST(Desk, WhatIsUsedInTheLastPartOfItsLifeIsLookedUpForNobody) {
  desk d(quick());
  d.on_question(1, {"a.test", 0}, t0);
  (void)d.take_lookups();
  d.on_looked_up({"a.test", 0}, THARSIS_OK, list({"192.0.2.1"}), t0);
  (void)d.take_replies();
  for (tharsis_handle id = 2; id < 5; ++id) {
    d.on_question(id, {"a.test", 0}, t0 + 59s);
    EXPECT_FALSE(only(d).stale);
  }
  EXPECT_EQ(d.take_lookups().size(), 1u);
  EXPECT_EQ(d.refreshes(), 1u);
  d.on_looked_up({"a.test", 0}, THARSIS_OK, list({"192.0.2.2"}), t0 + 59s);
  d.on_question(6, {"a.test", 0}, t0 + 100s);
  EXPECT_EQ(text(only(d)), "192.0.2.2 ");
  EXPECT_TRUE(d.take_lookups().empty());
}

TEST(Desk, TheProfilesListIsLookedUpAFewAtATimeAndPeopleDoNotWaitForIt) {
  settings s = quick();
  s.cache.entries = 100;
  s.refreshes_max = 2;
  for (const char* name : {"a.test", "b.test", "c.test", "d.test", "pinned.test"}) s.prefetch.push_back(name);
  desk d(s);
  d.on_start(t0);
  EXPECT_EQ(d.take_lookups().size(), 2u);
  EXPECT_TRUE(d.take_lookups().empty());
  d.on_question(1, {"d.test", 0}, t0);
  EXPECT_EQ(d.take_lookups(), std::vector<subject>({{"d.test", 0}})) << "somebody waits for it";
  d.on_looked_up({"a.test", 0}, THARSIS_OK, list({"192.0.2.1"}), t0);
  EXPECT_EQ(d.take_lookups().size(), 1u);
  d.on_looked_up({"b.test", 0}, THARSIS_E_NETWORK, {}, t0);
  d.on_looked_up({"c.test", 0}, THARSIS_OK, list({"192.0.2.1"}), t0);
  d.on_looked_up({"d.test", 0}, THARSIS_OK, list({"192.0.2.1"}), t0);
  EXPECT_TRUE(d.take_lookups().empty());
  EXPECT_EQ(d.take_replies().size(), 1u);
  d.on_question(2, {"c.test", 0}, t0);
  EXPECT_EQ(only(d).source, uint32_t{THARSIS_DNS_CACHED});
  d.on_network(t0 + 1s);
  EXPECT_EQ(d.take_lookups().size(), 2u) << "on each network anew";
}

TEST(Desk, WhoWaitsWhenTheLastStartsNamesComeHasThem) {
  desk d(quick());
  d.on_question(1, {"a.test", 0}, t0 + 1h);
  (void)d.take_lookups();
  answer known{THARSIS_OK, THARSIS_DNS_SERVERS, list({"192.0.2.1"}), {}};
  describe(known, "https://192.0.2.53/dns-query", true, "before");
  known.trusted = true;
  known.learned = t0;
  d.on_restored({{{"a.test", 0}, known, 60s}, {{"b.test", 0}, known, 60s}, {{"pinned.test", 0}, known, 60s}}, t0 + 1h);
  EXPECT_TRUE(only(d).stale);
  d.on_question(2, {"b.test", 0}, t0 + 1h);
  EXPECT_EQ(text(only(d)), "192.0.2.1 ") << "at once";
  EXPECT_EQ(d.take_lookups(), std::vector<subject>({{"b.test", 0}}));
  d.on_question(3, {"pinned.test", 6}, t0 + 1h);
  EXPECT_EQ(text(only(d)), "::1 ") << "the profile's word counts more";
  answer fresh = known;
  fresh.addresses = list({"192.0.2.9"});
  fresh.candidates[0].address = fresh.addresses[0];
  d.on_answer({"a.test", 0}, fresh, t0 + 1h);
  d.on_question(4, {"a.test", 0}, t0 + 1h);
  EXPECT_EQ(text(only(d)), "192.0.2.9 ");
}

// A wrong certificate at an address that a trusted server gave is on the way there: the name keeps it, also for the next start.
TEST(Desk, ADoubtTakesNothingThatATrustedServerSaid) {
  settings s = quick();
  s.servers = {*parse_server("tls://192.0.2.53"), *parse_server("udp://192.0.2.54")};
  for (const auto& [source, proven] : {std::pair("tls://192.0.2.53", true), std::pair("udp://192.0.2.54", true), std::pair("udp://192.0.2.54", false)}) {
    const bool trusted = source == s.servers[0].text;
    desk d(s);
    d.on_question(1, {"a.test", 4}, t0);
    (void)d.take_lookups();
    answer said{THARSIS_OK, THARSIS_DNS_SERVERS, list({"192.0.2.1"}), {}};
    describe(said, source, proven, "it says so, or its certificate does");
    said.trusted = proven;
    said.life = 60s;
    d.on_answer({"a.test", 4}, said, t0);
    d.on_doubted("a.test", *parse_ip("192.0.2.2"), t0);
    EXPECT_EQ(d.known().find({"a.test", 4}, t0).as, cache::use::fresh) << "it has another";
    d.on_doubted("a.test", *parse_ip("192.0.2.1"), t0);
    EXPECT_EQ(d.known().find({"a.test", 4}, t0).as, trusted ? cache::use::fresh : cache::use::nothing);
  }
}

TEST(Desk, WhatTheLastStartKnewIsHeldToTheRulesOfToday) {
  settings s = quick();
  s.domains.add({.domain = "bank.test", .allowed = {*parse_range("192.0.2.0/24")}, .stale_max = 1h});
  desk d(s);
  answer known{THARSIS_OK, THARSIS_DNS_SERVERS, list({"192.0.2.1"}), {}};
  describe(known, "tls://192.0.2.53", true, "before");
  known.trusted = true;
  known.learned = t0;
  answer elsewhere = known;
  elsewhere.addresses = list({"203.0.113.66"});
  elsewhere.candidates[0].address = elsewhere.addresses[0];
  d.on_restored({{{"bank.test", 0}, known, 60s}, {{"www.bank.test", 0}, elsewhere, 60s}, {{"other.test", 0}, elsewhere, 60s}}, t0 + 50min);
  EXPECT_EQ(d.known().find({"other.test", 0}, t0 + 50min).as, cache::use::refresh);
  EXPECT_EQ(d.known().find({"www.bank.test", 0}, t0 + 50min).as, cache::use::nothing);
  EXPECT_EQ(d.known().find({"bank.test", 0}, t0 + 50min).as, cache::use::refresh);
  EXPECT_EQ(d.known().find({"bank.test", 0}, t0 + 61min).as, cache::use::nothing);
}

TEST(Desk, TheAnswerOfALookupOfANetworkOfBeforeIsNotHeard) {
  desk d(quick());
  d.on_question(1, {"a.test", 0}, t0);
  ASSERT_EQ(d.take_lookups().size(), 1u);
  d.on_network(t0);
  d.on_looked_up({"a.test", 0}, THARSIS_OK, list({"10.6.6.6"}), t0);
  EXPECT_TRUE(d.take_replies().empty());
  ASSERT_EQ(d.take_lookups().size(), 1u);
  d.on_looked_up({"a.test", 0}, THARSIS_OK, list({"192.0.2.1"}), t0);
  EXPECT_EQ(text(only(d)), "192.0.2.1 ");
}

// A look without a question sees what the profile's files say, as soon as somebody has asked; and nothing of it once they say something else.
TEST(Desk, NamesOfFilesAreThereToBeReadUntilTheFilesChange) {
  known_names known({}, "", 1);
  hosts_file file;
  (void)file.read("10.0.0.1 im.test\n");
  known.set_hosts(file);
  desk d(quick(), &known);
  const auto seen = [&] {
    std::string all;
    d.known().peek("im.test", 4, t0, [&](const known_answer& k, bool) { all = ip_text(k.at(0).address); });
    return all;
  };
  d.on_question(1, {"im.test", 4}, t0);
  EXPECT_EQ(text(only(d)), "10.0.0.1 ");
  EXPECT_EQ(seen(), "10.0.0.1");
  EXPECT_TRUE(d.take_lookups().empty());
  d.on_network(t0);
  EXPECT_EQ(seen(), "10.0.0.1") << "the profile's word on every network";
  known.set_hosts({});
  d.on_known_changed(t0);
  EXPECT_EQ(seen(), "");
  d.on_question(2, {"im.test", 4}, t0);
  EXPECT_EQ(d.take_lookups().size(), 1u);
  known.set_hosts(file);
  d.on_looked_up({"im.test", 4}, THARSIS_OK, list({"192.0.2.1"}), t0);
  EXPECT_EQ(seen(), "10.0.0.1") << "though a server has answered meanwhile";
}

// Goal: a hosts file that is written again every minute, as containers and VPNs do, costs other names nothing.
TEST(Desk, WhatFilesSayOfOneNameTakesNothingFromOthers) {
  known_names known({}, "", 1);
  settings s = quick();
  s.cache.entries = 100;
  desk d(s, &known);
  const auto learn = [&](const char* name, const char* ip, bool proven) {
    d.on_question(1, {name, 4}, t0);
    (void)d.take_lookups();
    answer a{THARSIS_OK, THARSIS_DNS_SERVERS, list({ip}), {}};
    a.candidates = {{a.addresses[0], "a server", proven, "it says so"}};
    a.trusted = proven;
    a.verdict = "proven";
    a.life = 60s;
    d.on_answer({name, 4}, a, t0);
    (void)d.take_replies();
  };
  const auto seen = [&](const char* name) {
    std::string all = "nothing";
    d.known().peek(name, 4, t0, [&](const known_answer& k, bool) { all = ip_text(k.at(0).address); });
    return all;
  };
  learn("plain.test", "192.0.2.1", false);
  learn("sure.test", "192.0.2.2", true);
  learn("box.test", "192.0.2.3", true);
  hosts_file file;
  (void)file.read("10.0.0.1 box.test\n");
  known.set_hosts(file);
  d.on_known_changed(t0);
  EXPECT_EQ(seen("plain.test"), "192.0.2.1");
  EXPECT_EQ(seen("sure.test"), "192.0.2.2");
  EXPECT_EQ(seen("box.test"), "nothing") << "the file has it, which is read when it is asked for";
  d.on_question(2, {"box.test", 4}, t0);
  EXPECT_EQ(text(only(d)), "10.0.0.1 ");
  known.set_hosts({});
  d.on_known_changed(t0);
  EXPECT_EQ(seen("box.test"), "192.0.2.3") << "what a trusted server said before";
  EXPECT_EQ(d.known().peek("box.test", 4, t0, [](const known_answer&, bool) {}).as, cache::use::refresh) << "and is asked again";
  EXPECT_EQ(seen("sure.test"), "192.0.2.2");
}

// A table's life is that of its addresses, from the first answer on; and its end is theirs.
TEST(Desk, TheTablesLifeHoldsAndNobodyGetsItsAddressesAfterItsEnd) {
  const table_signer owner = dns::test::signer_of(1);
  address_table t;
  t.serial = 1;
  t.from = 1000;
  t.until = 10'000;
  t.names["im.test"] = {30, {{*parse_ip("192.0.2.1"), 1, ""}}};
  t.names["long.test"] = {600, {{*parse_ip("192.0.2.2"), 1, ""}}};
  known_names known({owner.open()}, "", 1);
  known.on_clock(2000);
  ASSERT_EQ(known.offer_table(*write_table(t, owner), "it").status, THARSIS_OK);
  desk d(quick(), &known);
  const auto left = [&](const char* name, instant now) {
    duration at = -1s;
    d.known().peek(name, 4, now, [&](const known_answer& k, bool) { at = k.times().until - now; });
    return at;
  };
  d.on_question(1, {"im.test", 4}, t0);
  EXPECT_EQ(only(d).life, duration(30s));
  EXPECT_EQ(left("im.test", t0 + 1s), duration(29s));
  EXPECT_EQ(left("im.test", t0 + 30s), duration(-1s)) << "it is asked again, and drawn again";
  EXPECT_EQ(d.known().peek("im.test", 4, t0 + 20s, [](const known_answer&, bool) {}).as, cache::use::refresh);
  d.on_question(2, {"im.test", 6}, t0);
  EXPECT_EQ(only(d).life, duration(30s)) << "that it has none, too";
  // Clocks differ by five minutes.
  known.on_clock(10'000 + 290);
  d.on_question(3, {"long.test", 4}, t0 + 60s);
  EXPECT_EQ(only(d).life, duration(11s));
  EXPECT_EQ(left("long.test", t0 + 70s), duration(1s));
  EXPECT_EQ(left("long.test", t0 + 71s), duration(-1s));
  known.on_clock(10'000 + 301);
  d.on_question(4, {"long.test", 4}, t0 + 71s);
  EXPECT_EQ(d.take_lookups().size(), 1u) << "it is over";
}

// Who wishes for names without end takes no more memory than questions may.
TEST(Desk, WishesThatNobodyWaitsForAreBounded) {
  settings s = quick();
  s.questions_max = 100;
  desk d(s);
  for (int i = 0; i < 1000; ++i) d.on_prefetch({"n" + std::to_string(i) + ".test", 0}, t0);
  EXPECT_EQ(d.unattended(), 100u);
  d.on_question(1, {"other.test", 0}, t0);
  EXPECT_EQ(d.take_lookups().front().name, "other.test") << "people go first, and are not turned away";
}

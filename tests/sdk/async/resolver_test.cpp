// The resolver asks dns while there is one, the system otherwise, and no late answer finds what is gone.
#include "sdk/async/resolver.h"

#include <gtest/gtest.h>

#include <cstddef>

#include "sdk/async/task_set.h"
#include "sdk/pure/address.h"
#include "sdk/pure/views.h"
#include "tests/sdk/async/fake_net.h"

using namespace tharsis;
using namespace tharsis::test;

namespace {

// A provider of dns that answers when told to.
struct fake_dns {
  fake_dns() {
    table.size = sizeof table;
    table.self = this;
    table.resolve = [](void* s, tharsis_text name, uint32_t, tharsis_dns_done done, void* context, tharsis_handle* id,
                       tharsis_error* error) {
      auto& self = *static_cast<fake_dns*>(s);
      if (self.refusal != THARSIS_OK) return fail(error, self.refusal, "dns says no");
      self.questions[*id = self.next++] = {std::string(view(name)), done, context};
      return tharsis_status{THARSIS_OK};
    };
    table.cancel = [](void* s, tharsis_handle id) { static_cast<fake_dns*>(s)->cancelled.push_back(id); };
    table.feedback = [](void* s, const tharsis_dns_feedback*) { ++static_cast<fake_dns*>(s)->told; };
    table.advise = [](void* s, uint32_t, tharsis_text, int64_t, tharsis_error*) { return ++static_cast<fake_dns*>(s)->advised, tharsis_status{THARSIS_OK}; };
    table.rank = [](void* s, const tharsis_address*, size_t, tharsis_dns_done done, void* context, tharsis_handle* id, tharsis_error*) {
      auto& self = *static_cast<fake_dns*>(s);
      self.questions[*id = self.next++] = {"", done, context};
      return tharsis_status{THARSIS_OK};
    };
  }
  struct question {
    std::string name;
    tharsis_dns_done done;
    void* context;
  };
  void answer(tharsis_handle id, tharsis_status status, const std::vector<tharsis_address>& list, std::string_view reason = {}) {
    tharsis_dns_answer a{};
    a.size = sizeof a;
    a.status = status;
    a.addresses = list.data();
    a.count = static_cast<uint32_t>(list.size());
    a.reason = text_of(reason);
    const question q = questions.at(id);
    questions.erase(id);
    q.done(q.context, id, &a);
  }
  tharsis_dns table{};
  std::map<tharsis_handle, question> questions;
  std::vector<tharsis_handle> cancelled;
  int told = 0, advised = 0;
  tharsis_handle next = 1;  // As the system's: the numbers of the two meet.
  tharsis_status refusal = THARSIS_OK;
};

using answers = result<std::vector<tharsis_address>>;

struct bench {
  fake_loop loop;
  strand place{&loop.table};
  fake_net net{loop};
  fake_dns dns;
  const tharsis_dns* bound = nullptr;
  tharsis_registry registry{};
  resolver names{place, net.table, &registry};
  task_set work{place};

  bench() {
    registry.size = sizeof registry;
    registry.self = this;
    registry.bound = [](void* s, const char* id) -> const void* {
      EXPECT_STREQ(id, THARSIS_DNS_ID);
      return static_cast<bench*>(s)->bound;
    };
  }
  void answer_system(tharsis_handle id, tharsis_status status, const std::vector<tharsis_address>& list) {
    const auto q = net.questions.at(id);
    net.questions.erase(id);
    q.done(q.context, id, status, list.data(), list.size());
  }
};

task<void> keep(resolver* names, std::string name, instant deadline, std::optional<answers>* into) {
  *into = co_await names->resolve(std::move(name), deadline);
}

task<void> keep_ranked(resolver* names, std::vector<tharsis_address> list, resolver::order by, resolver::known_addresses* into) {
  *into = co_await names->rank(std::move(list), by);
}

task<void> keep_found(resolver* names, std::string name, uint16_t port, result<resolver::known_addresses>* into) {
  *into = co_await names->find_ranked(std::move(name), port, never);
}

tharsis_address ip(const char* text) { return *parse_ip(text); }
tharsis_address place(const char* text) { return *parse_place(text); }

// "192.0.2.1:443 (192.0.2.2:443)": in brackets what is avoided.
std::string text_of_list(const std::vector<known_address>& list) {
  std::string text;
  for (const known_address& a : list) text += (text.empty() ? "" : " ") + (a.avoided ? "(" + to_text(a.at) + ")" : to_text(a.at));
  return text;
}

}  // namespace

TEST(Resolver, AnAddressNeedsNobody) {
  bench b;
  std::optional<answers> got;
  b.work.spawn(keep(&b.names, "2001:db8::1", never, &got));
  b.loop.run();
  ASSERT_TRUE(got && *got);
  EXPECT_EQ((**got).size(), 1u);
  EXPECT_EQ(ip_text((**got)[0]), "2001:db8::1");
  EXPECT_TRUE(b.net.questions.empty());
}

TEST(Resolver, DnsIsAskedWhileThereIsOneAndTheSystemOtherwise) {
  bench b;
  std::optional<answers> by_system, by_dns;
  b.work.spawn(keep(&b.names, "a.test", never, &by_system));
  ASSERT_EQ(b.net.questions.at(1).name, "a.test");
  b.bound = &b.dns.table;
  b.work.spawn(keep(&b.names, "b.test", never, &by_dns));
  ASSERT_EQ(b.dns.questions.at(1).name, "b.test");
  b.dns.answer(1, THARSIS_OK, {ip("192.0.2.2"), ip("192.0.2.3")});
  b.loop.run();
  EXPECT_FALSE(by_system);
  ASSERT_TRUE(by_dns && *by_dns);
  EXPECT_EQ((**by_dns).size(), 2u);
  b.answer_system(1, THARSIS_OK, {ip("192.0.2.1")});
  b.loop.run();
  ASSERT_TRUE(by_system && *by_system);
  EXPECT_EQ(ip_text((**by_system)[0]), "192.0.2.1");
}

TEST(Resolver, WithoutARegistryTheSystemAnswers) {
  bench b;
  resolver alone(b.place, b.net.table, nullptr);
  std::optional<answers> got;
  b.work.spawn(keep(&alone, "a.test", never, &got));
  b.answer_system(1, THARSIS_E_NOT_FOUND, {});
  b.loop.run();
  ASSERT_TRUE(got && !*got);
  EXPECT_EQ(got->status(), THARSIS_E_NOT_FOUND);
  EXPECT_EQ(got->failure().text, "the name 'a.test' has no address (not found)");
}

TEST(Resolver, FailuresKeepTheirReason) {
  bench b;
  b.bound = &b.dns.table;
  std::optional<answers> refused, failed, empty;
  b.work.spawn(keep(&b.names, "a.test", never, &failed));
  b.dns.answer(1, THARSIS_E_NETWORK, {}, "no server answers");
  b.work.spawn(keep(&b.names, "b.test", never, &empty));
  b.dns.answer(2, THARSIS_OK, {});
  b.dns.refusal = THARSIS_E_INVALID;
  b.work.spawn(keep(&b.names, "c.test", never, &refused));
  b.loop.run();
  EXPECT_EQ(failed->failure().text, "no server answers");
  EXPECT_EQ(empty->status(), THARSIS_E_NOT_FOUND);
  EXPECT_EQ(refused->status(), THARSIS_E_INVALID);
  EXPECT_EQ(refused->failure().text, "dns says no");
}

TEST(Resolver, DnsThatIsStoppingCostsNoAnswer) {
  bench b;
  b.bound = &b.dns.table;
  b.dns.refusal = THARSIS_E_GONE;
  std::optional<answers> got;
  b.work.spawn(keep(&b.names, "a.test", never, &got));
  ASSERT_EQ(b.net.questions.size(), 1u);
  b.answer_system(1, THARSIS_OK, {ip("192.0.2.1")});
  b.loop.run();
  EXPECT_TRUE(got && *got);
}

TEST(Resolver, TheDeadlineGivesTheQuestionUp) {
  bench b;
  std::optional<answers> by_system, by_dns;
  b.work.spawn(keep(&b.names, "a.test", b.place.now() + 2s, &by_system));
  b.bound = &b.dns.table;
  b.work.spawn(keep(&b.names, "b.test", b.place.now() + 2s, &by_dns));
  b.loop.run_until(b.place.now() + 2s);
  ASSERT_TRUE(by_system && by_dns);
  EXPECT_EQ(by_system->status(), THARSIS_E_TIMEOUT);
  EXPECT_EQ(by_dns->failure().text, "the name 'b.test' was not resolved in time");
  EXPECT_TRUE(b.net.questions.empty());
  EXPECT_EQ(b.dns.cancelled, (std::vector<tharsis_handle>{1}));
  b.dns.answer(1, THARSIS_E_CANCELLED, {});  // It comes all the same, and finds nobody.
  b.loop.run();
}

TEST(Resolver, TheEndOfOneQuestionDoesNotCloseAnothersOfTheSameNumber) {
  bench b;
  std::optional<answers> by_system, by_dns;
  b.work.spawn(keep(&b.names, "a.test", never, &by_system));
  b.bound = &b.dns.table;
  b.work.spawn(keep(&b.names, "b.test", never, &by_dns));
  b.dns.answer(1, THARSIS_OK, {ip("192.0.2.2")});
  b.loop.run();
  ASSERT_EQ(b.net.questions.size(), 1u);
  b.answer_system(1, THARSIS_OK, {ip("192.0.2.1")});
  b.loop.run();
  EXPECT_TRUE(by_system && *by_system);
}

TEST(Resolver, AProviderThatWasReplacedIsNotCalled) {
  bench b;
  fake_dns second;
  b.bound = &b.dns.table;
  std::optional<answers> got;
  {
    task<void> t = keep(&b.names, "a.test", never, &got);
    t.start(b.place);
    b.bound = &second.table;
  }
  EXPECT_TRUE(b.dns.cancelled.empty() && second.cancelled.empty());
  b.dns.answer(1, THARSIS_E_CANCELLED, {});
  b.loop.run();
  EXPECT_FALSE(got);
}

TEST(Resolver, DestroyedBeforeOrAfterTheAnswer) {
  for (const bool answered : {false, true}) {
    bench b;
    std::optional<answers> got;
    {
      task<void> t = keep(&b.names, "a.test", b.place.now() + 1s, &got);
      t.start(b.place);
      if (answered) b.answer_system(1, THARSIS_OK, {ip("192.0.2.1")});
    }
    EXPECT_TRUE(b.net.questions.empty());
    EXPECT_TRUE(b.loop.timers.empty());
    b.loop.run();
    EXPECT_FALSE(got);
  }
}

// One that was built before rank() was thought of: its table is shorter.
TEST(Resolver, WithADnsThatCannotRankWhatWasToldIsKnownHere) {
  bench b;
  b.dns.table.size = offsetof(tharsis_dns, rank);
  b.bound = &b.dns.table;
  b.names.tell({sizeof(tharsis_dns_feedback), THARSIS_E_BUSY, place("192.0.2.1:443"), {}, 0, 0, 0, {}, duration(1min).count()});
  EXPECT_EQ(b.dns.told, 1) << "it hears it all the same";
  resolver::known_addresses got;
  b.work.spawn(keep_ranked(&b.names, {place("192.0.2.1:443"), place("192.0.2.2:443")}, resolver::order::best_first, &got));
  b.loop.run();
  EXPECT_EQ(text_of_list(got.list), "192.0.2.2:443") << "the server asked to be left alone";
  EXPECT_TRUE(b.dns.questions.empty());
}

TEST(Resolver, AdviceOutlivesTheDnsThatHeardIt) {
  bench b;
  fake_dns second;
  b.bound = &b.dns.table;
  b.names.advise(THARSIS_DNS_AVOID, "192.0.2.1:443", 1min);
  EXPECT_EQ(b.dns.advised, 1) << "for whoever else dials";
  b.bound = &second.table;
  result<resolver::known_addresses> named(error{});
  b.work.spawn(keep_found(&b.names, "a.test", 443, &named));
  second.answer(1, THARSIS_OK, {ip("192.0.2.1"), ip("192.0.2.2")});
  resolver::known_addresses best, given;
  const std::vector<tharsis_address> list = {place("192.0.2.1:443"), place("192.0.2.2:443")};
  b.work.spawn(keep_ranked(&b.names, list, resolver::order::best_first, &best));
  b.work.spawn(keep_ranked(&b.names, list, resolver::order::given, &given));
  second.answer(2, THARSIS_OK, list);
  second.answer(3, THARSIS_OK, {list[1]});
  b.loop.run();
  ASSERT_TRUE(named) << named.failure().text;
  EXPECT_EQ(text_of_list(named->list), "192.0.2.2:443 (192.0.2.1:443)") << "a port that names do not have";
  EXPECT_EQ(text_of_list(best.list), "192.0.2.2:443 (192.0.2.1:443)");
  EXPECT_EQ(text_of_list(given.list), "(192.0.2.1:443) 192.0.2.2:443");
  b.names.advise(THARSIS_DNS_AVOID, "192.0.2.1:443", 0s);
  b.work.spawn(keep_found(&b.names, "a.test", 443, &named));
  second.answer(4, THARSIS_OK, {ip("192.0.2.1"), ip("192.0.2.2")});
  b.loop.run();
  EXPECT_EQ(text_of_list(named->list), "192.0.2.1:443 192.0.2.2:443") << "it was taken back";
}

#include "plugins/dns/service.h"

#include <gtest/gtest.h>

#include <optional>

#include "sdk/pure/address.h"
#include "sdk/sim/world.h"
#include "tests/plugins/host_on_strand.h"

using namespace tharsis;
using namespace tharsis::dns;

namespace {

constexpr duration timeout = 5s;
constexpr duration hop = 1ms;  // To the strand of dns and back.

settings quick() {
  settings s;
  s.timeout = timeout;
  s.cache.ttl = 2s;
  s.cache.negative_ttl = 1s;
  s.cache.entries = 3;
  s.pins["pinned.test"] = {*parse_ip("127.0.0.1")};
  return s;
}

// A plugin that asks: it keeps every promise made to it.
struct asker {
  struct question {
    asker* by;
    instant asked;
    int answers = 0;
    int32_t status = THARSIS_PENDING;
    std::string first;
  };

  asker(sim::machine& on, const std::string& name) : box(on.platform(), name) {}

  // On the strand.
  tharsis_status ask(const tharsis_dns& dns, std::string_view name, uint32_t family = 0) {
    auto q = std::make_unique<question>(question{this, box.place->now(), 0, THARSIS_PENDING, {}});
    tharsis_error why = no_error();
    inside = true;
    const tharsis_status status = dns.resolve(dns.self, text_of(name), family, &asker::on_answer, q.get(), &last, &why);
    inside = false;
    EXPECT_EQ(status == THARSIS_OK, why.text[0] == '\0') << why.text;
    if (status == THARSIS_OK) questions.push_back(std::move(q));
    return status;
  }
  static void on_answer(void* context, tharsis_handle, const tharsis_dns_answer* a) {
    question& q = *static_cast<question*>(context);
    const tharsis_loop& loop = *q.by->box.own->loop;
    EXPECT_FALSE(q.by->inside) << "answered inside the call";
    EXPECT_EQ(loop.current(loop.self), q.by->box.own->id) << "answered on another strand";
    EXPECT_LE(q.by->box.place->now(), q.asked + timeout + hop) << "answered too late";
    EXPECT_EQ(a->status == THARSIS_OK, a->count > 0);
    EXPECT_EQ(a->status == THARSIS_OK, a->reason.size == 0);
    ++q.answers;
    q.status = a->status;
    if (a->count > 0) q.first = ip_text(a->addresses[0]);
  }

  tharsis::test::host_on_strand box;
  std::vector<std::unique_ptr<question>> questions;
  tharsis_handle last = 0;
  bool inside = false;
};

// dns on a strand of its own.
struct provider {
  provider(sim::machine& on, const settings& s, std::string folder = {})
      : box(on.platform(), "dns"), asked(std::in_place, box.tables(), *box.place, s, std::move(folder)), closing(*box.place) {
    box.on_publish = [this](const void* payload) { stats = *static_cast<const tharsis_dns_stats*>(payload); };
    box.send([this] { asked->open(1); });
  }
  // As a plugin does, with what is known written.
  void end(sim::world& world) {
    box.send([&] {
      asked->close();
      closing.spawn(keep());
    });
    world.run_for(1s);
    EXPECT_TRUE(closed) << "it did not come to its end";
  }
  task<void> keep() {
    co_await asked->keep(later(box.place->now(), 2s));
    closed = true;
  }
  // `destroyed`: its instance too, as the host does when a plugin has stopped.
  void stop(bool destroyed) {
    closed = true;
    asked->close();
    // Files that are being read are waited for by the plugin, before it is destroyed.
    const bool reads = box.left_open().find("blocking") != std::string::npos;
    if (!reads) {
      EXPECT_EQ(box.left_open(), "");
    }
    if (!destroyed || reads) return;
    asked.reset();
    box.own->close(box.own->self);
  }

  tharsis::test::host_on_strand box;
  std::optional<service> asked;
  tharsis_dns_stats stats{};
  bool closed = false;
  task_set closing;
};

// The order of addresses that no name has, "10.0.0.2 10.0.0.3"; each with what connecting takes, where that is known; "!": it is avoided.
struct ranked {
  int32_t status = THARSIS_PENDING;
  std::string text;
  duration usual{};
  static void on_answer(void* context, tharsis_handle, const tharsis_dns_answer* a) {
    ranked& r = *static_cast<ranked*>(context);
    r.status = a->status;
    r.usual = duration(a->usual_connect);
    for (uint32_t i = 0; i < a->count; ++i) {
      const tharsis_dns_candidate& c = *a->candidates[i];
      EXPECT_TRUE(a->addresses[i] == c.address);
      r.text += (i == 0 ? "" : " ") + place_text(c.address) + (c.connect > 0 ? "=" + std::to_string(milliseconds(duration(c.connect))) : "") + (c.avoided != 0 ? "!" : "");
    }
  }
};
ranked rank(sim::world& world, provider& dns, asker& a, std::initializer_list<const char*> places) {
  std::vector<tharsis_address> list;
  for (const char* p : places) list.push_back(*parse_place(p));
  ranked r;
  a.box.send([&] {
    tharsis_handle id = 0;
    tharsis_error why = no_error();
    EXPECT_EQ(dns.asked->table()->rank(dns.asked->table()->self, list.data(), list.size(), &ranked::on_answer, &r, &id, &why), THARSIS_OK) << why.text;
    EXPECT_EQ(r.status, THARSIS_PENDING) << "answered inside the call";
  });
  world.run_for(100ms);
  EXPECT_EQ(r.status, THARSIS_OK);
  return r;
}

// What comes of a dial, told from a thread that has no strand.
void tell(provider& dns, const std::string& ip, tharsis_status status, const std::string& network = {}) {
  tharsis_dns_feedback f{sizeof f, status, *parse_ip(ip), text_of(network), duration(30ms).count()};
  f.address.port = 443;
  dns.asked->table()->feedback(dns.asked->table()->self, &f);
}

}  // namespace

// Goal: every accepted question gets exactly one answer, on its own strand, in time, whatever the
// resolver, the askers and dns' own end do; nothing stays open. Method: three askers with random
// questions and cancels; a resolver that is quick, slow, failing and changing; dns stops in the middle;
// one asker may be gone before that, with questions open.
TEST(DnsSim, EachQuestionIsAnsweredExactlyOnceAlsoWhenDnsStopsInTheMiddle) {
  uint64_t answered = 0, cancelled = 0, late = 0;
  for (uint64_t seed = 1; seed <= 400; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    sim::world world(seed);
    sim::machine& machine = world.add_machine("client", {"10.0.0.1"});
    const auto upto = [&](uint64_t n) { return world.random() % n; };
    const auto some_name = [&] { return std::string(1, static_cast<char>('a' + upto(6))) + (upto(2) == 0 ? ".test" : ".lan"); };
    provider dns(machine, quick());
    std::vector<std::unique_ptr<asker>> askers;
    for (const char* name : {"one", "two", "three"}) askers.push_back(std::make_unique<asker>(machine, name));
    const auto some_time = [&] { return world.now() + std::chrono::milliseconds(upto(12'000)); };

    for (int i = 0; i < 30; ++i)
      world.at(some_time(), [&, name = some_name(), fails = upto(4) == 0, after = std::chrono::milliseconds(upto(8'000))] {
        world.add_name(name, fails ? std::vector<std::string>{} : std::vector<std::string>{"10.0.0.2", "fd00::2"}, after);
      });
    for (int i = 0; i < 120; ++i)
      world.at(some_time(), [&, who = askers[upto(3)].get(), name = upto(10) == 0 ? "pinned.test" : some_name(),
                             family = static_cast<uint32_t>(upto(3) * 2), cancels = upto(5) == 0] {
        who->box.send([&, who, name, family, cancels] {
          if (!dns.asked) return;
          const tharsis_dns& table = *dns.asked->table();
          const tharsis_status status = who->ask(table, name, family == 2 ? 6 : family);
          EXPECT_EQ(status, dns.closed ? THARSIS_E_GONE : THARSIS_OK);
          late += status == THARSIS_E_GONE;
          if (status == THARSIS_OK && cancels) table.cancel(table.self, who->last);
        });
      });
    if (upto(2) == 0)
      world.at(some_time(), [&] { askers[2]->box.send([&] { askers[2]->box.own->close(askers[2]->box.own->self); }); });
    world.at(some_time(), [&, destroyed = upto(2) == 0] { dns.box.send([&, destroyed] { dns.stop(destroyed); }); });
    world.run_for(30s);

    ASSERT_TRUE(dns.closed);
    for (size_t a = 0; a < 2; ++a)
      for (const auto& q : askers[a]->questions) {
        ASSERT_EQ(q->answers, 1);
        ++answered;
        cancelled += q->status == THARSIS_E_CANCELLED;
      }
    for (const auto& q : askers[2]->questions) ASSERT_LE(q->answers, 1);
    const tharsis_dns_stats& n = dns.stats;
    ASSERT_EQ(n.queries, n.literal + n.pinned + n.cached + n.system + n.failed);
    ASSERT_EQ(n.queries, askers[0]->questions.size() + askers[1]->questions.size() + askers[2]->questions.size());
    dns.asked.reset();
    if (HasFailure()) break;
  }
  EXPECT_GT(answered, 10'000u);
  EXPECT_GT(cancelled, 1'000u);
  EXPECT_GT(late, 1'000u) << "some asked after the end, too";
}

TEST(DnsSim, TheSameQuestionOfManyStrandsIsOneLookup) {
  sim::world world(1);
  sim::machine& machine = world.add_machine("client", {"10.0.0.1"});
  world.add_name("a.lan", {"10.0.0.2"}, 1s);
  provider dns(machine, quick());
  asker one(machine, "one"), two(machine, "two");
  for (asker* a : {&one, &two})
    for (const char* name : {"a.lan", "A.Lan."}) a->box.send([&dns, a, name] { a->ask(*dns.asked->table(), name); });
  world.run_for(500ms);
  tharsis_strand_audit audit{sizeof audit, 0, 0, 0, 0};
  dns.box.own->audit(dns.box.own->self, &audit);
  EXPECT_EQ(audit.queries, 1u);
  world.run_for(1s);
  for (asker* a : {&one, &two})
    for (const auto& q : a->questions) EXPECT_EQ(q->first, "10.0.0.2");
  EXPECT_EQ(dns.stats.system, 4u);
  dns.box.send([&] { dns.stop(false); });
  world.run_for(1s);
}

TEST(DnsSim, AResolverThatComesBackIsAskedAgain) {
  sim::world world(1);
  sim::machine& machine = world.add_machine("client", {"10.0.0.1"});
  world.add_name("a.lan", {"10.0.0.2"}, 1h);
  provider dns(machine, quick());
  asker a(machine, "one");
  const auto ask = [&] { a.box.send([&] { a.ask(*dns.asked->table(), "a.lan"); }); };
  ask();
  world.run_for(6s);
  EXPECT_EQ(a.questions.at(0)->status, THARSIS_E_TIMEOUT);
  world.add_name("a.lan", {"10.0.0.2"}, 5ms);
  ask();
  world.run_for(10ms);
  EXPECT_EQ(a.questions.at(1)->first, "10.0.0.2");
  dns.box.send([&] { dns.stop(false); });
  world.run_for(1s);
}

TEST(DnsSim, MoreQuestionsThanAllowedAreRefusedUntilSomeAreAnswered) {
  sim::world world(1);
  sim::machine& machine = world.add_machine("client", {"10.0.0.1"});
  world.add_name("a.lan", {"10.0.0.2"}, 1s);
  settings s = quick();
  s.questions_max = 3;
  provider dns(machine, s);
  asker a(machine, "one");
  a.box.send([&] {
    for (int i = 0; i < 3; ++i) EXPECT_EQ(a.ask(*dns.asked->table(), "a.lan"), THARSIS_OK);
    EXPECT_EQ(a.ask(*dns.asked->table(), "a.lan"), THARSIS_E_BUSY);
    EXPECT_EQ(a.ask(*dns.asked->table(), "not a name"), THARSIS_E_INVALID);
  });
  world.run_for(2s);
  a.box.send([&] { EXPECT_EQ(a.ask(*dns.asked->table(), "a.lan"), THARSIS_OK); });
  world.run_for(1s);
  EXPECT_EQ(a.questions.back()->first, "10.0.0.2");
  dns.box.send([&] { dns.stop(false); });
  world.run_for(1s);
}

// Goal: who connects comes first, who fails last, per network; that is known after a restart, and a damaged file harms nobody.
TEST(DnsSim, AnswersComeInTheOrderThatTheirUsersExperienced) {
  sim::world world(1);
  sim::machine& machine = world.add_machine("client", {"10.0.0.1"});
  world.add_name("a.lan", {"10.0.0.2", "10.0.0.3", "10.0.0.4"});
  asker a(machine, "one");
  const auto first = [&](provider& dns) {
    a.box.send([&] { a.ask(*dns.asked->table(), "a.lan"); });
    world.run_for(1s);
    return a.questions.back()->first;
  };
  {
    provider dns(machine, quick(), "/state");
    EXPECT_EQ(first(dns), "10.0.0.2");
    tell(dns, "10.0.0.2", THARSIS_PENDING);
    tell(dns, "10.0.0.3", THARSIS_E_REFUSED);
    tell(dns, "10.0.0.4", THARSIS_OK);
    EXPECT_EQ(first(dns), "10.0.0.4");
    tell(dns, "10.0.0.3", THARSIS_OK, "elsewhere");
    EXPECT_EQ(first(dns), "10.0.0.4") << "what was seen on another network says nothing here";
    dns.box.send([&] { dns.box.network.move("wlan0", "elsewhere"); });
    EXPECT_EQ(first(dns), "10.0.0.3");
    tell(dns, "10.0.0.3", THARSIS_E_PROTOCOL, "elsewhere");
    EXPECT_EQ(first(dns), "10.0.0.3") << "an answer that means nothing is not the address's fault";
    dns.end(world);
    tell(dns, "10.0.0.3", THARSIS_OK);
  }
  provider again(machine, quick(), "/state");
  world.run_for(1s);
  EXPECT_EQ(first(again), "10.0.0.4");
  for (int i = 0; i < 8; ++i, world.run_for(11s))
    for (const char* ip : {"10.0.0.2", "10.0.0.3", "10.0.0.4"}) tell(again, ip, THARSIS_E_TIMEOUT);
  EXPECT_NE(first(again), "") << "all are banned, and all are answered";
  again.end(world);

  settings given = quick();
  given.ranked = false;
  provider as_found(machine, given, "/state");
  world.run_for(1s);
  EXPECT_EQ(first(as_found), "10.0.0.2");
  as_found.end(world);
}

// Goal: an address without a name is remembered as any other, by network, by port, and over a restart.
TEST(DnsSim, AddressesThatNoNameHasAreRankedToo) {
  sim::world world(1);
  sim::machine& machine = world.add_machine("client", {"10.0.0.1"});
  asker a(machine, "one");
  const auto order = [&](provider& dns) { return rank(world, dns, a, {"10.0.0.2:443", "10.0.0.3:443", "10.0.0.4:80"}).text; };
  {
    provider dns(machine, quick(), "/state");
    EXPECT_EQ(order(dns), "10.0.0.2:443 10.0.0.3:443 10.0.0.4:80");
    tell(dns, "10.0.0.2", THARSIS_E_TIMEOUT);
    tell(dns, "10.0.0.3", THARSIS_OK);
    tell(dns, "10.0.0.4", THARSIS_E_TIMEOUT);
    EXPECT_EQ(order(dns), "10.0.0.3:443=30 10.0.0.4:80 10.0.0.2:443") << "that was another port of the last one";
    dns.end(world);
  }
  provider again(machine, quick(), "/state");
  EXPECT_EQ(order(again), "10.0.0.3:443=30 10.0.0.4:80 10.0.0.2:443") << "also right at the start";
  EXPECT_EQ(rank(world, again, a, {"10.0.0.9:443"}).usual, 30ms);
  tharsis_dns_feedback rest{};
  rest.size = sizeof rest;
  rest.status = THARSIS_E_BUSY;
  rest.address = *parse_place("10.0.0.3");
  rest.rest = duration(10min).count();
  again.asked->table()->feedback(again.asked->table()->self, &rest);
  EXPECT_EQ(order(again), "10.0.0.4:80 10.0.0.2:443");
  EXPECT_EQ(rank(world, again, a, {"10.0.0.3:443"}).text, "10.0.0.3:443=30") << "there is no other";
  world.run_for(10min);
  EXPECT_EQ(order(again), "10.0.0.3:443=30 10.0.0.4:80 10.0.0.2:443");
  again.end(world);
}

TEST(DnsSim, WhatIsNoListOfAddressesIsNotRanked) {
  sim::world world(1);
  sim::machine& machine = world.add_machine("client", {"10.0.0.1"});
  provider dns(machine, quick());
  asker a(machine, "one");
  a.box.send([&] {
    const tharsis_dns& table = *dns.asked->table();
    const std::vector<tharsis_address> many(THARSIS_DNS_RANKED_MAX + 1, *parse_ip("10.0.0.2"));
    const tharsis_address nobody{};
    tharsis_handle id = 0;
    const auto asked = [&](const tharsis_address* list, size_t count) {
      tharsis_error why = no_error();
      const tharsis_status s = table.rank(table.self, list, count, &ranked::on_answer, nullptr, &id, &why);
      EXPECT_NE(std::string(why.text), "");
      return s;
    };
    EXPECT_EQ(asked(many.data(), 0), THARSIS_E_INVALID);
    EXPECT_EQ(asked(nullptr, 1), THARSIS_E_INVALID);
    EXPECT_EQ(asked(many.data(), many.size()), THARSIS_E_INVALID);
    EXPECT_EQ(asked(&nobody, 1), THARSIS_E_INVALID);
    EXPECT_EQ(table.advise(table.self, THARSIS_DNS_FAMILY, text_of("5"), 1, nullptr), THARSIS_E_INVALID);
    EXPECT_EQ(table.advise(table.self, THARSIS_DNS_AVOID, text_of("im.test"), 1, nullptr), THARSIS_E_INVALID);
    EXPECT_EQ(table.advise(table.self, THARSIS_DNS_AVOID + 1, text_of("4"), 1, nullptr), THARSIS_E_INVALID);
    dns.asked->close();
    EXPECT_EQ(asked(many.data(), 1), THARSIS_E_GONE);
  });
  world.run_for(1s);
  dns.box.send([&] { dns.stop(false); });
  world.run_for(1s);
}

// How long connecting takes is of this network: on the next one nobody has told yet, also of a name that is remembered on.
TEST(DnsSim, HowLongConnectingTakesIsReadWithoutAQuestionAndIsOfThisNetwork) {
  sim::world world(1);
  provider dns(world.add_machine("client", {"10.0.0.1"}), quick());
  const tharsis_dns& table = *dns.asked->table();
  dns.box.send([&] { dns.box.network.move("wlan0", "home"); });
  world.run_for(1s);
  const auto connect = [&] {
    tharsis_dns_candidate room[1];
    tharsis_dns_found found = {sizeof found, sizeof room[0], 1, 0, room};
    EXPECT_EQ(table.lookup(table.self, text_of("pinned.test"), 4, &found), THARSIS_OK);
    return duration(room[0].connect);
  };
  EXPECT_EQ(connect(), 0ms);
  tell(dns, "127.0.0.1", THARSIS_OK, "home");
  world.run_for(10ms);
  EXPECT_EQ(connect(), 30ms);
  dns.box.send([&] { dns.box.network.move("wlan0", "elsewhere"); });
  world.run_for(10ms);
  EXPECT_EQ(connect(), 0ms);
  dns.box.send([&] { dns.box.network.move("wlan0", "home"); });
  world.run_for(10ms);
  EXPECT_EQ(connect(), 30ms);
  dns.box.send([&] { dns.stop(false); });
  world.run_for(1s);
}

// Goal: what sdt found out of families and addresses changes every answer, what is read without a question too, and ends with its time.
TEST(DnsSim, AdviceAboutAddressesPutsThemLastWhileItHolds) {
  sim::world world(1);
  sim::machine& machine = world.add_machine("client", {"10.0.0.1"});
  world.add_name("a.lan", {"10.0.0.2", "10.0.0.3"});
  settings s = quick();
  s.cache.ttl = 1h;
  provider dns(machine, s);
  asker a(machine, "one");
  const tharsis_dns& table = *dns.asked->table();
  bool avoids = false;
  const auto first = [&] {
    tharsis_dns_candidate room[4];
    tharsis_dns_found found = {sizeof found, sizeof room[0], 4, 0, room};
    EXPECT_EQ(table.lookup(table.self, text_of("a.lan"), 0, &found), THARSIS_OK);
    a.box.send([&] { a.ask(table, "a.lan"); });
    world.run_for(100ms);
    EXPECT_EQ(a.questions.back()->first, ip_text(room[0].address));
    for (const auto& c : {room[0], room[1]}) EXPECT_EQ(c.avoided != 0, avoids && ip_text(c.address) == "10.0.0.2");
    return ip_text(room[0].address);
  };
  a.box.send([&] { a.ask(table, "a.lan"); });
  tell(dns, "10.0.0.2", THARSIS_OK);
  world.run_for(1s);
  EXPECT_EQ(first(), "10.0.0.2");
  EXPECT_EQ(table.advise(table.self, THARSIS_DNS_AVOID, text_of("10.0.0.2"), duration(1min).count(), nullptr), THARSIS_OK);
  world.run_for(100ms);
  avoids = true;
  EXPECT_EQ(first(), "10.0.0.3");
  avoids = false;
  EXPECT_EQ(rank(world, dns, a, {"10.0.0.2:443", "10.0.0.3:443"}).text, "10.0.0.3:443 10.0.0.2:443=30!");
  world.run_for(1min);
  EXPECT_EQ(first(), "10.0.0.2") << "its time is over";
  EXPECT_EQ(table.advise(table.self, THARSIS_DNS_FAMILY, text_of("6"), duration(1h).count(), nullptr), THARSIS_OK);
  EXPECT_EQ(rank(world, dns, a, {"10.0.0.2:443", "[fd00::2]:443"}).text, "[fd00::2]:443 10.0.0.2:443=30!");
  dns.box.send([&] { dns.box.network.move("wlan0", "elsewhere"); });
  EXPECT_EQ(rank(world, dns, a, {"10.0.0.2:443", "[fd00::2]:443"}).text, "10.0.0.2:443 [fd00::2]:443");
  dns.box.send([&] { dns.stop(false); });
  world.run_for(1s);
}

TEST(DnsSim, AFileOfAddressesThatMeansNothingIsPutAside) {
  sim::world world(1);
  sim::machine& machine = world.add_machine("client", {"10.0.0.1"});
  world.add_name("a.lan", {"10.0.0.2", "10.0.0.3"});
  const tharsis_files& files = *machine.platform()->files;
  tharsis_error why = no_error();
  ASSERT_EQ(files.make_folder(files.self, text_of("/state"), &why), THARSIS_OK);
  ASSERT_EQ(files.replace(files.self, text_of("/state/addresses"), bytes_of(as_bytes(std::string_view("rubbish"))), &why), THARSIS_OK);
  provider dns(machine, quick(), "/state");
  asker a(machine, "one");
  a.box.send([&] { a.ask(*dns.asked->table(), "a.lan"); });
  world.run_for(1s);
  EXPECT_EQ(a.questions.back()->first, "10.0.0.2");
  EXPECT_TRUE(std::any_of(dns.box.lines.begin(), dns.box.lines.end(), [](const auto& l) { return l.find("/state/addresses.damaged") != std::string::npos; }));
  dns.end(world);
}

TEST(DnsSim, AThreadWithoutAStrandIsRefused) {
  sim::world world(1);
  provider dns(world.add_machine("client", {"10.0.0.1"}), quick());
  tharsis_handle id = 0;
  tharsis_error why = no_error();
  const tharsis_dns& table = *dns.asked->table();
  EXPECT_EQ(table.resolve(table.self, text_of("a.lan"), 0, &asker::on_answer, nullptr, &id, &why), THARSIS_E_INVALID);
  EXPECT_NE(std::string(why.text), "");
  world.run_for(1s);
  dns.box.send([&] { dns.stop(false); });
  world.run_for(1s);
}

namespace {

struct looked {
  explicit looked(uint32_t room = 4) : candidates(room) {
    into.size = sizeof into;
    into.candidate_size = sizeof(tharsis_dns_candidate);
    into.room = room;
    into.candidates = candidates.data();
  }
  // "ok 10.0.0.2 10.0.0.3 stale"
  std::string at(const tharsis_dns& dns, std::string_view name, uint32_t family = 0) {
    const tharsis_status status = dns.lookup(dns.self, text_of(name), family, &into);
    std::string all(status == THARSIS_PENDING ? "pending" : status_name(status));
    for (uint32_t i = 0; status >= 0 && i < std::min(into.count, into.room); ++i) all += " " + ip_text(candidates[i].address);
    return all + (status >= 0 && into.stale ? " stale" : "") + ((status == THARSIS_E_NOT_FOUND || status == THARSIS_E_NETWORK) && into.known ? " known" : "");
  }
  std::vector<tharsis_dns_candidate> candidates;
  tharsis_dns_found into{};
};

}  // namespace

TEST(DnsSim, WhatIsRememberedIsReadWithoutAQuestion) {
  sim::world world(1);
  sim::machine& machine = world.add_machine("client", {"10.0.0.1"});
  world.add_name("a.lan", {"10.0.0.2", "10.0.0.3"});
  settings roomy = quick();
  roomy.cache.entries = 30;  // Pins take some.
  provider dns(machine, roomy);
  asker a(machine, "one");
  world.run_for(1s);
  const tharsis_dns& table = *dns.asked->table();
  const auto ask = [&](const char* name) {
    a.box.send([&, name] { a.ask(table, name); });
    world.run_for(10ms);
  };
  looked l;
  EXPECT_EQ(l.at(table, "a.lan"), "not found");
  EXPECT_EQ(l.at(table, "pinned.test"), "ok 127.0.0.1");
  EXPECT_EQ(l.at(table, "PINNED.test."), "ok 127.0.0.1");
  EXPECT_EQ(l.at(table, "pinned.test", 6), "not found known");
  EXPECT_EQ(l.at(table, "10.1.2.3"), "ok 10.1.2.3");
  EXPECT_EQ(l.at(table, "10.1.2.3", 6), "not found known");
  for (const char* name : {"", "a..b", "127.1", "a b"}) EXPECT_EQ(l.at(table, name), "invalid") << name;
  EXPECT_EQ(l.at(table, "a.lan", 5), "invalid");
  ask("a.lan");
  EXPECT_EQ(l.at(table, "A.Lan."), "ok 10.0.0.2 10.0.0.3");
  EXPECT_EQ(view(l.candidates[0].source), "system");
  EXPECT_EQ(l.into.source, uint32_t{THARSIS_DNS_SYSTEM});
  EXPECT_GT(l.into.left, 0);
  tell(dns, "10.0.0.3", THARSIS_OK);
  world.run_for(10ms);
  EXPECT_EQ(l.at(table, "a.lan"), "ok 10.0.0.3 10.0.0.2") << "in the order to try";
  EXPECT_EQ(duration(l.candidates[0].connect), 30ms) << "as its user has told";
  EXPECT_EQ(l.candidates[1].connect, 0) << "of this nobody has told";
  EXPECT_EQ(looked(1).at(table, "a.lan"), "ok 10.0.0.3") << "no more than fits";
  ask("none.lan");
  EXPECT_EQ(l.at(table, "none.lan"), "not found known");
  world.run_for(3s);
  world.add_name("a.lan", {"10.0.0.4"});
  EXPECT_EQ(l.at(table, "a.lan"), "pending 10.0.0.3 10.0.0.2 stale");
  world.run_for(10ms);
  EXPECT_EQ(l.at(table, "a.lan"), "ok 10.0.0.4") << "whoever looked has had it looked up again";
  EXPECT_EQ(table.forget(table.self, text_of("a.lan"), nullptr), THARSIS_OK);
  world.run_for(10ms);
  EXPECT_EQ(l.at(table, "a.lan"), "not found");
  EXPECT_EQ(table.prefetch(table.self, text_of("a.lan"), 0, nullptr), THARSIS_OK);
  tharsis_error why = no_error();
  EXPECT_EQ(table.prefetch(table.self, text_of("not a name"), 0, &why), THARSIS_E_INVALID);
  EXPECT_NE(std::string(why.text), "");
  world.run_for(10ms);
  EXPECT_EQ(l.at(table, "a.lan"), "ok 10.0.0.4");
  EXPECT_EQ(table.forget(table.self, {}, nullptr), THARSIS_OK);
  world.run_for(10ms);
  EXPECT_EQ(l.at(table, "a.lan"), "not found");
  EXPECT_EQ(l.at(table, "pinned.test"), "ok 127.0.0.1") << "the profile's words stay";
  looked none(0);
  none.into.candidates = nullptr;
  EXPECT_EQ(none.at(table, "pinned.test"), "ok");
  none.into.room = 1;
  EXPECT_EQ(none.at(table, "pinned.test"), "invalid");
  dns.box.send([&] { dns.stop(false); });
  world.run_for(1s);
  EXPECT_EQ(l.at(table, "a.lan"), "gone");
}

TEST(DnsSim, WhoWouldWaitForItselfIsRefused) {
  sim::world world(1);
  provider dns(world.add_machine("client", {"10.0.0.1"}), quick());
  world.run_for(1s);
  const tharsis_dns& table = *dns.asked->table();
  looked l;
  tharsis_error why = no_error();
  dns.box.send([&] { EXPECT_EQ(table.resolve_blocking(table.self, text_of("a.lan"), 0, 0, &l.into, &why), THARSIS_E_INVALID); });
  world.run_for(1s);
  EXPECT_NE(std::string(why.text).find("use resolve()"), std::string::npos) << why.text;
  dns.box.send([&] { dns.stop(false); });
  world.run_for(1s);
}

// What answers to questions for names are taken for, in simulated worlds: a slow resolver, a forger, hosts that are no resolvers.
#include <map>

#include "plugins/sdt/name_branch.h"
#include "plugins/sdt/name_probe.h"
#include "plugins/sdt/survey.h"
#include "sdk/async/certificates.h"
#include "tests/plugins/dns/dns_server.h"
#include "tests/plugins/dns/doh_server.h"
#include "tests/plugins/sdt/session_scene.h"

using namespace tharsis;
using namespace tharsis::sdt;
using namespace tharsis::sdt::test;
using saying = dns::test::dns_server::saying;
using octets = std::vector<uint8_t>;

namespace {

// The question with its bits turned into an answer, and behind it one A record; 0: there is no such name.
octets answer_to(octets asked, uint8_t last) {
  asked[2] |= 0x80;
  asked[3] = last == 0 ? 3 : 0;
  asked[7] = last == 0 ? 0 : 1;
  asked[11] = 0;  // Without its options, which stand behind the question.
  size_t end = 12;
  while (asked[end] != 0) end += asked[end] + 1u;
  asked.resize(end + 5);
  const uint8_t record[] = {0xC0, 12, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 10, last, 0, 2};
  if (last != 0) asked.insert(asked.end(), std::begin(record), std::end(record));
  return asked;
}

// One question of a resolver that answers the n-th copy of it as `says[n]`.
name_probe ask_of(scene_of_session& s, std::vector<std::vector<saying>> says) {
  size_t copies = 0;
  dns::test::dns_server at(s.server, "resolver", "10.0.0.2", [&](const octets& asked) {
    std::vector<saying> back = copies < says.size() ? says[copies] : std::vector<saying>{};
    for (saying& one : back) one.bytes = answer_to(asked, one.bytes[0]);
    ++copies;
    return back;
  });
  at.serve();
  s.world.run_for(1ms);
  std::optional<bench> b;
  std::optional<task_set> asking;
  const auto tables = s.box.tables();
  s.box.send([&] {
    b.emplace(tables, *s.box.place, *s.names, s.nobody, wish{});
    asking.emplace(*s.box.place);
    name_question q;
    q.server.at = *parse_ip("10.0.0.2");
    q.server.at.port = 53;
    q.name = "im.test";
    q.late = 250ms;
    const auto ask = [](bench& on, name_question what) -> task<void> { co_await ask_name(on, std::move(what)); };
    asking->spawn(ask(*b, q));
  });
  s.world.run_for(4s);
  name_probe seen;
  if (b && !b->seen.names.empty()) seen = b->seen.names.front();
  s.box.send([&] { asking.reset(), b.reset(); });
  at.close();
  s.world.run_for(1s);
  return seen;
}

// Hosts that answer every question for names, each with its own address; 0: it knows none.
report with_resolvers_at(scene_of_session& s, std::map<std::string, uint8_t> hosts) {
  std::vector<std::unique_ptr<dns::test::dns_server>> all;
  for (const auto& [ip, last] : hosts) {
    sim::machine& on = ip == "10.0.0.3" ? s.other : s.world.add_machine("at " + ip, {ip});
    all.push_back(std::make_unique<dns::test::dns_server>(on, "resolver", ip, [last = last](const octets& asked) { return std::vector<saying>{{answer_to(asked, last), 1ms}}; }));
    all.back()->serve();
  }
  s.listen(s.serving, "10.0.0.2", 443);
  diagnosed d;
  s.begin(d, s.about("tcp://im.test:443"));
  s.world.run_for(6s);
  for (auto& one : all) one->close();
  s.world.run_for(1s);
  EXPECT_TRUE(d.made);
  return d.made.value_or(report{});
}

size_t asked_at(const report& r, const std::string& server) {
  return static_cast<size_t>(std::count_if(r.seen.names.begin(), r.seen.names.end(), [&](const name_probe& n) { return n.role == probe_role::stranger && n.server == server; }));
}

}  // namespace

TEST(SdtNames, AResolverThatIsSlowAnswersEachQuestionAndForgesNothing) {
  in_many(20, [](scene_of_session& s) {
    const name_probe p = ask_of(s, {{{{1}, 600ms}}, {{{2}, 250ms}}});
    EXPECT_EQ(p.rcode, 0);
    EXPECT_FALSE(p.late_answer) << "two questions, two answers";
  });
}

TEST(SdtNames, AnAnswerThatNobodyHasAskedForIsTold) {
  in_many(20, [](scene_of_session& s) {
    const name_probe p = ask_of(s, {{{{1}, 1ms}, {{2}, 30ms}}});
    EXPECT_TRUE(p.late_answer);
    ASSERT_EQ(p.addresses.size(), 1u);
    ASSERT_EQ(p.late_addresses.size(), 1u);
    EXPECT_NE(p.addresses, p.late_addresses);
  });
}

TEST(SdtNames, AControlThatIsAResolverAccusesNobody) {
  in_many(20, [](scene_of_session& s) {
    const report r = with_resolvers_at(s, {{"10.0.0.3", 0}});
    EXPECT_EQ(name_of(r.headline().code), "healthy") << r.headline().detail;
    EXPECT_EQ(asked_at(r, "10.0.0.3:53"), 2u);
    EXPECT_EQ(asked_at(r, "192.0.2.253:53"), 2u) << "an address that nobody has, for the target's name and for one that cannot be";
  });
}

TEST(SdtNames, WhereAnAddressThatNobodyHasAnswersTooItIsProven) {
  in_many(20, [](scene_of_session& s) {
    const report r = with_resolvers_at(s, {{"10.0.0.3", 9}, {"192.0.2.253", 9}});
    EXPECT_EQ(name_of(r.headline().code), "dns_intercepted_port53");
    EXPECT_EQ(r.headline().how, certainty::proven);
  });
}

// Who is no resolver costs nothing more.
TEST(SdtNames, AControlThatIsSilentOrClosedIsTheOnlyStranger) {
  in_many(20, [](scene_of_session& s) {
    const report r = with_resolvers_at(s, {});
    EXPECT_EQ(asked_at(r, "10.0.0.3:53"), 1u);
    EXPECT_EQ(asked_at(r, "192.0.2.253:53"), 0u);
  });
}

TEST(SdtNames, AControlThatIsGivenAsResolverIsNoStranger) {
  in_many(5, [](scene_of_session& s) {
    s.listen(s.serving, "10.0.0.2", 443);
    wish w = s.about("tcp://im.test:443");
    w.resolvers.push_back(*parse_resolver("udp://10.0.0.3"));
    diagnosed d;
    s.begin(d, w);
    s.world.run_for(6s);
    ASSERT_TRUE(d.made);
    EXPECT_EQ(asked_at(*d.made, "10.0.0.3:53"), 0u);
  });
}

namespace {

// The prefix that a machine with these addresses finds where its resolver answers so.
std::string prefix_found(scene_of_session& s, std::vector<std::string> own, const std::string& says) {
  const auto answer = [&](const octets& asked) {
    octets back = answer_to(asked, 0);
    const tharsis_address a = *parse_ip(says);
    const uint8_t head[] = {0xC0, 12, 0, 28, 0, 1, 0, 0, 0, 60, 0, 16};
    back[3] = 0, back[7] = 1;
    back.insert(back.end(), std::begin(head), std::end(head));
    back.insert(back.end(), a.ip, a.ip + 16);
    return std::vector<saying>{{back, 1ms}};
  };
  dns::test::dns_server at(s.server, "resolver", "10.0.0.2", answer);
  at.serve();
  s.world.run_for(1ms);
  machine_view view;
  for (const std::string& ip : own) view.addresses.push_back(*parse_ip(ip));
  view.gateways.push_back({*parse_ip("fe80::1"), "eth0", 0, 0, 6});
  view.name_servers.push_back(*parse_ip("10.0.0.2"));
  view.name_servers.back().port = 53;
  std::optional<bench> b;
  std::optional<task_set> branches;
  std::optional<target_branch> target;
  std::optional<name_branch> branch;
  const auto tables = s.box.tables();
  s.box.send([&] {
    b.emplace(tables, *s.box.place, *s.names, s.nobody, wish{});
    branches.emplace(*s.box.place);
    target.emplace(*b, *branches);
    branch.emplace(*b, *branches, *target);
    note_links(*b, view);
    branches->spawn(branch->ask_translator(view));
  });
  s.world.run_for(4s);
  std::string found;
  for (const way_probe& w : b->seen.ways) found += w.nat64_prefix;
  s.box.send([&] { branches.reset(), branch.reset(), target.reset(), b.reset(); });
  at.close();
  s.world.run_for(1s);
  return found;
}

}  // namespace

TEST(SdtNames, ANetworkThatTranslatesIPv4TellsItsPrefix) {
  in_many(5, [](scene_of_session& s) { EXPECT_EQ(prefix_found(s, {"2001:db8::2"}, "64:ff9b::192.0.0.170"), "64:ff9b::/96"); });
  in_many(5, [](scene_of_session& s) { EXPECT_EQ(prefix_found(s, {"2001:db8::2"}, "2001:db8::7"), "") << "another answer, no prefix"; });
  in_many(5, [](scene_of_session& s) { EXPECT_EQ(prefix_found(s, {"2001:db8::2", "10.0.0.1"}, "64:ff9b::192.0.0.170"), "") << "there is IPv4, so nobody asks"; });
}

namespace {

// A session beside a DoH server that answers and a DoT server that takes connections and is silent.
diagnosed& look_with_silent_dot(scene_of_session& s, depth how_deep, diagnosed& d, std::optional<trust>& trusts) {
  const tharsis_random& random = *s.client.platform()->random;
  const int64_t seconds = s.box.place->wall() / 1'000'000'000;
  const auto authority = make_authority(random, "test authority", seconds, 30);
  const auto shown = issue_server_certificate(random, *authority, {"dns.test"}, seconds, 5);
  tls_server_settings how;
  how.certificate_chain_pem = shown->certificate_pem;
  how.private_key_pem = shown->private_key_pem;
  how.http1 = true;
  tls_client_settings who{.ca_pem = authority->certificate_pem};
  who.http1 = true;
  trusts.emplace();
  trusts->web = trusts->http1 = *tls_context::client(who);
  trusts->bare = *tls_context::client({.ca_pem = authority->certificate_pem});
  sim::machine& at = s.world.add_machine("doh", {"10.0.0.4"});
  dns::test::doh_server doh(at, "10.0.0.4", [](const octets& asked) { return dns::test::doh_server::saying{.body = answer_to(asked, 0)}; });
  doh.serve(*tls_context::server(how));
  s.listen(s.serving, "10.0.0.2", 443);
  s.listen(s.controlling, "10.0.0.3", 853);
  wish w = s.about("tcp://im.test:443", how_deep);
  for (const char* server : {"https://10.0.0.4/dns-query#dns.test", "tls://10.0.0.3#dns.test"}) w.resolvers.push_back(*parse_resolver(server));
  s.box.send([&] {
    d.work = std::make_unique<session>(s.box.tables(), *s.box.place, *s.names, *trusts, w);
    d.running.emplace(scene_of_session::wait_for(&d, &*s.box.place)).start(*s.box.place);
  });
  s.world.run_for(8s);
  doh.close();
  s.world.run_for(100ms);
  return d;
}

}  // namespace

TEST(SdtNames, WhoLooksLightlyWaitsForOneOfThoseWhoProveTheirNames) {
  in_many(5, [](scene_of_session& s) {
    diagnosed d;
    std::optional<trust> trusts;
    const instant begun = s.world.now();
    look_with_silent_dot(s, depth::light, d, trusts);
    ASSERT_TRUE(d.made);
    EXPECT_LT(d.ended, begun + 1s) << "DoT would have been waited for for three";
    const auto& names = d.made->seen.names;
    EXPECT_TRUE(std::any_of(names.begin(), names.end(), [](const name_probe& n) { return n.role == probe_role::truth && n.over == name_transport::https && n.rcode == 3; }));
    d.running.reset(), d.work.reset();
  });
  in_many(5, [](scene_of_session& s) {
    diagnosed d;
    std::optional<trust> trusts;
    look_with_silent_dot(s, depth::medium, d, trusts);
    ASSERT_TRUE(d.made);
    const auto& names = d.made->seen.names;
    EXPECT_TRUE(std::any_of(names.begin(), names.end(), [](const name_probe& n) { return n.role == probe_role::truth && n.over == name_transport::tls; })) << "who has the time tells of each";
    d.running.reset(), d.work.reset();
  });
}

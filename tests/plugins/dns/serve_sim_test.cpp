// The resolver of `dns serve` in a simulated world: another machine asks it over UDP, TCP and HTTPS; behind it are liars.
#include <gtest/gtest.h>

#include "plugins/dns/resolver_server.h"
#include "sdk/async/http2_client.h"
#include "sdk/pure/dice.h"
#include "sdk/pure/views.h"
#include "tests/plugins/dns/servers_world.h"

using namespace tharsis;
using namespace tharsis::dns;
using namespace tharsis::dns::test;

namespace {

// Another machine, with a dns of its own whose only server is the served one.
struct guest {
  guest(network& n, const std::string& server) : world(n.world), machine(world.add_machine("guest", {"10.0.0.7"})), box(machine.platform(), "guest dns"), asker(machine.platform(), "guest asker") {
    s.servers = {*parse_server(server)};
    s.mode = trust::open;  // It is the served one that decides.
    const tharsis_files& files = *machine.platform()->files;
    (void)files.make_folder(files.self, text_of("/state"), nullptr);
    if (n.authority) files.replace(files.self, text_of("/state/ca.pem"), tharsis::bytes_of(as_bytes(n.authority->certificate_pem)), nullptr);
    s.tls = {"/state/ca.pem", false};
    names.emplace(box.tables(), *box.place, s);
    box.send([this] { names->open(0); });
    world.run_for(1s);
  }
  ~guest() {
    box.send([this] { names->close(); });
    world.run_for(1s);
    names.reset();
    box.own->close(box.own->self);
    asker.own->close(asker.own->self);
  }
  std::string ask(const std::string& name) {
    said.clear();
    asker.send([this, name] {
      const auto told = [](void* self, tharsis_handle, const tharsis_dns_answer* a) {
        guest& g = *static_cast<guest*>(self);
        for (uint32_t i = 0; i < a->count; ++i) g.said += ip_text(a->addresses[i]) + " ";
        g.said += view(a->verdict);
        g.life = a->life;
      };
      tharsis_handle id = 0;
      ASSERT_EQ(names->table()->resolve(names->table()->self, text_of(name), 4, told, this, &id, nullptr), THARSIS_OK);
    });
    EXPECT_TRUE(world.run_until([this] { return !said.empty(); }, world.now() + 10s));
    return said;
  }

  // Of other records: what its server says.
  std::string records(uint32_t type) {
    said.clear();
    asker.send([this, type] {
      const auto told = [](void* self, tharsis_handle, const tharsis_dns_explanation* e) {
        static_cast<guest*>(self)->said = e->heard_count == 1 ? std::string(view(e->heard[0]->says)) : "?";
      };
      tharsis_dns_wish w{};
      w.size = sizeof w;
      w.type = type;
      w.name = text_of("im.example.com");
      tharsis_handle id = 0;
      ASSERT_EQ(names->table()->explain(names->table()->self, &w, told, this, &id, nullptr), THARSIS_OK);
    });
    EXPECT_TRUE(world.run_until([this] { return !said.empty(); }, world.now() + 10s));
    return said;
  }

  sim::world& world;
  sim::machine& machine;
  tharsis::test::host_on_strand box, asker;
  settings s;
  std::optional<service> names;
  std::string said;
  int64_t life = 0;
};

// A program on a machine of its own that asks the served one over UDP, and takes any number of answers.
struct datagram_program {
  datagram_program(sim::world& w, const std::string& ip) : world(w), box(w.add_machine("program " + ip, {ip}).platform(), "program") {
    box.send([this, ip] {
      socket = std::make_unique<udp_socket>(*box.own->net, [this] { take(); });
      ASSERT_EQ(socket->open(*parse_ip(ip), nullptr), THARSIS_OK);
      take();  // From then on it is told.
    });
  }
  ~datagram_program() {
    box.send([this] { socket.reset(); });
    world.run_for(1s);
    box.own->close(box.own->self);
  }
  void send(const octets& bytes) {
    box.send([this, bytes] { socket->send(*parse_place("10.0.0.1:5300"), bytes); });
  }
  void take() {
    octets reply(4096);
    tharsis_address from{};
    while (const auto size = socket->receive(reply, from)) answers.emplace_back(reply.begin(), reply.begin() + static_cast<std::ptrdiff_t>(*size));
  }

  sim::world& world;
  tharsis::test::host_on_strand box;
  std::unique_ptr<udp_socket> socket;
  std::vector<octets> answers;
};

struct served : network {
  explicit served(uint64_t seed) : network(seed) {}
  ~served() {
    box.send([this] { server->close(); });
    world.run_for(1s);
  }
  void serve() {
    start();
    own.listen = *parse_place("10.0.0.1:5300");
    server.emplace(box.tables(), *box.place, s, own, *asked->table(), asked->opinion());
    box.send([this] { starting = std::make_unique<task_set>(*box.place), starting->spawn(open()); });
    world.run_for(1s);
    EXPECT_TRUE(listens);
    box.send([this] { starting.reset(); });
  }
  // Over HTTPS, too, at 10.0.0.1:8443. After a trusted server has been added.
  void own_https(const std::string& name) {
    (void)trusted_by_client(servers[0]->seconds());
    const auto shown = *issue_server_certificate(*client.platform()->random, *authority, {name}, servers[0]->seconds(), 5);
    const tharsis_files& files = *client.platform()->files;
    for (const auto& [path, text] : {std::pair("/state/serve.pem", shown.certificate_pem), std::pair("/state/serve.key", shown.private_key_pem)})
      ASSERT_EQ(files.replace(files.self, text_of(path), tharsis::bytes_of(as_bytes(text)), nullptr), THARSIS_OK);
    own.https = *parse_place("10.0.0.1:8443");
    own.certificate = "/state/serve.pem";
    own.key = "/state/serve.key";
  }
  task<void> open() {
    const error wrong = co_await server->open();
    EXPECT_EQ(wrong.text, "");
    listens = wrong.status == THARSIS_OK;
  }
  serve_settings own;
  std::optional<resolver_server> server;
  std::unique_ptr<task_set> starting;
  bool listens = false;
};

task<void> open_and_tell(resolver_server& s, std::string& why) { why = (co_await s.open()).text; }

// Asks over one connection of HTTP/2, and gives each question up a moment later; `cancelled` counts them.
task<void> cancel_streams(strand& place, const tharsis_net& net, std::string authority, size_t count, size_t& cancelled) {
  auto plain = co_await dial_tcp(place, net, *parse_place("10.0.0.1:8443"), place.now() + 5s);
  tls_client_settings s;
  s.ca_pem = std::move(authority);
  s.http2 = true;
  auto trust = tls_context::client(s);
  if (!plain || !trust) co_return;
  std::unique_ptr<stream> under = std::move(*plain);
  auto secured = co_await tls_connect(place, std::move(under), *trust, "serve.test", place.now() + 5s);
  if (!secured) co_return;
  url to;
  to.secure = true;
  to.host = "serve.test";
  to.port = 8443;
  const auto web = std::make_shared<http2_client>(place, std::move(*secured), to);
  tharsis::signal nobody(place);
  for (size_t i = 0; i < count;) {
    std::vector<std::unique_ptr<http_line>> lines;
    for (; i < count && lines.size() < 10 && web->room() > 0; ++i) {
      const octets asked = bytes_of(question{.name = "n" + std::to_string(i) + ".example.com"});
      http1::request_head head;
      head.method = "POST";
      head.target = "/dns-query";
      head.fields = {{"content-type", "application/dns-message"}};
      lines.push_back(web->line());
      (void)lines.back()->begin(std::move(head), asked.size(), as_text(asked));
    }
    co_await nobody.wait(place.now() + 20ms);
    cancelled += lines.size();
    lines.clear();
    co_await nobody.wait(place.now() + 20ms);
    if (!web->takes_more()) co_return;
  }
}

}  // namespace

// Whoever hears that a name has no address believes it; that all there were are refused is another thing.
TEST(ServeSim, ANameOfWhichAllIsRefusedIsAFailureAndOneThatHasNothingIsNone) {
  served n(40);
  n.add_plain("10.0.0.53", [](const octets& asked) {
    message m;
    (void)message::read(asked, m);
    const std::string name = m.asked_name().text();
    if (name == "lied.example.com") return std::vector<dns_server::saying>{{answer_writer(asked).address("10.1.2.3").bytes, 0s}};
    return std::vector<dns_server::saying>{{answer_writer(asked, name == "none.example.com" ? 3 : 0).bytes, 0s}};
  });
  n.serve();
  n.world.run_for(1s);
  guest g(n, "udp://10.0.0.1:5300");
  for (int again = 0; again < 2; ++again) {  // Also of what is remembered.
    EXPECT_EQ(g.ask("lied.example.com"), "no_answer");
    EXPECT_EQ(g.ask("empty.example.com"), "not_found");
    EXPECT_EQ(g.ask("none.example.com"), "not_found");
  }
}

// That a trusted server knows of no such address is believed, whatever a liar has beside it.
TEST(ServeSim, ATrustedServersNothingIsNothingBesideALie) {
  served n(41);
  n.add_plain("10.0.0.53", says("10.1.2.3"));
  n.add_trusted("10.0.0.55", [](const octets& asked) { return std::vector<dns_server::saying>{{answer_writer(asked).bytes, 0s}}; });
  n.serve();
  guest g(n, "udp://10.0.0.1:5300");
  EXPECT_EQ(g.ask("im.example.com"), "not_found");
}

TEST(ServeSim, LiarsBehindItAreNotSeenInFront) {
  served n(1);
  n.add_plain("10.0.0.53", says(lie));
  n.add_trusted("10.0.0.55", says(truth, 40));
  n.serve();
  for (const char* server : {"udp://10.0.0.1:5300", "tcp://10.0.0.1:5300"}) {
    guest g(n, server);
    EXPECT_EQ(g.ask("im.example.com"), "192.0.2.1 single") << server;
    EXPECT_LE(g.life, 40'000'000'000);
    EXPECT_GT(g.life, 20'000'000'000) << "the truth's life, less what has passed of it";
  }
}

TEST(ServeSim, OverHttpsToo) {
  served n(2);
  n.add_trusted("10.0.0.55", says(truth));
  n.own_https("serve.test");
  n.serve();
  guest g(n, "https://10.0.0.1:8443/dns-query#serve.test");
  EXPECT_EQ(g.ask("im.example.com"), "192.0.2.1 proven") << "it proves its name";
}

// Their hints are addresses that nobody weighs: a liar's would be dialled by browsers.
TEST(ServeSim, HttpsRecordsOfPlainServersStayBehindIt) {
  for (const bool trusted : {false, true}) {
    served n(4);
    const auto has_one = [](const octets& asked) {
      return std::vector<dns_server::saying>{{answer_writer(asked).add("", type::https, 60, {0, 1, 0}).bytes, 0s}};
    };
    if (trusted) n.add_trusted("10.0.0.55", has_one);
    else n.add_plain("10.0.0.53", has_one);
    n.serve();
    datagram_program browser(n.world, "10.0.0.8");
    browser.send(bytes_of(question{.name = "im.example.com", .kind = type::https}));
    n.world.run_for(5s);
    ASSERT_EQ(browser.answers.size(), 1u);
    EXPECT_EQ(browser.answers[0][7], trusted ? 1u : 0u) << "records";
  }
}

TEST(ServeSim, WhereNobodyIsTrustedItFailsInsteadOfLying) {
  served n(3);
  n.s.mode = trust::strict;
  n.add_plain("10.0.0.53", says(lie));
  n.add_trusted("10.0.0.55", says(truth)).down = true;
  n.serve();
  guest g(n, "udp://10.0.0.1:5300");
  EXPECT_EQ(g.ask("im.example.com"), "no_answer");
}

// What sdt found, and the quarantine, hold for other records as for addresses; and nobody gets addresses by asking for all records.
TEST(ServeSim, OtherRecordsAreNotTakenFromWhoIsNotBelieved) {
  served n(4);
  n.s.budget = 300ms;
  n.add_plain("10.0.0.53", [](const octets& asked) { return std::vector<dns_server::saying>{{answer_writer(asked).add("", kind_of(asked), 60, octets{2, 'h', 'i'}).bytes, 0s}}; });
  n.add_trusted("10.0.0.55", says(truth)).down = true;
  n.serve();
  guest g(n, "udp://10.0.0.1:5300");
  EXPECT_EQ(g.records(type::txt), "'hi' for 60 s");
  for (const uint32_t wish : {255u, 252u, 251u, 250u, 128u, 41u}) EXPECT_NE(g.records(wish).find("NOTIMP"), std::string::npos) << wish << g.said;
  EXPECT_EQ(n.asked->table()->advise(n.asked->table()->self, THARSIS_DNS_USE_DOH, text_of(""), duration(1h).count(), nullptr), THARSIS_OK);
  n.world.run_for(10ms);
  EXPECT_NE(g.records(type::txt).find("SERVFAIL"), std::string::npos) << g.said;
}

// What a plain server adds to the text that was asked for goes to nobody: a program would dial it.
TEST(ServeSim, RecordsThatNobodyAskedForStayBehind) {
  served n(5);
  n.add_plain("10.0.0.53", [](const octets& asked) {
    return std::vector<dns_server::saying>{{answer_writer(asked).add("", type::txt, 60, octets{2, 'h', 'i'}).address("10.6.6.6").address("203.0.113.66", 60, "www.bank.com").bytes, 0s}};
  });
  n.serve();
  datagram_program program(n.world, "10.0.0.8");
  program.send(bytes_of(question{.name = "x.example.com", .kind = type::txt}));
  n.world.run_for(5s);
  ASSERT_EQ(program.answers.size(), 1u);
  message m;
  ASSERT_EQ(message::read(program.answers[0], m), defect::none);
  EXPECT_EQ(m.code(), rcode::ok);
  EXPECT_EQ(m.answers().left(), 1u);
}

// Connections to servers that were made on the network before may be dead without a word there.
TEST(ServeSim, OnAnotherNetworkItsConnectionsAreMadeAnew) {
  served n(7);
  dns_server& trusted = n.add_trusted("10.0.0.55", [](const octets& asked) { return std::vector<dns_server::saying>{{answer_writer(asked).add("", kind_of(asked), 60, octets{2, 'h', 'i'}).bytes, 0s}}; });
  n.serve();
  guest g(n, "udp://10.0.0.1:5300");
  EXPECT_EQ(g.records(type::txt), "'hi' for 60 s");
  EXPECT_EQ(g.records(type::txt), "'hi' for 60 s");
  EXPECT_EQ(trusted.connections, 1u);
  n.box.send([&n] { n.box.network.move("wlan0", "another network"); });
  n.world.run_for(100ms);
  EXPECT_EQ(g.records(type::txt), "'hi' for 60 s");
  EXPECT_EQ(trusted.connections, 2u);
}

// A person looks for what is wrong where he has written it.
TEST(ServeSim, AMissingCertificateIsCalledAsItWasWritten) {
  for (const auto& [called, where] : {std::pair("--cert", ""), std::pair("certificate (profile.yaml:7)", "certificate (profile.yaml:7)")}) {
    network n(8);
    n.start();
    serve_settings own;
    own.https = *parse_place("10.0.0.1:8443");
    own.certificate = own.key = "/state/none.pem";
    if (*where != 0) own.certificate_called = where;
    resolver_server server(n.box.tables(), *n.box.place, n.s, own, *n.asked->table(), n.asked->opinion());
    std::string why;
    task_set starting(*n.box.place);
    n.box.send([&] { starting.spawn(open_and_tell(server, why)); });
    n.world.run_for(1s);
    EXPECT_TRUE(why.starts_with(std::string(called) + ": ")) << why;
    n.box.send([&] { server.close(); });
    n.world.run_for(1s);
  }
}

// Goal: one connection never has more questions under way than it may, also where it gives its streams up at once: others are served.
// Method: 300 exchanges over HTTP/2 that are cancelled ten at a time, with servers that say nothing; then somebody else asks.
TEST(ServeSim, AConnectionThatCancelsItsStreamsTakesNoMoreThanItsOwnQuestions) {
  served n(6);
  n.add_trusted("10.0.0.55", says(truth)).down = true;
  n.s.pins["pinned.example.com"] = {*parse_ip("192.0.2.9")};
  n.s.budget = n.s.timeout = 60s;
  n.own_https("serve.test");
  n.own.questions_max = 30;
  n.own.questions_each = 20;
  n.serve();
  guest other(n, "udp://10.0.0.1:5300");
  tharsis::test::host_on_strand hostile(n.world.add_machine("hostile", {"10.0.0.66"}).platform(), "hostile");
  task_set work(*hostile.place);
  size_t cancelled = 0;
  hostile.send([&] { work.spawn(cancel_streams(*hostile.place, *hostile.own->net, n.authority->certificate_pem, 300, cancelled)); });
  n.world.run_for(5s);
  EXPECT_GE(cancelled, 20u);
  EXPECT_EQ(other.ask("pinned.example.com"), "192.0.2.9 single");
  hostile.send([&] { work.clear(); });
  n.world.run_for(1s);
  hostile.own->close(hostile.own->self);
}

// Goal: whatever bytes come, others are served, and what is open is bounded. Method: mutated questions from seeds; connections that
// stop in the middle; more connections than there are places.
TEST(ServeSim, HostileBytesAndConnectionsDisturbNobody) {
  for (uint64_t seed = 10; seed < 14; ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    served n(seed);
    n.add_plain("10.0.0.53", says(truth));
    n.own.connections_max = 8;
    n.serve();
    dice d(seed);
    guest g(n, "udp://10.0.0.1:5300");
    datagram_program hostile(n.world, "10.0.0.66");
    std::vector<std::unique_ptr<tcp_stream>> holes;
    hostile.box.send([&] {
      const octets good = bytes_of(question{.name = "im.example.com"});
      for (int i = 0; i < 3000; ++i) {
        octets odd = good;
        for (uint64_t k = d.below(6); k > 0; --k) odd[d.below(odd.size())] = static_cast<uint8_t>(d.below(256));
        odd.resize(d.below(odd.size() + 1));
        hostile.socket->send(*parse_place("10.0.0.1:5300"), odd);
      }
      for (int i = 0; i < 12; ++i) {
        holes.push_back(std::make_unique<tcp_stream>(*hostile.box.place, *hostile.box.own->net));
        holes.back()->dial(*parse_place("10.0.0.1:5300"), nullptr);
      }
    });
    n.world.run_for(1s);
    hostile.box.send([&] {
      for (auto& hole : holes) hole->write(octets{0, 200, 1, 2, 3});
    });
    n.world.run_for(1s);
    EXPECT_EQ(g.ask("im.example.com"), "192.0.2.1 single");
    guest slow(n, "tcp://10.0.0.1:5300");
    EXPECT_EQ(slow.ask("other.example.com"), "no_answer") << "all places are taken";
    n.world.run_for(30s);
    EXPECT_EQ(slow.ask("third.example.com"), "192.0.2.1 single") << "who says half a word is given up";
    hostile.box.send([&] { holes.clear(); });
    n.world.run_for(1s);
  }
}

#include <gtest/gtest.h>

#include <optional>

#include "plugins/dns/service.h"
#include "tests/plugins/dns/dns_server.h"

using namespace tharsis;
using namespace tharsis::dns;
using namespace tharsis::dns::test;

namespace {

constexpr const char* truth = "192.0.2.1";
constexpr const char* lie = "203.0.113.66";

// dns on one machine, servers on others.
struct network {
  explicit network(uint64_t seed) : world(seed), client(world.add_machine("client", {"10.0.0.1"})), box(client.platform(), "dns"), asker(client.platform(), "asker") {}
  ~network() {
    box.send([this] { asked->close(); });
    for (auto& server : servers) server->close();
    world.run_for(10s);
    EXPECT_EQ(box.left_open(), "");
    asked.reset();
    servers.clear();
    box.own->close(box.own->self);
    asker.own->close(asker.own->self);
  }

  dns_server& add(const std::string& ip, dns_server::speaker says) {
    servers.push_back(std::make_unique<dns_server>(world.add_machine("at " + ip, {ip}), "server", ip, std::move(says)));
    return *servers.back();
  }
  void add_plain(const std::string& ip, dns_server::speaker says) {
    add(ip, std::move(says)).serve();
    s.servers.push_back(*parse_server("udp://" + ip));
  }
  dns_server& add_trusted(const std::string& ip, dns_server::speaker says) {
    dns_server& server = add(ip, std::move(says));
    const tharsis_platform& platform = *client.platform();
    const auto authority = *make_authority(*platform.random, "test authority", server.seconds(), 10);
    const auto own = *issue_server_certificate(*platform.random, authority, {"dns.test"}, server.seconds(), 5);
    tls_server_settings shown;
    shown.certificate_chain_pem = own.certificate_pem;
    shown.private_key_pem = own.private_key_pem;
    server.serve_tls(*tls_context::server(shown));
    const tharsis_files& files = *platform.files;
    EXPECT_EQ(files.make_folder(files.self, text_of("/state"), nullptr), THARSIS_OK);
    EXPECT_EQ(files.replace(files.self, text_of("/state/ca.pem"), bytes_of(as_bytes(authority.certificate_pem)), nullptr), THARSIS_OK);
    s.tls = {"/state/ca.pem", false};
    s.servers.push_back(*parse_server("tls://" + ip + "#dns.test"));
    return server;
  }
  void start() {
    asked.emplace(box.tables(), *box.place, s);
    box.send([this] { asked->open(0); });
    world.run_for(1s);
  }
  // The addresses and the verdict, as the service's user gets them: "192.0.2.1! proven"; "!" is proven, "~" stale.
  std::string ask(const std::string& name) {
    said.clear();
    asker.send([this, name] {
      const tharsis_dns& table = *asked->table();
      tharsis_handle id = 0;
      ASSERT_EQ(table.resolve(table.self, text_of(name), 4, &network::on_answer, this, &id, nullptr), THARSIS_OK);
    });
    EXPECT_TRUE(world.run_until([this] { return !said.empty(); }, world.now() + 10s));
    return said;
  }
  static void on_answer(void* self, tharsis_handle, const tharsis_dns_answer* a) {
    network& n = *static_cast<network*>(self);
    for (uint32_t i = 0; i < a->count; ++i) {
      EXPECT_TRUE(a->candidates[i]->address == a->addresses[i]);
      n.said += ip_text(a->addresses[i]) + (a->candidates[i]->proven ? "! " : a->candidates[i]->stale ? "~ " : " ");
      EXPECT_NE(std::string(view(a->candidates[i]->source)), "");
    }
    n.refused.clear();
    for (size_t i = 0; i < a->refused_count; ++i) n.refused += ip_text(a->refused[i]->address) + " ";
    n.source = a->source;
    n.said += view(a->verdict);
  }

  sim::world world;
  sim::machine& client;
  tharsis::test::host_on_strand box, asker;
  settings s;
  std::vector<std::unique_ptr<dns_server>> servers;
  std::optional<service> asked;
  std::string said, refused;
  uint32_t source = 0;
};

dns_server::speaker says(const char* ip, uint32_t life = 60) {
  return [=](const octets& asked) { return std::vector<dns_server::saying>{{answer_writer(asked).address(ip, life).bytes, 0s}}; };
}

}  // namespace

TEST(ServersSim, TheServiceAsksTheProfilesServersAndRemembersAsLongAsTheySay) {
  network n(1);
  n.add_plain("10.0.0.53", says(truth, 30));
  n.start();
  EXPECT_EQ(n.ask("im.example.com"), "192.0.2.1 single");
  EXPECT_EQ(n.source, uint32_t{THARSIS_DNS_SERVERS});
  n.world.run_for(25s);
  n.ask("im.example.com");
  EXPECT_EQ(n.source, uint32_t{THARSIS_DNS_CACHED});
  EXPECT_EQ(n.servers[0]->asked, 1u);
  n.world.run_for(6s);
  EXPECT_EQ(n.ask("im.example.com"), "192.0.2.1 single");
  EXPECT_EQ(n.servers[0]->asked, 2u);
}

TEST(ServersSim, ATrustedServerIsBelievedAgainstLiars) {
  network n(2);
  n.add_plain("10.0.0.53", says(lie));
  n.add_plain("10.0.0.54", says(lie));
  n.add_trusted("10.0.0.55", says(truth));
  n.start();
  EXPECT_EQ(n.ask("im.example.com"), "192.0.2.1! disputed");
  EXPECT_EQ(n.refused, "203.0.113.66 203.0.113.66 ");
}

TEST(ServersSim, StrictModeHasNoAddressWithoutATrustedServer) {
  network n(3);
  n.s.mode = trust::strict;
  n.add_plain("10.0.0.53", says(lie));
  n.add_trusted("10.0.0.55", says(truth)).down = true;
  n.start();
  EXPECT_EQ(n.ask("im.example.com"), "not_trusted");
}

// Goal: two forged answers and a true one; whoever is first does not win, and the race is told of.
TEST(ServersSim, ForgedAnswersThatComeFirstLose) {
  network n(4);
  n.add_plain("10.0.0.53", [](const octets& asked) {
    return std::vector<dns_server::saying>{{answer_writer(asked).address(lie).bytes, 0s}, {answer_writer(asked).address("203.0.113.67").bytes, 1ms}, {answer_writer(asked).address(truth).bytes, 30ms}};
  });
  n.start();
  EXPECT_EQ(n.ask("im.example.com"), "192.0.2.1 injection");
  EXPECT_EQ(n.refused, "203.0.113.66 203.0.113.67 ");
}

TEST(ServersSim, EveryServerDeadIsAFailureInTime) {
  network n(5);
  n.s.servers = {*parse_server("udp://10.9.9.9"), *parse_server("tcp://10.9.9.9"), *parse_server("tls://10.9.9.9#dns.test")};
  n.start();
  const instant began = n.world.now();
  EXPECT_EQ(n.ask("im.example.com"), "no_answer");
  EXPECT_LE(n.world.now() - began, 1600ms);
}

// The same question from many at once is one question to the server.
TEST(ServersSim, TenThousandQuestionsForOneNameAreOneQuery) {
  network n(6);
  n.s.questions_max = 20'000;
  n.add_plain("10.0.0.53", says(truth));
  n.start();
  size_t answers = 0;
  n.asker.send([&] {
    const tharsis_dns& table = *n.asked->table();
    for (int i = 0; i < 10'000; ++i) {
      tharsis_handle id = 0;
      const auto count = [](void* c, tharsis_handle, const tharsis_dns_answer* a) { *static_cast<size_t*>(c) += a->count; };
      ASSERT_EQ(table.resolve(table.self, text_of("im.example.com"), 4, count, &answers, &id, nullptr), THARSIS_OK);
    }
  });
  EXPECT_TRUE(n.world.run_until([&] { return answers == 10'000; }, n.world.now() + 10s));
  EXPECT_EQ(n.servers[0]->asked, 1u);
}

// Goal: a day on a network whose resolvers always lie brings not one wrong address. Method: three liars of different kinds, one
// trusted server, a question every three minutes, in strict and guarded mode; each must be answered with the truth alone.
TEST(ServersSim, ADayAmongLiarsBringsNoWrongAddress) {
  size_t answers = 0;
  for (const trust mode : {trust::strict, trust::guarded}) {
    network n(7 + static_cast<uint64_t>(mode));
    n.s.mode = mode;
    n.add_plain("10.0.0.53", says(lie));
    n.add_plain("10.0.0.54", says("10.6.6.6"));
    n.add_plain("10.0.0.56", [](const octets& asked) { return std::vector<dns_server::saying>{{answer_writer(asked, rcode::no_name).bytes, 0s}}; });
    n.add_trusted("10.0.0.55", says(truth));
    n.start();
    const instant end = n.world.now() + 24h;
    while (n.world.now() < end) {
      ASSERT_EQ(n.ask("im" + std::to_string(answers % 5) + ".example.com").substr(0, 11), "192.0.2.1! ");
      ASSERT_EQ(n.said.find(lie), std::string::npos);
      ++answers;
      n.world.run_for(3min);
    }
  }
  EXPECT_GE(answers, 950u);
}

// Servers of the vendors' forms that answer as they should, and that do not; the system's resolver as a server; and servers that
// are older than EDNS.
#include <gtest/gtest.h>

#include "tests/plugins/dns/servers_world.h"

using namespace tharsis;
using namespace tharsis::dns;
using namespace tharsis::dns::test;

namespace {

constexpr const char* site = "10.0.0.55";
constexpr const char* token = "S3cretT0ken";

octets bytes(const std::string& text) { return octets(text.begin(), text.end()); }
doh_server::speaker replies(int status, const std::string& body, bool drips = false) {
  return [=](const octets&) {
    doh_server::saying s{status, "text/plain", bytes(body)};
    s.drips = drips;
    return s;
  };
}
void add_tencent(network& n, bool http2, doh_server::speaker says) { n.add_vendor("tencent://", site, "?token=/token", token, http2, std::move(says)); }

}  // namespace

TEST(HttpDnsSim, BothVendorsAreProvenOverBothVersions) {
  for (const bool http2 : {false, true}) {
    std::string asked;
    network n(1 + http2);
    add_tencent(n, http2, [&](const octets& target) {
      asked.assign(target.begin(), target.end());
      return doh_server::saying{200, "text/html", bytes("192.0.2.1,60")};
    });
    n.start();
    EXPECT_EQ(n.ask("im.example.com"), "192.0.2.1! proven") << n.reason;
    EXPECT_EQ(asked, "/d?dn=im.example.com&token=S3cretT0ken&ttl=1&type=a");
    network other(3 + http2);
    other.add_vendor("aliyun://", site, "/139450", "", http2, replies(200, R"({"host":"im.example.com","ips":["192.0.2.1"],"ttl":60})"));
    other.start();
    EXPECT_EQ(other.ask("im.example.com"), "192.0.2.1! proven") << other.reason;
  }
}

// Who names a server with the question names the file of its key, too.
TEST(HttpDnsSim, AServerThatIsNamedWithAnExplanationHasItsKey) {
  std::string target;
  network n(7);
  add_tencent(n, true, [&](const octets& asked) {
    target.assign(asked.begin(), asked.end());
    return doh_server::saying{200, "text/html", bytes("192.0.2.1,60")};
  });
  n.s.servers.clear();
  const tharsis_files& files = *n.client.platform()->files;
  ASSERT_EQ(files.replace(files.self, text_of("/state/token"), tharsis::bytes_of(as_bytes(std::string("S3cretT0ken\n"))), nullptr), THARSIS_OK);
  n.start();
  std::string told;
  const auto explain = [&](const char* key) {
    told.clear();
    tharsis_status taken = THARSIS_OK;
    n.asker.send([&] {
      const auto done = [](void* to, tharsis_handle, const tharsis_dns_explanation* e) { *static_cast<std::string*>(to) = std::string(view(e->verdict)) + " " + std::string(view(e->reason)); };
      const std::string server = std::string("tencent://") + site + "?token=" + key + "#dns.test";
      const tharsis_text one = text_of(server);
      tharsis_dns_wish w{};
      w.size = sizeof w;
      w.type = type::a;
      w.name = text_of("im.example.com");
      w.servers = &one;
      w.servers_count = 1;
      tharsis_handle id = 0;
      taken = n.asked->table()->explain(n.asked->table()->self, &w, done, &told, &id, nullptr);
    });
    n.world.run_for(5s);
    return taken;
  };
  EXPECT_EQ(explain("/state/token"), THARSIS_OK);
  EXPECT_EQ(told, "proven ");
  EXPECT_EQ(target, "/d?dn=im.example.com&token=S3cretT0ken&ttl=1&type=a");
  EXPECT_EQ(explain("/state/nothere"), THARSIS_OK);
  EXPECT_NE(told.find("/state/nothere"), std::string::npos) << told;
  EXPECT_EQ(explain("token"), THARSIS_E_INVALID) << "beside what?";
}

TEST(HttpDnsSim, WhatIsNoAnswerIsToldAndTheKeyNever) {
  const struct {
    int status;
    std::string body, reason;
    bool drips = false;
  } cases[] = {
      {429, "192.0.2.1,60", "HTTP status 429"},
      {500, "192.0.2.1,60", "HTTP status 500"},
      {302, "192.0.2.1,60", "HTTP status 302"},
      {200, "<html>portal</html>", "no list of addresses"},
      {200, "evil;192.0.2.1,60", "no address"},
      {200, std::string(40'000, '1'), "longer than 16384 bytes"},
      {200, "192.0.2.1,60", "", true},
  };
  for (const auto& c : cases)
    for (const bool http2 : {false, true}) {
      SCOPED_TRACE(std::to_string(c.status) + " " + c.body.substr(0, 20) + (http2 ? " HTTP/2" : " HTTP/1.1"));
      network n(20);
      add_tencent(n, http2, replies(c.status, c.body, c.drips));
      n.start();
      const instant began = n.world.now();
      EXPECT_EQ(n.ask("im.example.com"), "no_answer");
      EXPECT_NE(n.reason.find(c.reason), std::string::npos) << n.reason;
      EXPECT_EQ(n.reason.find(token), std::string::npos) << n.reason;
      EXPECT_LE(n.world.now() - began, 2s);
      for (const std::string& line : n.box.lines) EXPECT_EQ(line.find(token), std::string::npos) << line;
    }
}

// It has proved its name, so it decides against a plain server that lies.
TEST(HttpDnsSim, AVendorDecidesAgainstAPlainServer) {
  network n(30);
  n.add_plain("10.0.0.53", says(lie));
  add_tencent(n, true, replies(200, "192.0.2.1,60"));
  n.start();
  EXPECT_EQ(n.ask("im.example.com"), "192.0.2.1! disputed");
  EXPECT_EQ(n.refused, "203.0.113.66 ");
}

TEST(ServersSim, AServerThatIsOlderThanEdnsIsAskedWithoutIt) {
  network n(40);
  n.add_plain("10.0.0.53", [](const octets& asked) {
    message m;
    octets said = answer_writer(asked).address(truth).bytes;
    if (message::read(asked, m) == defect::none && m.has_options()) {
      said.assign(asked.begin(), asked.begin() + 12);
      said[2] = 0x81, said[3] = 0x81;  // FORMERR, and no question.
      said[5] = said[7] = said[9] = said[11] = 0;
    }
    return std::vector<dns_server::saying>{{said, 0s}};
  });
  n.start();
  EXPECT_EQ(n.ask("im.example.com"), "192.0.2.1 single") << n.reason;
  EXPECT_EQ(n.servers[0]->asked, 2u);
}

TEST(ServersSim, TheSystemsResolverIsOneMoreServer) {
  network n(50);
  n.world.add_name("im.example.com", {truth});
  n.s.servers.push_back(*parse_server("system"));
  n.start();
  EXPECT_EQ(n.ask("im.example.com"), "192.0.2.1 single") << n.reason;
  EXPECT_EQ(n.ask("nobody.example.com"), "not_found") << n.reason;
}

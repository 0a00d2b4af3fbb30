// dns on one machine of a simulated world, the servers of its profile on others, and a plugin that asks.
#pragma once
#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/dns/service.h"
#include "tests/plugins/dns/dns_server.h"
#include "tests/plugins/dns/doh_server.h"

namespace tharsis::dns::test {

inline constexpr const char* truth = "192.0.2.1";
inline constexpr const char* lie = "203.0.113.66";

inline uint16_t kind_of(const octets& asked) {
  message m;
  return message::read(asked, m) == defect::none ? m.asked_kind() : 0;
}

struct network {
  explicit network(uint64_t seed) : world(seed), client(world.add_machine("client", {"10.0.0.1"})), box(client.platform(), "dns"), asker(client.platform(), "asker") {}
  ~network() {
    box.send([this] { asked->close(); });
    for (auto& server : servers) server->close();
    for (auto& site : sites) site->close();
    world.run_for(10s);
    EXPECT_EQ(box.left_open(), "");
    asked.reset();
    servers.clear();
    sites.clear();
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
    server.serve_tls(trusted_by_client(server.seconds()));
    s.servers.push_back(*parse_server("tls://" + ip + "#dns.test"));
    return server;
  }
  doh_server& add_doh(const std::string& ip, bool http2, doh_server::speaker says) {
    sites.push_back(std::make_unique<doh_server>(world.add_machine("at " + ip, {ip}), ip, std::move(says)));
    sites.back()->serve(trusted_by_client(sites.back()->seconds(), http2));
    s.servers.push_back(*parse_server("https://" + ip + "/dns-query#dns.test"));
    return *sites.back();
  }
  // In a vendor's form; `text` is what stands behind "tencent://IP" or "aliyun://IP".
  doh_server& add_vendor(const std::string& scheme, const std::string& ip, const std::string& text, const std::string& key, bool http2, doh_server::speaker says) {
    sites.push_back(std::make_unique<doh_server>(world.add_machine("at " + ip, {ip}), ip, std::move(says)));
    sites.back()->serve(trusted_by_client(sites.back()->seconds(), http2));
    s.servers.push_back(*parse_server(scheme + ip + text + "#dns.test"));
    s.servers.back().key = key;
    return *sites.back();
  }
  // What a server shows that the client trusts, for five days.
  tls_context trusted_by_client(int64_t seconds, bool http2 = false) {
    const tharsis_platform& platform = *client.platform();
    if (!authority) authority = *make_authority(*platform.random, "test authority", seconds, 30);
    const auto own = *issue_server_certificate(*platform.random, *authority, {"dns.test"}, seconds, 5);
    tls_server_settings shown;
    shown.certificate_chain_pem = own.certificate_pem;
    shown.private_key_pem = own.private_key_pem;
    shown.http1 = shown.http2 = http2;
    const tharsis_files& files = *platform.files;
    (void)files.make_folder(files.self, text_of("/state"), nullptr);
    EXPECT_EQ(files.replace(files.self, text_of("/state/ca.pem"), tharsis::bytes_of(as_bytes(authority->certificate_pem)), nullptr), THARSIS_OK);
    s.tls = {"/state/ca.pem", false};
    return *tls_context::server(shown);
  }
  // Traffic of the client takes another way: it has another address, and dns is told.
  void move() {
    client.switch_network({"another network", {"10.0.0.2"}});
    box.send([this] { box.network.move("wlan0", "another network"); });
  }
  void start() {
    asked.emplace(box.tables(), *box.place, s, kept_in);
    box.send([this] {
      asked->open(0);
      if (at_start) at_start();
    });
    world.run_for(1s);
  }
  std::function<void()> at_start;  // What an application does there at once.
  // As a plugin that stops and is started again, with what it keeps.
  void restart(duration after = 0s, const std::function<void()>& meanwhile = {}) {
    task_set closing(*box.place);
    box.send([&] {
      asked->close();
      closing.spawn(asked->keep(later(box.place->now(), 2s)));
    });
    world.run_for(1s + after);
    EXPECT_TRUE(closing.empty());
    asked.reset();
    if (meanwhile) meanwhile();
    start();
  }
  // The addresses and the verdict, as the service's user gets them: "192.0.2.1! proven"; "!" is proven, "~" stale.
  std::string ask(const std::string& name, uint32_t family = 4) {
    said.clear();
    asker.send([this, name, family] {
      const tharsis_dns& table = *asked->table();
      tharsis_handle id = 0;
      ASSERT_EQ(table.resolve(table.self, text_of(name), family, &network::on_answer, this, &id, nullptr), THARSIS_OK);
    });
    EXPECT_TRUE(world.run_until([this] { return !said.empty(); }, world.now() + 10s));
    return said;
  }
  // Many at once; how many got the truth alone.
  size_t ask_all(size_t count) {
    struct tally {
      size_t answers = 0, right = 0;
    } all;
    asker.send([&] {
      const tharsis_dns& table = *asked->table();
      for (size_t i = 0; i < count; ++i) {
        tharsis_handle id = 0;
        const auto take = [](void* c, tharsis_handle, const tharsis_dns_answer* a) {
          ++static_cast<tally*>(c)->answers;
          static_cast<tally*>(c)->right += a->count == 1 && ip_text(a->addresses[0]) == truth;
        };
        const std::string name = "n" + std::to_string(asked_names++) + ".example.com";
        ASSERT_EQ(table.resolve(table.self, text_of(name), 4, take, &all, &id, nullptr), THARSIS_OK);
      }
    });
    EXPECT_TRUE(world.run_until([&] { return all.answers == count; }, world.now() + 10s));
    return all.right;
  }
  static void on_answer(void* self, tharsis_handle, const tharsis_dns_answer* a) {
    network& n = *static_cast<network*>(self);
    for (uint32_t i = 0; i < a->count; ++i) {
      EXPECT_TRUE(a->candidates[i]->address == a->addresses[i]);
      n.said += ip_text(a->addresses[i]) + (a->candidates[i]->proven ? "!" : "") + (a->candidates[i]->stale ? "~ " : " ");
      EXPECT_NE(std::string(view(a->candidates[i]->source)), "");
    }
    n.refused.clear();
    for (size_t i = 0; i < a->refused_count; ++i) n.refused += ip_text(a->refused[i]->address) + " ";
    n.why = a->count > 0 ? view(a->candidates[0]->why) : "";
    n.source = a->source;
    n.reason = view(a->reason);
    n.said += view(a->verdict);
  }

  sim::world world;
  sim::machine& client;
  tharsis::test::host_on_strand box, asker;
  settings s;
  std::vector<std::unique_ptr<dns_server>> servers;
  std::vector<std::unique_ptr<doh_server>> sites;
  std::optional<identity> authority;
  std::string kept_in;  // A folder; empty: nothing is kept.
  std::optional<service> asked;
  size_t asked_names = 0;
  std::string said, refused, reason, why;
  uint32_t source = 0;
};

inline dns_server::speaker says(const char* ip, uint32_t life = 60) {
  return [=](const octets& asked) { return std::vector<dns_server::saying>{{answer_writer(asked).address(ip, life).bytes, 0s}}; };
}

}  // namespace tharsis::dns::test

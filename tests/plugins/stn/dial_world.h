// A link's world with more servers, each on its own machine and with its own manners.
#pragma once
#include <deque>

#include "tests/plugins/stn/link_world.h"

namespace tharsis::test {

class dial_world : public link_world {
 public:
  explicit dial_world(uint64_t seed, std::string scheme = "tcp") : link_world(seed, std::move(scheme)) { write_ca(); }
  ~dial_world() {
    if (dispatcher) {
      stop();
      client.on_strand([&] { dispatcher.reset(); });
    }
    for (auto& o : others_) {
      o.here.on_strand([&] { o.server.close(); });
      o.here.on_strand([&] { o.here.home->close(o.here.home->self); });
    }
  }

  // Another server of the link, honest unless it is told otherwise.
  scripted_server& add_server(const std::string& ip, scripted_server::manner how = scripted_server::manner::honest) {
    sim::machine& m = add_machine(ip);
    other& o = others_.emplace_back(world, m);
    o.server.how = how;
    o.here.on_strand([&] { EXPECT_EQ(o.server.listen(at(ip), tls()), THARSIS_OK); });
    return o.server;
  }
  // Somebody who has the address, and nobody listens there.
  sim::machine& add_machine(const std::string& ip) { return *machines_.emplace(ip, &world.add_machine("at " + ip, {ip})).first->second; }
  // Nothing gets there, or back, while `is`.
  void cut(const std::string& ip, bool is) { world.between(client_machine, *machines_.at(ip)).black_hole = is; }
  // One way.
  void delay(const std::string& ip, duration is) { world.between(client_machine, *machines_.at(ip)).delay = is; }
  void lose(const std::string& ip, double share) { world.between(client_machine, *machines_.at(ip)).loss = share; }
  sim::machine& at_machine(const std::string& ip) { return *machines_.at(ip); }
  // Nothing that is sent to it arrives.
  sim::machine& add_hole(const std::string& ip) {
    sim::machine& m = add_machine(ip);
    world.between(client_machine, m).black_hole = true;
    return m;
  }

  static tharsis_address at(const std::string& ip, uint16_t to = port) {
    tharsis_address a = *parse_ip(ip);
    a.port = to;
    return a;
  }
  static std::vector<tharsis_address> all(std::initializer_list<const char*> ips) {
    std::vector<tharsis_address> list;
    for (const char* ip : ips) list.push_back(at(ip, 0));
    return list;
  }
  // As an application says it.
  void tell(uint32_t kind, std::initializer_list<const char*> ips) {
    const auto list = all(ips);
    tharsis_error why = no_error();
    EXPECT_EQ(dispatcher->ways().set(text_of("main"), kind, list.data(), list.size(), &why), THARSIS_OK) << why.text;
  }
  // Where the link is up, "" where it is not.
  std::string where() const { return up() ? host.states.back().address : ""; }

 private:
  struct other {
    other(sim::world& w, sim::machine& m) : here(w, m, "server"), server(*here.place, *here.home->net) {}
    site here;
    scripted_server server;
  };
  std::optional<tls_context> tls() {
    if (link().endpoints[0].scheme != "tcps") return {};
    const auto own = issue_server_certificate(*client.platform.random, authority, {name}, seconds(), 5);
    return *tls_context::server({own->certificate_pem, own->private_key_pem});
  }
  std::deque<other> others_;
  std::map<std::string, sim::machine*> machines_;  // By address.
};

}  // namespace tharsis::test

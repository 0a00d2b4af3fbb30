// dns beside stn, as in a program that has both: it answers names, and remembers addresses.
#pragma once
#include <optional>
#include <string>

#include "plugins/dns/service.h"
#include "tests/plugins/stn/link_world.h"

namespace tharsis::test {

class dns_beside {
 public:
  // Before the link starts. `folder`: where it keeps what it knows.
  explicit dns_beside(link_world& w, std::string folder = "/state", dns::settings s = {}) : w_(w), folder_(std::move(folder)), settings_(std::move(s)) { begin(); }
  ~dns_beside() { end(); }
  dns_beside(const dns_beside&) = delete;

  // As another process with the same folder. While no link is there.
  void restart() {
    end();
    begin();
  }
  const tharsis_dns& table() const { return *service_->table(); }

 private:
  void begin() {
    w_.client.on_strand([&] {
      closing_.emplace(*w_.client.place);
      service_.emplace(w_.host.tables(), *w_.client.place, settings_, folder_);
      service_->open(0);
      w_.host.dns = service_->table();
    });
  }
  void end() {
    bool closed = false;
    w_.client.on_strand([&] {
      w_.host.dns = nullptr;
      service_->close();
      closing_->spawn(keep(&closed));
    });
    EXPECT_TRUE(w_.world.run_until([&] { return closed; }, w_.world.now() + 5s)) << "dns did not come to its end";
    w_.client.on_strand([&] {
      service_.reset();
      closing_.reset();
    });
  }
  task<void> keep(bool* closed) {
    co_await service_->keep(later(w_.client.place->now(), 2s));
    *closed = true;
  }

  link_world& w_;
  const std::string folder_;
  const dns::settings settings_;
  std::optional<dns::service> service_;
  std::optional<task_set> closing_;
};

}  // namespace tharsis::test

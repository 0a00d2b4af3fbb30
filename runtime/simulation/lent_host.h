// A host as one plugin is made to see it: with tables missing, or others instead, or from a later version. It stands between a simulated
// machine's runtime and the plugin; the machine's interposer puts it there.
#pragma once
#include <cstddef>
#include <functional>
#include <set>
#include <string>
#include <utility>

#include "sdk/abi/plugin.h"
#include "sdk/sim/world.h"

namespace tharsis::runtime {

class lent_host {
 public:
  // `lends` answers what the plugin gets for this table. `later`: size and minor are those of a host to come.
  lent_host(std::function<const void*(const std::string& id, const void* table)> lends, bool later) : lends_(std::move(lends)), later_(later) {}
  lent_host(const lent_host&) = delete;

  // What the plugin has asked for.
  const std::set<std::string>& asked() const { return asked_; }

  // Stands before this plugin from its create() on; outlives the runtime on the machine.
  void stand_on(sim::machine& machine, const std::string& plugin) {
    machine.interpose([this, plugin](const std::string& who, const std::string& step, const tharsis_host*& host, tharsis_error*) {
      if (who == plugin && step == "create") host = between(host);
      return tharsis_status{THARSIS_OK};
    });
  }

 private:
  const tharsis_host* between(const tharsis_host* real) {
    real_ = real;
    shown_.table = {later_ ? static_cast<uint32_t>(sizeof shown_) : static_cast<uint32_t>(sizeof(tharsis_host)), later_ ? 99u : real->abi_minor, this, query,
                    [](void* self) { of(self).real_->ready(of(self).real_->self); },
                    [](void* self) { of(self).real_->stopped(of(self).real_->self); },
                    [](void* self, const tharsis_error* why) { of(self).real_->failed(of(self).real_->self, why); }};
    return &shown_.table;
  }
  static const void* query(void* self, const char* id) {
    lent_host& host = of(self);
    host.asked_.insert(id);
    return host.lends_(id, host.real_->query(host.real_->self, id));
  }
  static lent_host& of(void* self) { return *static_cast<lent_host*>(self); }

  const std::function<const void*(const std::string&, const void*)> lends_;
  const bool later_;
  const tharsis_host* real_ = nullptr;
  struct {
    tharsis_host table;
    void* what_later_hosts_have[4];
  } shown_{};
  std::set<std::string> asked_;
};

}  // namespace tharsis::runtime

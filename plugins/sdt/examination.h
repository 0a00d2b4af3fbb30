// One round of checks: the name, and a connection to each address, and at the end whether there is a
// network at all. They run side by side and end
// together; what has not answered by then is told so.
#pragma once
#include <memory>

#include "plugins/sdt/core/evidence.h"
#include "plugins/sdt/core/settings.h"
#include "sdk/async/host.h"
#include "sdk/async/resolver.h"
#include "sdk/async/task_set.h"

namespace tharsis::sdt {

class examination {
 public:
  examination(const host& tables, strand& place, resolver& names, const settings::check_settings& s, target t)
      : host_(tables), place_(place), names_(names), settings_(s), target_(std::move(t)), branches_(place) {}
  examination(const examination&) = delete;

  // Once.
  task<findings> run();

 private:
  task<void> find_name();
  task<void> dial(size_t index);
  void try_address(tharsis_address address);
  bool is_offline() const;

  const host host_;
  strand& place_;
  resolver& names_;
  const settings::check_settings settings_;
  const target target_;
  instant began_{};
  instant deadline_ = never;
  findings found_;
  task_set branches_;
};

}  // namespace tharsis::sdt

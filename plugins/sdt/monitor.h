// Listens to stn.link, runs the rounds of checks that the watches ask for, and tells their verdicts on
// the bus and in the log.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "plugins/sdt/core/watch.h"
#include "plugins/sdt/examination.h"
#include "sdk/async/host.h"
#include "sdk/async/resolver.h"
#include "sdk/async/signal.h"
#include "sdk/async/task.h"

namespace tharsis::sdt {

class monitor {
 public:
  monitor(const host& tables, strand& place, resolver& names, const settings& s)
      : host_(tables), place_(place), names_(names), settings_(s), counts_(tables), stirred_(place) {}
  monitor(const monitor&) = delete;

  // `topic` is sdt.verdict.
  tharsis_status open(tharsis_handle topic, tharsis_error* error);
  void close();

 private:
  struct link {
    watch machine;
    std::optional<task<void>> round;
  };

  struct counts {
    explicit counts(const host& h);
    counter rounds, rounds_ended, verdicts, verdicts_fine;
    histogram time;
  };

  static void on_event(void* self, const tharsis_event* event);
  task<void> serve();
  task<void> examine(link* of, target t);
  void carry_out(const std::string& name, link& l);
  void tell(const std::string& name, const link_verdict& v) const;

  const host host_;
  strand& place_;
  resolver& names_;
  const settings settings_;
  const counts counts_;
  tharsis_handle topic_ = 0;
  tharsis_handle subscription_ = 0;
  signal stirred_;
  std::map<std::string, link> links_;
  std::optional<task<void>> serving_;
};

}  // namespace tharsis::sdt

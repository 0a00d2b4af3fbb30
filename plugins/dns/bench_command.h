// `tharsis dns bench NAME --server SERVER`: how many questions a second a server answers to this client, and how soon.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "plugins/dns/ask.h"
#include "plugins/dns/core/settings.h"
#include "plugins/dns/kept_connections.h"
#include "sdk/abi/metrics.h"
#include "sdk/async/command.h"
#include "sdk/async/host.h"
#include "sdk/async/task_set.h"

namespace tharsis::dns {

class bench_command {
 public:
  bench_command(const host& tables, strand& place, const settings& s)
      : host_(tables), place_(place), settings_(s), means_{host_, place_, {}, {}, {}}, work_(place) {}
  bench_command(const bench_command&) = delete;

  static bool is_one(const std::string& name) { return name == "bench"; }
  // In the place of the plugin's start.
  void run(const command_call& call);
  // Nobody is asked any more.
  void close() { work_.clear(), connections_.close(); }

 private:
  struct line {
    std::vector<std::string> names;
    std::vector<server> servers;
    std::string ca;
    uint32_t outstanding = 100;
    uint32_t variants = 0;
    duration time = 3s;
    bool json = false;
  };
  struct tally {
    uint64_t asked = 0, answered = 0, failed = 0;
    std::string first_failure;
    uint64_t buckets[THARSIS_HISTOGRAM_BUCKETS]{};
    duration took{};
  };
  task<void> work();
  task<void> ask_in_turn(const server& to, tally& into, instant end);
  std::string next_name();
  std::string report(const server& to, const tally& t) const;

  const host host_;
  strand& place_;
  settings settings_;
  means means_;
  kept_connections connections_{means_};
  line line_;
  std::optional<command_call> call_;
  uint64_t number_ = 0;
  task_set work_;
};

}  // namespace tharsis::dns

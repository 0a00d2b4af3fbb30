// Through which proxy something goes, if through one, and which proxies have failed of late.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "plugins/stn/core/proxy_settings.h"
#include "sdk/pure/error.h"

namespace tharsis::stn {

class proxy_choice {
 public:
  // What the host reports, empty: none. On another network every proxy has its chance again.
  void on_network(std::string_view system, uint64_t generation) {
    system_ = system;
    if (std::exchange(generation_, generation) != generation) failed_.clear();
  }

  // Nothing: none. `stays_here`: the server is this machine, which no system's proxy is for.
  //   THARSIS_E_INVALID  what the host reports means nothing.
  result<std::optional<proxy>> of(const proxy_settings& s, bool stays_here) const {
    if (s.from == proxy_settings::source::named) return std::optional(s.named);
    if (s.from == proxy_settings::source::none || system_.empty() || stays_here) return std::optional<proxy>();
    auto told = parse_proxy(system_);
    if (!told) return error{told.status(), "the system's proxy is not usable: " + told.failure().text};
    return std::optional(std::move(*told));
  }

  // Has it not failed of late?
  bool works(const proxy& p, instant now) const {
    const auto failed = failed_.find(p.text());
    return failed == failed_.end() || now >= failed->second;
  }
  void on_failed(const proxy& p, duration pause, instant now) { failed_[p.text()] = later(now, pause); }

 private:
  std::string system_;
  uint64_t generation_ = 0;               // Of the network.
  std::map<std::string, instant> failed_;  // Until when they are not asked.
};

}  // namespace tharsis::stn

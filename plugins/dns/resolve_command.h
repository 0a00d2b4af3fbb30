// `tharsis dns resolve NAME...` and `tharsis dns trace NAME...`: a service of its own, with the profile's settings and those that were typed, resolves and
// explains, as it would for any plugin; what comes of it is printed. What dns keeps it looks at, and leaves it as it is.
#pragma once
#include <list>
#include <optional>
#include <string>

#include "plugins/dns/explanations.h"
#include "plugins/dns/resolve_line.h"
#include "plugins/dns/resolve_report.h"
#include "plugins/dns/service.h"
#include "plugins/dns/trace_report.h"
#include "sdk/async/command.h"

namespace tharsis::dns {

class resolve_command {
 public:
  // `folder` of what dns keeps.
  resolve_command(const host& tables, strand& place, const settings& s, std::string folder)
      : host_(tables), place_(place), folder_(std::move(folder)), settings_(s), stirred_(place), work_(place) {}
  resolve_command(const resolve_command&) = delete;

  // Who is asked still is not any longer.
  void close();
  void use(host_source& own) { source_ = &own; }
  // In the place of the plugin's start. Ends with finish(): 0 when every name has an address, 1 when one has none, 2 when the
  // words make no sense.
  void run(const command_call& call);

 private:
  struct row {
    resolve_report report;
    std::optional<explained> told{};  // Of servers; nothing: none was asked.
    tharsis_handle query = 0;
    bool done = false;
  };

  task<void> work();
  task<error> read_keys();
  bool believes_nobody();
  void ask(row& r);
  bool wants_servers() const { return !settings_.servers.empty() && (settings_.typed.servers || line_.explain || traces_); }
  void ask_servers(row& r, const std::string& name);
  void ask_service(row& r);
  static void fail(row& r, const error& why);
  void on_told(row& r, explained what);
  static void on_answer(void* self, tharsis_handle query, const tharsis_dns_answer* a);
  trace_report trace_of(const row& r) const;
  void print() const;

  const host host_;
  strand& place_;
  const std::string folder_;
  settings settings_;
  host_source* source_ = nullptr;
  std::optional<service> service_;
  std::optional<command_call> call_;
  resolve_line line_;
  bool traces_ = false;
  instant asked_{};
  std::list<row> rows_;
  signal stirred_;
  task_set work_;
};

}  // namespace tharsis::dns

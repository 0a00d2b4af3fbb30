// `tharsis dns resolve NAME...` and `tharsis dns trace NAME...`: asks the servers that are named, or the service as any plugin would, and prints what comes of
// it.
#pragma once
#include <list>
#include <memory>
#include <optional>
#include <string>

#include "plugins/dns/inquiry.h"
#include "plugins/dns/known_files.h"
#include "plugins/dns/resolve_line.h"
#include "plugins/dns/resolve_report.h"
#include "plugins/dns/service.h"
#include "plugins/dns/trace_report.h"
#include "sdk/async/command.h"

namespace tharsis::dns {

class resolve_command {
 public:
  resolve_command(const host& tables, strand& place, service& asked, const settings& s)
      : host_(tables), place_(place), service_(asked), settings_(s), means_{host_, place_, {}, {}, {}}, stirred_(place), work_(place) {}
  resolve_command(const resolve_command&) = delete;

  // Who is asked still is not any longer.
  void close() { work_.clear(), rows_.clear(); }
  void use(host_source& own) { means_.source = &own; }
  // In the place of the plugin's start. Ends with finish(): 0 when every name has an address, 1 when one has none, 2 when the
  // words make no sense.
  void run(const command_call& call);

 private:
  struct row {
    resolve_report report;
    settings own{};  // As they are for its name.
    std::unique_ptr<inquiry> servers;  // Who is asked; null: the service.
    std::unique_ptr<inquiry> places{};  // Of a service record that has no hints: the addresses of its target,
    uint16_t port = 0;                  // and its port.
    tharsis_handle query = 0;
    bool done = false;
  };

  task<void> work();
  task<error> load_known();
  void ask(row& r);
  void ask_servers(row& r, const std::string& name);
  void ask_service(row& r);
  static void on_answer(void* self, tharsis_handle query, const tharsis_dns_answer* a);
  bool collect();
  bool asks_for_places(row& r);
  void read(row& r) const;
  // What came of a question to the service, as if one had said it.
  testimony word_of_service(const row& r, uint16_t kind) const;
  trace_report trace_of(const row& r) const;
  void print() const;

  const host host_;
  strand& place_;
  service& service_;
  settings settings_;
  means means_;
  std::optional<known_files> known_;
  std::optional<command_call> call_;
  resolve_line line_;
  bool traces_ = false;
  instant asked_{};
  std::list<row> rows_;
  signal stirred_;
  task_set work_;
};

}  // namespace tharsis::dns

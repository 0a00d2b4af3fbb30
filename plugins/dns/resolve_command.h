// `tharsis dns resolve NAME... [-4 | -6] [--json]`: asks the service as any plugin would, and prints
// what it answers.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "plugins/dns/service.h"
#include "sdk/async/command.h"

namespace tharsis::dns {

class resolve_command {
 public:
  resolve_command(const host& tables, strand& place, service& asked) : host_(tables), place_(place), service_(asked) {}
  resolve_command(const resolve_command&) = delete;

  // In the place of the plugin's start. Ends with finish(): 0 when every name has an address,
  // 1 when one has none, 2 when the words make no sense.
  void run(const command_call& call);

 private:
  struct row {
    std::string name;
    tharsis_handle query = 0;
    tharsis_status status = THARSIS_PENDING;
    std::string source;
    std::vector<std::string> addresses;
    std::string reason;
    duration took{};
  };

  void refuse(const std::string& why) const;
  void ask(row& r, uint32_t family);
  static void on_answer(void* self, tharsis_handle query, const tharsis_dns_answer* a);
  void print() const;
  std::string line(const row& r, size_t width) const;
  std::string json() const;

  const host host_;
  strand& place_;
  service& service_;
  std::optional<command_call> call_;
  bool as_json_ = false;
  instant asked_{};
  size_t open_ = 0;
  std::vector<row> rows_;
};

}  // namespace tharsis::dns

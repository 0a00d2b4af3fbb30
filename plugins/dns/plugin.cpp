// The door between the contract and dns. Nothing here decides anything.
#include <cstddef>

#include "plugins/dns/read_settings.h"
#include "plugins/dns/resolve_command.h"
#include "plugins/dns/service.h"
#include "plugins/dns/table_command.h"
#include "sdk/async/blocking.h"
#include "sdk/async/door.h"
#include "sdk/async/task_set.h"

namespace tharsis::dns {
namespace {

constexpr tharsis_field stats_fields[] = {
    {"queries", THARSIS_FIELD_U64, offsetof(tharsis_dns_stats, queries), nullptr, 0},
    {"literal", THARSIS_FIELD_U64, offsetof(tharsis_dns_stats, literal), nullptr, 0},
    {"pinned", THARSIS_FIELD_U64, offsetof(tharsis_dns_stats, pinned), nullptr, 0},
    {"cached", THARSIS_FIELD_U64, offsetof(tharsis_dns_stats, cached), nullptr, 0},
    {"system", THARSIS_FIELD_U64, offsetof(tharsis_dns_stats, system), nullptr, 0},
    {"failed", THARSIS_FIELD_U64, offsetof(tharsis_dns_stats, failed), nullptr, 0},
    {"servers", THARSIS_FIELD_U64, offsetof(tharsis_dns_stats, servers), nullptr, 0},
    {"table", THARSIS_FIELD_U64, offsetof(tharsis_dns_stats, table), nullptr, 0},
    {"hosts", THARSIS_FIELD_U64, offsetof(tharsis_dns_stats, hosts), nullptr, 0},
};
constexpr tharsis_topic stats_topic = {
    sizeof(tharsis_topic),       THARSIS_TOPIC_STATE,       THARSIS_DNS_STATS_TOPIC, stats_fields,
    std::size(stats_fields), sizeof(tharsis_dns_stats), 0};

class plugin {
 public:
  static result<std::unique_ptr<plugin>> create(const host& tables) {
    const auto s = read_settings(tables);
    if (!s) return s.failure();
    return std::make_unique<plugin>(tables, *s);
  }
  plugin(const host& tables, const settings& s)
      : host_(tables), place_(tables.loop), service_(tables, place_, s, folder_of(tables)), command_(tables, place_, service_, s), table_command_(tables, place_), closing_(place_) {}

  tharsis_status start(tharsis_error* error) {
    service_.open(host_.declare(stats_topic));
    return host_.registry->provide(host_.registry->self, THARSIS_DNS_ID, service_.table(), 0, error);
  }
  tharsis_status stop() {
    closing_.spawn(close());
    return THARSIS_PENDING;
  }
  void run_command(const command_call& call) {
    if (table_command::is_one(call.name())) return table_command_.run(call);
    command_.run(call);
  }

 private:
  static std::string folder_of(const host& tables) { return std::string(view(tables.paths->data(tables.paths->self))); }
  task<void> close() {
    service_.close();
    co_await service_.keep(later(place_.now(), keep_at_most));
    co_await blocking_over(place_);
    host_.self->stopped(host_.self->self);
  }

  // A disk that takes longer is no reason to hold up the end of a program.
  static constexpr duration keep_at_most = 2s;

  const host host_;
  strand place_;
  service service_;
  resolve_command command_;
  table_command table_command_;
  task_set closing_;
};

}  // namespace
}  // namespace tharsis::dns

const tharsis_plugin* tharsis_plugin_entry(uint32_t abi_major) noexcept {
  static constexpr tharsis_plugin table = tharsis::door<tharsis::dns::plugin>::table("dns", "0.1.0");
  return abi_major == THARSIS_ABI_MAJOR ? &table : nullptr;
}

// The door between the contract and dns. Nothing here decides anything.
#include <cstddef>

#include "plugins/dns/bench_command.h"
#include "plugins/dns/cache_command.h"
#include "plugins/dns/host_source.h"
#include "plugins/dns/read_settings.h"
#include "plugins/dns/resolve_command.h"
#include "plugins/dns/serve_command.h"
#include "plugins/dns/service.h"
#include "plugins/dns/table_command.h"
#include "sdk/async/blocking.h"
#include "sdk/async/door.h"
#include "sdk/async/task_set.h"
#include "sdk/pure/topic.h"

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
    {"last_resort", THARSIS_FIELD_U64, offsetof(tharsis_dns_stats, last_resort), nullptr, 0},
};
constexpr tharsis_topic stats_topic = topic_of<tharsis_dns_stats>(THARSIS_TOPIC_STATE, THARSIS_DNS_STATS_TOPIC, stats_fields);

constexpr const char* lies[] = {"bogus", "hidden", "forged", "refuted", "landing"};
constexpr tharsis_field hijack_fields[] = {
    {"kind", THARSIS_FIELD_ENUM, offsetof(tharsis_dns_hijack, kind), lies, std::size(lies)},
    {"name", THARSIS_FIELD_TEXT, offsetof(tharsis_dns_hijack, name), nullptr, 0},
    {"source", THARSIS_FIELD_TEXT, offsetof(tharsis_dns_hijack, source), nullptr, 0},
    {"said", THARSIS_FIELD_TEXT, offsetof(tharsis_dns_hijack, said), nullptr, 0},
    {"truth", THARSIS_FIELD_TEXT, offsetof(tharsis_dns_hijack, truth), nullptr, 0},
    {"why", THARSIS_FIELD_TEXT, offsetof(tharsis_dns_hijack, why), nullptr, 0},
    {"network", THARSIS_FIELD_TEXT, offsetof(tharsis_dns_hijack, network), nullptr, 0},
};
constexpr const char* states[] = {"quarantined", "released", "clean", "doh_only", "portal", "usual"};
constexpr tharsis_field source_fields[] = {
    {"state", THARSIS_FIELD_ENUM, offsetof(tharsis_dns_source, state), states, std::size(states)},
    {"source", THARSIS_FIELD_TEXT, offsetof(tharsis_dns_source, source), nullptr, 0},
    {"why", THARSIS_FIELD_TEXT, offsetof(tharsis_dns_source, why), nullptr, 0},
    {"network", THARSIS_FIELD_TEXT, offsetof(tharsis_dns_source, network), nullptr, 0},
    {"lasts", THARSIS_FIELD_DURATION, offsetof(tharsis_dns_source, lasts), nullptr, 0},
};
constexpr tharsis_field answer_fields[] = {
    {"name", THARSIS_FIELD_TEXT, offsetof(tharsis_dns_answered, name), nullptr, 0},
    {"status", THARSIS_FIELD_I32, offsetof(tharsis_dns_answered, status), nullptr, 0},
    {"family", THARSIS_FIELD_U32, offsetof(tharsis_dns_answered, family), nullptr, 0},
    {"verdict", THARSIS_FIELD_TEXT, offsetof(tharsis_dns_answered, verdict), nullptr, 0},
    {"addresses", THARSIS_FIELD_TEXT, offsetof(tharsis_dns_answered, addresses), nullptr, 0},
    {"source", THARSIS_FIELD_TEXT, offsetof(tharsis_dns_answered, source), nullptr, 0},
    {"reason", THARSIS_FIELD_TEXT, offsetof(tharsis_dns_answered, reason), nullptr, 0},
    {"refused", THARSIS_FIELD_U64, offsetof(tharsis_dns_answered, refused), nullptr, 0},
    {"took", THARSIS_FIELD_DURATION, offsetof(tharsis_dns_answered, took), nullptr, 0},
};
constexpr tharsis_topic hijack_topic = topic_of<tharsis_dns_hijack>(THARSIS_TOPIC_EVENT, THARSIS_DNS_HIJACK_TOPIC, hijack_fields);
constexpr tharsis_topic source_topic = topic_of<tharsis_dns_source>(THARSIS_TOPIC_EVENT, THARSIS_DNS_SOURCE_TOPIC, source_fields);
constexpr tharsis_topic answer_topic = topic_of<tharsis_dns_answered>(THARSIS_TOPIC_EVENT, THARSIS_DNS_ANSWER_TOPIC, answer_fields);

class plugin {
 public:
  static result<std::unique_ptr<plugin>> create(const host& tables) {
    const auto s = read_settings(tables);
    if (!s) return s.failure();
    return std::make_unique<plugin>(tables, *s);
  }
  plugin(const host& tables, const settings& s)
      : host_(tables), place_(tables.loop), own_(tables, place_), service_(tables, place_, s, folder_of(tables)), command_(tables, place_, s, folder_of(tables)), table_command_(tables, place_),
        serving_(tables, place_, s, folder_of(tables)), cache_command_(tables, place_, s), bench_command_(tables, place_, s), settings_(s), starting_(place_), rereading_(place_), closing_(place_) {
    service_.use(own_);
    command_.use(own_);
    serving_.use(own_);
  }

  tharsis_status start(tharsis_error* error) {
    hear_of_source();
    service_.tell_on({host_.declare(hijack_topic), host_.declare(source_topic)}, host_.declare(answer_topic));
    service_.open(host_.declare(stats_topic));
    if (!settings_.serve.serves()) return provide(error);
    server_.emplace(host_, place_, settings_, settings_.serve, *service_.table(), service_.opinion());
    server_->use(own_);
    server_->use(service_.health());
    starting_.spawn(serve());
    return THARSIS_PENDING;
  }
  tharsis_status stop() {
    closing_.spawn(close());
    return THARSIS_PENDING;
  }
  void run_command(const command_call& call) {
    if (table_command::is_one(call.name())) return table_command_.run(call);
    if (cache_command::is_one(call.name())) return cache_command_.run(call);
    if (bench_command::is_one(call.name())) return bench_command_.run(call);
    hear_of_source();
    if (call.name() == "serve") return serving_.run(call);
    command_.run(call);
  }

  void run_live(const command_call& call) {
    if (cache_command::is_one(call.name())) return cache_command_.run_live(call, service_);
    call.refuse("dns: '" + call.name() + "' is not carried out while it runs");
  }
  void reread(const command_call& call) { rereading_.spawn(reread_files(call)); }

 private:
  static std::string folder_of(const host& tables) { return std::string(view(tables.paths->data(tables.paths->self))); }
  tharsis_status provide(tharsis_error* error) { return host_.registry->provide(host_.registry->self, THARSIS_DNS_ID, service_.table(), 0, error); }
  task<void> serve() {
    const tharsis::error wrong = co_await server_->open();
    tharsis_error why = no_error();
    const tharsis_status status = wrong.status != THARSIS_OK ? fail(&why, wrong.status, "dns.serve: " + wrong.text) : provide(&why);
    if (status == THARSIS_OK) host_.self->ready(host_.self->self);
    else host_.self->failed(host_.self->self, &why);
  }
  task<void> reread_files(command_call call) {
    const known_files::news n = co_await service_.reread();
    for (const std::string& what : n.changed) call.print(what);
    for (const std::string& why : n.refused) call.complain(why);
    call.finish(n.refused.empty() ? 0 : 1);
  }
  void hear_of_source() {
    const auto bind = [](void* self, const void* table) { static_cast<plugin*>(self)->own_.use(static_cast<const tharsis_dns_own_source*>(table)); };
    (void)host_.registry->watch(host_.registry->self, THARSIS_DNS_SOURCE_ID, bind, this, nullptr);
  }
  task<void> close() {
    starting_.clear();
    serving_.stop();
    if (server_) server_->close();
    co_await rereading_.join(later(place_.now(), keep_at_most));
    rereading_.clear();
    co_await cache_command_.close(later(place_.now(), keep_at_most));
    service_.close();
    command_.close();
    bench_command_.close();
    co_await own_.settle();
    co_await service_.keep(later(place_.now(), keep_at_most));
    co_await blocking_over(place_);
    host_.self->stopped(host_.self->self);
  }

  // A disk that takes longer is no reason to hold up the end of a program.
  static constexpr duration keep_at_most = 2s;

  const host host_;
  strand place_;
  host_source own_;
  service service_;
  resolve_command command_;
  table_command table_command_;
  serve_command serving_;
  cache_command cache_command_;
  bench_command bench_command_;
  const settings settings_;
  std::optional<resolver_server> server_;  // As the profile wants it.
  task_set starting_;
  task_set rereading_;  // Who asked for it waits.
  task_set closing_;
};

}  // namespace
}  // namespace tharsis::dns

const tharsis_plugin* tharsis_plugin_entry(uint32_t abi_major) noexcept {
  static constexpr tharsis_plugin table = tharsis::door<tharsis::dns::plugin>::table("dns", "0.1.0");
  return abi_major == THARSIS_ABI_MAJOR ? &table : nullptr;
}

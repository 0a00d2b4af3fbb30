#include "sdk/sim/fault_injector.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "sdk/abi/loop.h"

namespace tharsis::sim {
namespace {

constexpr char made[] = "a fault that was drawn: ";

}  // namespace

fault_targets targets_of(const std::vector<machine*>& machines, const std::vector<std::vector<std::string>>& plugins,
                         duration span) {
  fault_targets all;
  all.span = span;
  std::vector<const disk*> disks;
  for (size_t i = 0; i < machines.size(); ++i) {
    const std::string& name = machines[i]->name();
    for (const std::string& id : plugins[i]) all.list[fault_scope::plugin].push_back({name, id});
    all.list[fault_scope::machine].push_back({name, {}});
    const disk* const storage = machines[i]->storage().get();
    if (std::find(disks.begin(), disks.end(), storage) == disks.end()) all.list[fault_scope::disk].push_back({name, {}});
    disks.push_back(storage);
    for (size_t k = 0; k < i; ++k) all.list[fault_scope::path].push_back({machines[k]->name(), name});
  }
  if (machines.size() == 1)  // Its loopback, then.
    all.list[fault_scope::path].push_back({machines[0]->name(), machines[0]->name()});
  return all;
}

fault_injector::fault_injector(world& w, std::vector<machine*> machines, std::vector<fault> plan)
    : world_(w), start_(w.now()), machines_(std::move(machines)), plan_(std::move(plan)), used_(plan_.size()) {
  for (machine* const m : machines_) {
    networks_[m->name()].home = m->joined();
    m->interpose([this, m](const std::string& plugin, const std::string& step, const tharsis_host*& host,
                           tharsis_error* error) { return before_step(*m, plugin, step, host, error); });
  }
  for (const fault& f : plan_) {
    const fault_kind k = f.kind;
    if (k == fault_kind::create_fails || k == fault_kind::start_fails || k == fault_kind::configure_refused) continue;
    world_.at(later(start_, f.at), [this, &f] { begin(f); });
  }
}

fault_injector::~fault_injector() {
  for (machine* const m : machines_) m->interpose({});
}

machine& fault_injector::named(const std::string& name) const {
  const auto found = std::find_if(machines_.begin(), machines_.end(), [&](machine* m) { return m->name() == name; });
  assert(found != machines_.end() && "a fault strikes a machine that is there");
  return **found;
}

void fault_injector::note(const fault& f) {
  struck_.push_back({f, world_.now()});
  if (tell_) tell_(f, true);
}

// ---- what is like this for a while

void fault_injector::begin(const fault& f) {
  machine& m = named(f.on.machine);
  switch (facts_of(f.kind).scope) {
    case fault_scope::plugin: return strike_plugin(f);
    case fault_scope::path: strike_path(f); break;
    case fault_scope::disk:
      if (f.kind == fault_kind::disk_full) m.storage()->capacity = 0;
      if (f.kind == fault_kind::disk_read_only) m.storage()->read_only = true;
      if (f.kind == fault_kind::disk_broken) m.storage()->broken = true;
      if (f.kind == fault_kind::disk_torn) m.storage()->torn = true;
      break;
    case fault_scope::machine: strike_machine(f); break;
  }
  note(f);
  if (f.lasts.count() > 0) world_.at(later(world_.now(), f.lasts), [this, &f] { end(f); });
}

void fault_injector::strike_path(const fault& f) {
  machine &a = named(f.on.machine), &b = named(f.on.other);
  path& p = world_.between(a, b);
  if (f.kind == fault_kind::path_lossy) p.loss += static_cast<double>(f.amount) / 1000;
  if (f.kind == fault_kind::path_slow) p.delay += duration(f.amount);
  if (f.kind == fault_kind::path_silent) p.black_hole = true;
  if (f.kind == fault_kind::path_refuses) p.refuse = true;
  if (f.kind == fault_kind::connections_reset) world_.reset_connections(a, b);
  if (f.kind == fault_kind::connections_forgotten) world_.forget_connections(a, b);
}

void fault_injector::strike_machine(const fault& f) {
  machine& m = named(f.on.machine);
  roaming& net = networks_.at(m.name());
  if (f.kind == fault_kind::disk_slow) m.like().blocking_slow = duration(f.amount);
  if (f.kind == fault_kind::names_fail) m.like().names_fail = true;
  if (f.kind == fault_kind::names_slow) m.like().names_slow = duration(f.amount);
  if (f.kind == fault_kind::clock_jumps) m.set_clock_by(duration(f.amount));
  if (f.kind == fault_kind::network_lost) net.lost = true, join(m);
  if (f.kind == fault_kind::network_switches) net.away = true, join(m);
  if (f.kind == fault_kind::machine_sleeps) m.sleep();
}

void fault_injector::end_on_machine(const fault& f) {
  machine& m = named(f.on.machine);
  roaming& net = networks_.at(m.name());
  if (f.kind == fault_kind::disk_slow) m.like().blocking_slow = {};
  if (f.kind == fault_kind::names_fail) m.like().names_fail = false;
  if (f.kind == fault_kind::names_slow) m.like().names_slow = {};
  if (f.kind == fault_kind::clock_jumps) m.set_clock_by(-duration(f.amount));
  if (f.kind == fault_kind::network_lost) net.lost = false, join(m);
  if (f.kind == fault_kind::network_switches) net.away = false, join(m);
  if (f.kind == fault_kind::machine_sleeps) m.wake();
}

// The network that it is in with all that holds now.
void fault_injector::join(machine& m) {
  const roaming& net = networks_.at(m.name());
  if (net.lost) return m.lose_network();
  if (!net.away) return m.switch_network(net.home);
  const auto place = std::find(machines_.begin(), machines_.end(), &m) - machines_.begin();
  attachment other;
  other.network = "another network";
  other.addresses = {"10.1.0." + std::to_string(place + 1)};
  other.interface = "sim1";
  m.switch_network(other);
}

void fault_injector::end(const fault& f) {
  machine& m = named(f.on.machine);
  switch (facts_of(f.kind).scope) {
    case fault_scope::plugin: hosts_[{f.on.machine, f.on.other}].refuses = false; break;
    case fault_scope::disk:
      if (f.kind == fault_kind::disk_full) m.storage()->capacity.reset();
      if (f.kind == fault_kind::disk_read_only) m.storage()->read_only = false;
      if (f.kind == fault_kind::disk_broken) m.storage()->broken = false;
      if (f.kind == fault_kind::disk_torn) m.storage()->torn = false;
      break;
    case fault_scope::machine: end_on_machine(f); break;
    case fault_scope::path: {
      path& p = world_.between(m, named(f.on.other));
      if (f.kind == fault_kind::path_lossy) p.loss = std::max(0.0, p.loss - static_cast<double>(f.amount) / 1000);
      if (f.kind == fault_kind::path_slow) p.delay -= duration(f.amount);
      if (f.kind == fault_kind::path_silent) p.black_hole = false;
      if (f.kind == fault_kind::path_refuses) p.refuse = false;
      break;
    }
  }
  if (tell_) tell_(f, false);
}

// ---- plugins

void fault_injector::strike_plugin(const fault& f) {
  const auto found = hosts_.find({f.on.machine, f.on.other});
  if (found == hosts_.end() || found->second.gone) return;  // It does not run, nothing can happen to it.
  seen_host& seen = found->second;
  if (f.kind == fault_kind::stalls) named(f.on.machine).stall(f.on.other, f.lasts);
  if (f.kind == fault_kind::publish_refused) {
    seen.refuses = true;
    world_.at(later(world_.now(), f.lasts), [this, &f] { end(f); });
  }
  if (f.kind == fault_kind::vanishes) {
    const auto* const loop = static_cast<const tharsis_loop*>(seen.host->query(seen.host->self, THARSIS_LOOP_ID));
    const auto vanish = [](void* host, tharsis_handle) {
      tharsis_error why = no_error();
      fail(&why, THARSIS_E_INTERNAL, std::string(made) + "vanishes");
      static_cast<const tharsis_host*>(host)->failed(static_cast<const tharsis_host*>(host)->self, &why);
    };
    if (loop->post(loop->self, 0, vanish, const_cast<tharsis_host*>(seen.host), 0) != THARSIS_OK) return;
  }
  note(f);
}

// The fault of this kind that is due for the plugin now, once.
const fault* fault_injector::due(const plugin_key& plugin, fault_kind kind) {
  for (size_t i = 0; i < plan_.size(); ++i) {
    const fault& f = plan_[i];
    if (f.kind != kind || used_[i] || plugin_key(f.on.machine, f.on.other) != plugin) continue;
    const instant from = later(start_, f.at);
    if (world_.now() < from || (f.lasts.count() > 0 && world_.now() > later(from, f.lasts))) continue;
    used_[i] = true;
    return &f;
  }
  return nullptr;
}

fault_injector::seen_host& fault_injector::wrap(const plugin_key& plugin, const tharsis_host* host) {
  seen_host& seen = hosts_[plugin];
  seen = seen_host{};
  seen.host = host;
  seen.real_bus = static_cast<const tharsis_bus*>(host->query(host->self, THARSIS_BUS_ID));
  static const auto of = [](void* self) -> seen_host& { return *static_cast<seen_host*>(self); };
  seen.table = {sizeof seen.table,
                host->abi_minor,
                &seen,
                [](void* self, const char* id) -> const void* {
                  seen_host& me = of(self);
                  if (id != nullptr && me.real_bus != nullptr && std::strcmp(id, THARSIS_BUS_ID) == 0) return &me.bus;
                  return me.host->query(me.host->self, id);
                },
                [](void* self) { of(self).host->ready(of(self).host->self); },
                [](void* self) { of(self).host->stopped(of(self).host->self); },
                [](void* self, const tharsis_error* why) { of(self).host->failed(of(self).host->self, why); }};
  seen.bus = {sizeof seen.bus,
              &seen,
              [](void* self, const tharsis_topic* topic, tharsis_handle* id, tharsis_error* error) {
                return of(self).real_bus->declare(of(self).real_bus->self, topic, id, error);
              },
              [](void* self, tharsis_handle topic, const void* payload) {
                return of(self).refuses ? THARSIS_E_BUSY : of(self).real_bus->publish(of(self).real_bus->self, topic, payload);
              },
              [](void* self, const char* pattern, const tharsis_subscription* wanted, tharsis_handle* id, tharsis_error* error) {
                return of(self).real_bus->subscribe(of(self).real_bus->self, pattern, wanted, id, error);
              },
              [](void* self, tharsis_handle id) { return of(self).real_bus->unsubscribe(of(self).real_bus->self, id); }};
  return seen;
}

tharsis_status fault_injector::before_step(machine& on, const std::string& plugin, const std::string& step,
                                           const tharsis_host*& host, tharsis_error* error) {
  const plugin_key key{on.name(), plugin};
  if (step == "closed") {
    hosts_[key].gone = true;
    return THARSIS_OK;
  }
  const fault* f = nullptr;
  if (step == "create") {
    host = &wrap(key, host).table;
    f = due(key, fault_kind::create_fails);
  }
  if (step == "start") f = due(key, fault_kind::start_fails);
  if (step == "configure") f = due(key, fault_kind::configure_refused);
  if (f == nullptr) return THARSIS_OK;
  note(*f);
  return fail(error, THARSIS_E_REFUSED, std::string(made) + std::string(facts_of(f->kind).name));
}

}  // namespace tharsis::sim

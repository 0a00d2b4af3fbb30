#include "sdk/sim/world.h"

#include <cassert>
#include <map>

#include "sdk/pure/address.h"
#include "sdk/pure/error.h"
#include "sdk/pure/views.h"
#include "sdk/sim/files.h"
#include "sdk/sim/network.h"
#include "sdk/sim/scheduler.h"
#include "sdk/sim/simulated_strand.h"

namespace tharsis::sim {

struct world::parts {
  explicit parts(uint64_t seed) : chance(seed) {}
  dice chance;
  scheduler time{chance};
  network net{time, chance};
  std::vector<std::unique_ptr<machine>> machines;
};

// ---- a machine

struct machine::parts {
  parts(std::string machine_name, network& n, host& h, std::shared_ptr<disk> storage)
      : name(std::move(machine_name)), net(n), here(h), disks(std::move(storage), [this] { return net.wall(here); }) {
    random = {sizeof random, this, [](void* self, uint8_t* into, size_t size) {
                for (size_t i = 0; i < size; ++i) into[i] = static_cast<uint8_t>(of(self).net.chance.next());
              }};
    observer = {sizeof observer, this, [](void* self) { return int64_t{of(self).here.slept.count()}; }, observe, survey};
    watch = {sizeof watch, this, sample, no_stack, nullptr, nullptr};
    table = {sizeof table, this, disks.table(), &random, &observer, open, [](void*) { return uint64_t{1}; }, before_step, &watch, 1, 0};
  }

  // Ids are the world's, so that one machine's never names another's strand.
  static tharsis_status open(void* self, const char* strand_name, uint32_t, const tharsis_strand** out, tharsis_error*) {
    parts& me = of(self);
    const tharsis_handle id = me.net.new_strand();
    me.here.up = true;
    *out = (me.strands[id] = std::make_unique<simulated_strand>(id, strand_name, me.net, me.here, me.strands))->table();
    return THARSIS_OK;
  }
  static tharsis_status before_step(void* self, const char* plugin, const char* step, const tharsis_host** host,
                                    tharsis_error* error) {
    return of(self).between ? of(self).between(plugin, step, *host, error) : THARSIS_OK;
  }
  static tharsis_status sample(void* self, tharsis_handle id, tharsis_activity* into) {
    const auto found = of(self).strands.find(id);
    return found != of(self).strands.end() && found->second->sample(*into) ? THARSIS_OK : THARSIS_E_NOT_FOUND;
  }
  static tharsis_status no_stack(void*, tharsis_handle, uint64_t, char*, size_t) { return THARSIS_E_UNSUPPORTED; }
  static tharsis_status observe(void* self, const tharsis_strand* strand, tharsis_on_observation see, void* context,
                                tharsis_error* error) {
    parts& me = of(self);
    if (see == nullptr || strand->id != me.net.time.current())
      return fail(error, THARSIS_E_INVALID, "watching needs a function to tell, and a strand of one's own");
    if (!me.watches.emplace(strand->id, observing{see, context}).second)
      return fail(error, THARSIS_E_IN_USE, "this strand watches the network already");
    me.show({see, context});
    return THARSIS_OK;
  }
  static tharsis_status survey(void* self, tharsis_on_survey see, void* context, tharsis_error*) {
    of(self).show_all(see, context);
    return THARSIS_OK;
  }
  // Each watching strand looks, in a wake of its own.
  void look_again() {
    for (const auto& [id, w] : watches) strands.at(id)->send([this, w = w] { show(w); });
  }
  static parts& of(void* self) { return *static_cast<parts*>(self); }

  struct observing {
    tharsis_on_observation see;
    void* context;
  };
  tharsis_way way(uint8_t family) const;
  void show(const observing& to) const;
  void show_all(tharsis_on_survey see, void* context) const;

  std::string name;
  network& net;
  host& here;
  files disks;
  tharsis_random random;
  tharsis_watch watch;
  attachment joined;
  tharsis_observer observer;
  std::map<tharsis_handle, observing> watches;
  tharsis_platform table;
  simulated_strand::family strands;
  interposer between;
};

machine::machine(std::unique_ptr<parts> p) : parts_(std::move(p)) {}
machine::~machine() = default;
const tharsis_platform* machine::platform() const { return &parts_->table; }
const std::string& machine::name() const { return parts_->name; }
std::shared_ptr<disk> machine::storage() const { return parts_->disks.storage(); }
conditions& machine::like() { return parts_->here.like; }
void machine::interpose(interposer f) { parts_->between = std::move(f); }

void machine::stall(const std::string& strand, duration d) {
  for (const auto& [id, s] : parts_->strands)
    if (s->name() == strand) s->stall(d);
}

std::map<std::string, uint64_t> machine::wakes() const {
  std::map<std::string, uint64_t> counted;
  for (const auto& [id, s] : parts_->strands) counted[s->name()] += s->wakes();
  return counted;
}

tharsis_way machine::parts::way(uint8_t family) const {
  tharsis_way w{};
  for (const tharsis_address& own : here.addresses) {
    if (own.family != family || w.interface.size > 0) continue;
    w.interface = text_of(joined.interface);
    w.type = joined.type;
    w.mtu = joined.mtu;
    w.source = w.gateway = own;
    w.gateway.ip[family == 4 ? 3 : 15] = 254;
    w.gateway_hardware = bytes_of(as_bytes(joined.network));
    w.resolves = 1;
  }
  return w;
}

void machine::parts::show(const observing& to) const {
  const tharsis_observation seen{sizeof seen, static_cast<uint32_t>(here.addresses.size()), way(4), way(6), here.addresses.data()};
  to.see(to.context, &seen);
}

// One interface, which runs while the machine is up, and a gateway of each family that has answered.
void machine::parts::show_all(tharsis_on_survey see, void* context) const {
  const bool on = !joined.radio_off;
  const tharsis_interface wire{sizeof wire, joined.type, text_of(joined.interface), on, on && here.up, 0, joined.mtu, 0, 0, !on, 0};
  const tharsis_interface* const wires[] = {&wire};
  std::vector<tharsis_gateway> gateways;
  for (const uint8_t family : {uint8_t{4}, uint8_t{6}})
    if (const tharsis_way w = way(family); w.interface.size > 0)
      gateways.push_back({sizeof(tharsis_gateway), THARSIS_NEIGHBOUR_REACHABLE, w.gateway, w.interface, 0, family});
  std::vector<const tharsis_gateway*> list;
  for (const tharsis_gateway& g : gateways) list.push_back(&g);
  std::vector<tharsis_address> servers;
  for (const std::string& text : joined.name_servers) {
    servers.push_back(*parse_ip(text));
    servers.back().port = 53;
  }
  tharsis_survey seen{};
  seen.size = sizeof seen;
  seen.interfaces = wires;
  seen.interfaces_count = 1;
  seen.gateways = list.data();
  seen.gateways_count = static_cast<uint32_t>(list.size());
  seen.addresses = here.addresses.data();
  seen.addresses_count = static_cast<uint32_t>(here.addresses.size());
  seen.name_servers = servers.data();
  seen.name_servers_count = static_cast<uint32_t>(servers.size());
  see(context, &seen);
}

const attachment& machine::joined() const { return parts_->joined; }

void machine::switch_network(const attachment& to) {
  parts_->joined = to;
  parts_->here.set_addresses(to.addresses);
  parts_->look_again();
}

void machine::sleep() {
  host& here = parts_->here;
  assert(!here.asleep && !parts_->strands.contains(parts_->net.time.current()));
  here.asleep = true;
  here.asleep_since = parts_->net.time.now();
  for (const auto& [id, s] : parts_->strands) s->pause();
}

void machine::wake() {
  host& here = parts_->here;
  assert(here.asleep);
  here.asleep = false;
  here.slept += parts_->net.time.now() - here.asleep_since;
  for (const auto& [id, s] : parts_->strands) s->resume();
  parts_->look_again();
}

void machine::set_clock_by(duration d) {
  parts_->here.like.clock_ahead += d;
  parts_->look_again();
}

void machine::kill() {
  assert(!parts_->strands.contains(parts_->net.time.current()));
  if (parts_->here.asleep) wake();
  for (const auto& c : parts_->net.connections(parts_->here)) c->forget();
  for (const auto& [id, s] : parts_->strands) s->end();
  parts_->here.up = false;
  parts_->disks.lose_power(parts_->net.chance);
}

// ---- the world

world::world(uint64_t seed) : parts_(std::make_unique<parts>(seed)) {
  add_name("localhost", {"127.0.0.1", "::1"}, 100us);
}
world::~world() = default;

machine& world::add_machine(const std::string& name, const std::vector<std::string>& addresses,
                            std::shared_ptr<disk> storage) {
  network& net = parts_->net;
  if (storage == nullptr) storage = make_disk();
  auto made = std::make_unique<machine::parts>(name, net, net.add_host(addresses), std::move(storage));
  made->joined.addresses = addresses;
  parts_->machines.push_back(std::unique_ptr<machine>(new machine(std::move(made))));
  return *parts_->machines.back();
}

std::shared_ptr<disk> world::make_disk() { return std::make_shared<disk>(); }

void world::add_name(const std::string& name, const std::vector<std::string>& addresses, duration after) {
  network::name known{{}, after};
  for (const std::string& text : addresses) {
    const auto ip = parse_ip(text);
    assert(ip.ok() && "a name stands for IP addresses");
    known.addresses.push_back(*ip);
  }
  parts_->net.names[name] = known;
}

void world::share_loopback() { parts_->net.one_loopback = true; }

path& world::between(machine& a, machine& b) { return parts_->net.between(a.parts_->here, b.parts_->here); }

void world::reset_connections(machine& a, machine& b) {
  for (const auto& c : parts_->net.connections(a.parts_->here, b.parts_->here)) c->reset();
}

void world::forget_connections(machine& a, machine& b) {
  for (const auto& c : parts_->net.connections(a.parts_->here, b.parts_->here)) c->forget();
}

instant world::now() const { return parts_->time.now(); }
void world::at(instant when, std::function<void()> f) { parts_->time.at(when, std::move(f)); }
uint64_t world::steps() const { return parts_->time.steps(); }
uint64_t world::trace() const { return parts_->time.trace(); }
uint64_t world::random() { return parts_->chance.next(); }

bool world::run_until(const std::function<bool()>& done, instant limit) {
  while (!done()) {
    if (parts_->time.step(limit)) continue;
    if (!parts_->time.idle()) parts_->time.pass_to(limit);
    return false;
  }
  return true;
}

void world::run_for(duration d) {
  const instant end = now() + d;
  run_until([] { return false; }, end);
  parts_->time.pass_to(end);
}

}  // namespace tharsis::sim

#include "sdk/sim/world.h"

#include <cassert>
#include <map>

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
      : name(std::move(machine_name)), net(n), here(h), disks(std::move(storage)) {
    random = {sizeof random, this, [](void* self, uint8_t* into, size_t size) {
                for (size_t i = 0; i < size; ++i) into[i] = static_cast<uint8_t>(of(self).net.chance.next());
              }};
    watch = {sizeof watch, this, sample, no_stack, nullptr, nullptr};
    table = {sizeof table, this, disks.table(), &random, open, [](void*) { return uint64_t{1}; }, before_step, &watch};
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
  static parts& of(void* self) { return *static_cast<parts*>(self); }

  std::string name;
  network& net;
  host& here;
  files disks;
  tharsis_random random;
  tharsis_watch watch;
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

void machine::kill() {
  assert(!parts_->strands.contains(parts_->net.time.current()));
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

#include "runtime/network_hub.h"

#include <cstddef>
#include <iterator>
#include <utility>

#include "sdk/pure/topic.h"
#include "sdk/pure/views.h"

namespace tharsis::runtime {
namespace {

constexpr const char* owner = "(runtime)";

#define FIELD(kind, name) \
  { #name, THARSIS_FIELD_##kind, offsetof(tharsis_network_state, name), nullptr, 0 }
constexpr tharsis_field fields[] = {
    FIELD(U64, generation),
    FIELD(TEXT, id),
    {"type", THARSIS_FIELD_ENUM, offsetof(tharsis_network_state, type), network_type_names, std::size(network_type_names)},
    FIELD(TEXT, interface),
    FIELD(U32, families),
    FIELD(U32, mtu),
    FIELD(I32, metered),
    FIELD(I32, foreground),
    FIELD(TEXT, account),
    FIELD(TEXT, proxy),
    FIELD(TEXT, device),
    FIELD(WALL, woke),
};
#undef FIELD
constexpr tharsis_topic topic = topic_of<tharsis_network_state>(THARSIS_TOPIC_STATE, THARSIS_NETWORK_TOPIC, fields);

std::string line_of(const network_facts& f) {
  const bool v4 = (f.families & THARSIS_NETWORK_V4) != 0, v6 = (f.families & THARSIS_NETWORK_V6) != 0;
  return "network generation=" + std::to_string(f.generation) + " type=" + network_type_names[f.type] +
         (f.interface.empty() ? "" : " interface=" + f.interface) + (f.id.empty() ? "" : " id=" + f.id) +
         (v4 || v6 ? std::string(" families=") + (v4 ? "4" : "") + (v6 ? "6" : "") : "");
}

}  // namespace

tharsis_network_state state_of(const network_facts& f) {
  tharsis_network_state s{};
  s.size = sizeof s;
  s.generation = f.generation;
  s.id = text_of(f.id);
  s.interface = text_of(f.interface);
  s.type = f.type;
  s.families = f.families;
  s.metered = f.metered;
  s.mtu = f.mtu;
  s.foreground = f.foreground;
  s.account = text_of(f.account);
  s.proxy = text_of(f.proxy);
  s.device = text_of(f.device);
  s.woke = f.woke;
  return s;
}

network_hub::network_hub(bus& events, const network_settings& s)
    : bus_(events), machine_(s), now_(std::make_shared<snapshot>()) {
  bus_.declare(owner, nullptr, &topic, &topic_, nullptr);
}

void network_hub::open(outside o) {
  outside_ = std::move(o);
  {
    const std::lock_guard lock(mutex_);
    send_ = outside_.send;
    machine_.on_inputs(inputs_);
  }
  look_at_clock();
  const tharsis_observer& observer = *outside_.platform->observer;
  tharsis_error why = no_error();
  const tharsis_status s = observer.watch(observer.self, outside_.strand, &network_hub::on_observation, this, &why);
  if (s != THARSIS_OK) outside_.log("the network is not observed: " + std::string(why.text));
  advance();
}

instant network_hub::time() const { return instant_from(outside_.strand->loop->now(outside_.strand->loop->self)); }

std::shared_ptr<const network_hub::snapshot> network_hub::now() const {
  const std::lock_guard lock(mutex_);
  return now_;
}

tharsis_status network_hub::survey(tharsis_on_survey see, void* context, tharsis_error* error) const {
  const tharsis_observer* const observer = outside_.platform == nullptr ? nullptr : outside_.platform->observer;
  if (observer == nullptr || !THARSIS_HAS(observer, survey) || observer->survey == nullptr)
    return fail(error, THARSIS_E_UNSUPPORTED, "this platform does not tell of its network");
  return observer->survey(observer->self, see, context, error);
}

std::optional<error> network_hub::tell(const tharsis_runtime_inputs& given) {
  return take([&](network_inputs& all) { return add_inputs(all, given); });
}

std::optional<error> network_hub::tell(const std::map<std::string, std::string>& words) {
  return take([&](network_inputs& all) { return add_words(all, words); });
}

std::optional<error> network_hub::take(const std::function<std::optional<error>(network_inputs&)>& add) {
  std::function<void(std::function<void()>)> send;
  {
    const std::lock_guard lock(mutex_);
    if (auto failure = add(inputs_)) return failure;
    send = send_;
  }
  if (!send) return {};
  send([this] {
    {
      const std::lock_guard lock(mutex_);
      machine_.on_inputs(inputs_);
    }
    advance();
  });
  return {};
}

void network_hub::on_observation(void* context, const tharsis_observation* seen) {
  auto& self = *static_cast<network_hub*>(context);
  self.look_at_clock();
  self.machine_.on_look(look_at(seen), self.time());
  self.advance();
}

void network_hub::on_timer(void* context, tharsis_handle) {
  auto& self = *static_cast<network_hub*>(context);
  self.timer_ = 0;
  self.machine_.on_deadline(self.time());
  self.advance();
}

void network_hub::look_at_clock() {
  const tharsis_observer& observer = *outside_.platform->observer;
  machine_.on_clock(duration(observer.asleep(observer.self)), outside_.strand->loop->wall(outside_.strand->loop->self));
}

void network_hub::advance() {
  arm();
  if (!machine_.take_change()) return;
  const network_facts& facts = machine_.facts();
  const bool moved = facts.generation != now()->facts.generation || facts.type != now()->facts.type;
  auto next = std::make_shared<const snapshot>(snapshot{now()->version + 1, facts});
  {
    const std::lock_guard lock(mutex_);
    now_ = std::move(next);
  }
  if (moved) outside_.log(line_of(facts));
  publish(facts);
  outside_.on_change();
}

void network_hub::arm() {
  const tharsis_loop& loop = *outside_.strand->loop;
  if (timer_ != 0) loop.timer_cancel(loop.self, std::exchange(timer_, 0));
  const instant next = machine_.deadline();
  if (next != never) loop.timer_set(loop.self, nanoseconds(next), &network_hub::on_timer, this, 0, &timer_);
}

// Anybody may listen to the bus: it is not told the proxy's name and password.
void network_hub::publish(const network_facts& facts) {
  network_facts shown = facts;
  shown.proxy = proxy_without_secret(facts.proxy);
  const tharsis_network_state state = state_of(shown);
  bus_.publish(owner, topic_, &state);
}

}  // namespace tharsis::runtime

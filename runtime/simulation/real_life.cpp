#include "runtime/simulation/real_life.h"

#include <utility>

#include "runtime/simulation/noise.h"

namespace tharsis::runtime {
namespace {

constexpr duration start_most = 60s, stop_most = 30s;

std::string strange_bytes(dice& chance) {
  switch (chance.below(5)) {
    case 0: return {};
    case 1: return "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
    case 2: return std::string("\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 11);  // The beginning of a TLS hello.
    case 3: return std::string(1 + chance.below(200'000), '\0');
    default: return noise(chance, 1 + chance.below(4000));
  }
}

}  // namespace

std::optional<std::string> real_life::begin() {
  auto plan = bench_.plan(drawing::needed, 1);
  if (!plan) return plan.failure().text;
  if (folder_.path().empty()) return "no folder can be made for it";
  plan->data_folder = folder_.path();
  for (plugin_entry& entry : plan->plugins)
    if (entry.loop == THARSIS_STRAND_MAIN) entry.loop = THARSIS_STRAND_DEDICATED;
  platform_ = std::make_unique<real_platform>();
  runtime::options o;
  o.platform = platform_->table();
  o.plan = std::move(*plan);
  o.hear = [this](uint32_t, std::string_view, std::string_view text) {
    const std::lock_guard lock(mutex_);
    logged_.emplace_back(text);
  };
  o.on_leak = [this](const std::string& plugin, const std::string& sentence) {
    const std::lock_guard lock(mutex_);
    if (plugin == bench_.id()) leaks_.push_back("on real threads it " + sentence);
  };
  const auto note = [this](bool& what) {
    return [this, &what] {
      const std::lock_guard lock(mutex_);
      what = true;
      changed_.notify_all();
    };
  };
  o.on_failure = [] {};
  o.on_settled = note(settled_);
  o.on_ended = note(ended_);
  runtime_ = std::make_unique<runtime>(std::move(o));
  if (const auto failure = runtime_->start(); failure) {
    ended_ = true;
    return failure->text;
  }
  if (!wait_for(settled_, start_most)) return "its start has not come to an end within 60 s";
  return running() ? std::optional<std::string>() : reason();
}

bool real_life::wait_for(const bool& what, duration most) {
  std::unique_lock lock(mutex_);
  return changed_.wait_for(lock, most, [&] { return what; });
}

void real_life::go_on(duration d) {
  wait_for(ended_, d);
}

bool real_life::running() const {
  for (const auto& r : runtime_->report())
    if (r.id == bench_.id()) return r.state == plugin_state::running;
  return false;
}

std::string real_life::reason() const {
  for (const auto& r : runtime_->report())
    if (r.id == bench_.id() && !r.reason.empty()) return r.reason;
  return "it gave no reason";
}

size_t real_life::let_strangers_connect(int strangers, dice& chance) {
  const auto ports = open_ports();
  std::vector<stranger> there;
  for (const tharsis_address& port : ports)
    for (int i = 0; i < strangers; ++i) {
      there.emplace_back(port);
      there.back().send(strange_bytes(chance));
      if (chance.chance(0.5)) there.pop_back();
    }
  go_on(200ms);
  return ports.size();
}

// What does not end is left as it is: its threads use it.
bool real_life::end() {
  if (!runtime_) return true;
  if (!wait_for(ended_, duration::zero())) runtime_->stop();
  if (!wait_for(ended_, stop_most)) {
    static_cast<void>(runtime_.release());
    static_cast<void>(platform_.release());
    return false;
  }
  runtime_.reset();
  platform_.reset();
  return true;
}

}  // namespace tharsis::runtime

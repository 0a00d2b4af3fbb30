#include "runtime/simulation/edited_profile.h"

#include <algorithm>

#include "sdk/sim/dice.h"

namespace tharsis::runtime {
namespace {

// Where no bound is described: a wait of minutes is plain, one of hours would only hide what comes after it.
constexpr duration longest = 5min;

// As the profile shows it, too: a reload compares what was written.
void write(plugin_entry& entry, std::string_view key, setting_scalar value) {
  for (setting_value& v : entry.host.children)
    if (v.key == key) v.scalar = std::move(value);
}

duration longer(duration d) { return std::min(d + d / 4 + 1ms, runtime_settings{}.deadline_longest); }

void wait_longer(plugin_entry& entry) {
  entry.restart.wait = std::min(longer(entry.restart.wait), entry.restart.wait_longest);
  write(entry, "restart_wait", int64_t{entry.restart.wait.count()});
}

void stop_later(plugin_entry& entry) {
  entry.stop_deadline = longer(entry.stop_deadline);
  write(entry, "stop_deadline", int64_t{entry.stop_deadline.count()});
}

void change_thread(plugin_entry& entry) {
  const bool own = entry.loop == THARSIS_STRAND_DEDICATED;
  entry.loop = own ? THARSIS_STRAND_SHARED : THARSIS_STRAND_DEDICATED;
  write(entry, "loop", std::string(own ? "shared" : "dedicated"));
}

// All durations below it that can be longer.
void find_durations(setting_value& value, const setting& described, std::vector<setting_value*>& found) {
  if (value.type == setting_type::duration) {
    const duration most = described.max ? std::min(duration(described.max->whole), longest) : longest;
    if (longer(duration(std::get<int64_t>(value.scalar))) <= most) found.push_back(&value);
  }
  for (setting_value& child : value.children) {
    const setting* const inner = described.element.empty() ? described.member(child.key) : &described.element[0];
    if (inner != nullptr) find_durations(child, *inner, found);
  }
}

void lengthen_a_duration(plugin_entry& entry, sim::dice& chance) {
  std::vector<setting_value*> found;
  find_durations(entry.settings, entry.manifest->settings, found);
  if (found.empty()) return;
  setting_scalar& value = found[chance.below(found.size())]->scalar;
  value = int64_t{longer(duration(std::get<int64_t>(value))).count()};
}

bool provides(const profile& plan, const std::string& name) {
  return std::any_of(plan.plugins.begin(), plan.plugins.end(), [&](const plugin_entry& p) { return holds(p.manifest->provided, name); });
}

// With those that lose what they require.
profile without(const profile& plan, const std::string& id) {
  profile left = plan;
  std::erase_if(left.plugins, [&](const plugin_entry& p) { return p.id == id; });
  const auto loses = [&](const plugin_entry& p) {
    return std::any_of(p.manifest->required.begin(), p.manifest->required.end(),
                       [&](const placed_name& need) { return provides(plan, need.name) && !provides(left, need.name); });
  };
  const auto first = std::find_if(left.plugins.begin(), left.plugins.end(), loses);
  return first == left.plugins.end() ? left : without(left, std::string(first->id));
}

}  // namespace

profile edited(const profile& plan, uint64_t seed) {
  profile made = plan;
  sim::dice chance(seed);
  if (made.plugins.empty()) return made;
  plugin_entry& entry = made.plugins[chance.below(made.plugins.size())];
  switch (chance.below(6)) {
    case 0: break;  // Saved as it was.
    case 1: wait_longer(entry); break;
    case 2: stop_later(entry); break;
    case 3: change_thread(entry); break;
    case 4: lengthen_a_duration(entry, chance); break;
    case 5: return without(made, std::string(entry.id));
  }
  return made;
}

}  // namespace tharsis::runtime

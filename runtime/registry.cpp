#include "runtime/registry.h"

#include <algorithm>

#include "runtime/interface_wish.h"

namespace tharsis::runtime {

registry::registry(metrics* counted) {
  if (counted == nullptr) return;
  services_ = counted->own<gauge>("runtime", "services", "1", "Services that are provided now, each provider counted");
  changes_ = counted->own<counter>("runtime", "service_changes", "1", "Times that a consumer was told of another provider, or of none");
}

void registry::add_consumer(const std::string& plugin, std::vector<std::string> ids, send to, on_change told) {
  const std::lock_guard lock(mutex_);
  consumers_[plugin] = {std::move(ids), std::move(to), std::move(told)};
}

void registry::remove_consumer(const std::string& plugin) {
  const std::lock_guard lock(mutex_);
  consumers_.erase(plugin);
}

tharsis_status registry::provide(const std::string& plugin, const std::string& id, const void* table, int32_t rank) {
  const std::lock_guard lock(mutex_);
  if (expelled_.contains(plugin)) return THARSIS_E_GONE;
  auto& list = provisions_[id];
  for (const provision& p : list)
    if (p.plugin == plugin) return THARSIS_E_IN_USE;
  const auto place = std::find_if(list.begin(), list.end(), [&](const provision& p) { return p.rank < rank; });
  list.insert(place, {plugin, table, rank, false});
  return THARSIS_OK;
}

void registry::publish(const std::string& plugin) {
  const std::lock_guard lock(mutex_);
  for (auto& [id, list] : provisions_) {
    const void* const before = best_locked(id);
    for (provision& p : list)
      if (p.plugin == plugin) p.visible = true;
    if (best_locked(id) != before) tell_consumers(id, nullptr);
  }
  count_visible();
}

tharsis_status registry::withdraw(const std::string& plugin, const std::string& id, std::function<void()> done) {
  const auto token = std::make_shared<acknowledged>();
  const std::lock_guard lock(mutex_);
  const auto found = provisions_.find(id);
  if (found == provisions_.end() || !erase(found->second, plugin, id, token)) return THARSIS_E_NOT_FOUND;
  token->done = std::move(done);
  auto& others = under_way_[plugin];
  others.erase(std::remove_if(others.begin(), others.end(), [](const auto& w) { return w.expired(); }), others.end());
  others.push_back(token);
  return THARSIS_OK;
}

void registry::withdraw_all(const std::string& plugin, std::function<void()> done) {
  const auto token = std::make_shared<acknowledged>();
  const std::lock_guard lock(mutex_);
  for (auto& [id, list] : provisions_) erase(list, plugin, id, token);
  // What the plugin itself withdrew before may be in use still.
  for (const auto& weak : under_way_[plugin])
    if (const auto earlier = weak.lock()) earlier->then.push_back(token);
  under_way_.erase(plugin);
  token->done = std::move(done);
}

void registry::expel(const std::string& plugin) {
  {
    const std::lock_guard lock(mutex_);
    expelled_.insert(plugin);
  }
  withdraw_all(plugin, {});
  remove_consumer(plugin);
}

// [mutex held]
void registry::count_visible() const {
  int64_t visible = 0;
  for (const auto& [id, list] : provisions_)
    visible += std::count_if(list.begin(), list.end(), [](const provision& p) { return p.visible; });
  services_.set(visible);
}

// [mutex held] Also when another is the best by now: a consumer may not have heard of that yet, and
// still use this one. The message of the withdrawal comes behind the one it has not heard.
bool registry::erase(std::vector<provision>& list, const std::string& plugin, const std::string& id,
                     const std::shared_ptr<acknowledged>& token) {
  const auto found = std::find_if(list.begin(), list.end(), [&](const provision& p) { return p.plugin == plugin; });
  if (found == list.end()) return false;
  const bool visible = found->visible;
  list.erase(found);
  if (!visible) return true;
  count_visible();
  tell_consumers(id, token);
  return true;
}

const void* registry::best(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  return best_locked(id);
}

std::string registry::provider(const std::string& id) const {
  const std::lock_guard lock(mutex_);
  const auto found = provisions_.find(id);
  if (found == provisions_.end()) return {};
  for (const provision& p : found->second)
    if (p.visible) return p.plugin;
  return {};
}

// [mutex held]
const void* registry::best_locked(const std::string& id) const {
  const auto found = provisions_.find(id);
  if (found == provisions_.end()) return nullptr;
  for (const provision& p : found->second)
    if (p.visible) return p.table;
  return nullptr;
}

// [mutex held] The consumer asks for the table when it runs, so a late message never brings back a
// table that was withdrawn meanwhile.
void registry::tell_consumers(const std::string& id, const std::shared_ptr<acknowledged>& token) {
  for (const auto& [plugin, c] : consumers_) {
    if (std::none_of(c.ids.begin(), c.ids.end(), [&](const std::string& wish) { return meets(wish, id); })) continue;
    changes_.add();
    c.to([this, id, token, told = c.told] { told(id, best(id)); });
  }
}

}  // namespace tharsis::runtime

#include "runtime/network_table.h"

#include <algorithm>
#include <utility>

namespace tharsis::runtime {

network_table::network_table(const network_hub& hub) : hub_(hub), table_{sizeof table_, this, state, watch, unwatch, survey} {}

// Inside, watches may come and go; the ids say which are still meant.
void network_table::on_change() {
  const auto now = hub_.now();
  const tharsis_network_state state = state_of(now->facts);
  std::vector<tharsis_handle> ids;
  for (const watching& w : watches_) ids.push_back(w.id);
  for (const tharsis_handle id : ids) {
    const auto found = std::find_if(watches_.begin(), watches_.end(), [&](const watching& w) { return w.id == id; });
    if (found == watches_.end() || found->version >= now->version) continue;
    found->version = now->version;
    const watching w = *found;
    w.told(w.context, &state);
  }
}

size_t network_table::end_watches() { return std::exchange(watches_, {}).size(); }

void network_table::state(void* self, tharsis_on_network read, void* context) {
  if (read == nullptr) return;
  const auto now = static_cast<network_table*>(self)->hub_.now();
  const tharsis_network_state state = state_of(now->facts);
  read(context, &state);
}

tharsis_status network_table::watch(void* self, tharsis_on_network on_change, void* context, tharsis_handle* id,
                                    tharsis_error* error) {
  auto& me = *static_cast<network_table*>(self);
  if (on_change == nullptr) return fail(error, THARSIS_E_INVALID, "watch needs a function to tell");
  me.watches_.push_back({++me.last_id_, on_change, context, me.hub_.now()->version});
  if (id != nullptr) *id = me.last_id_;
  return THARSIS_OK;
}

tharsis_status network_table::unwatch(void* self, tharsis_handle id) {
  auto& me = *static_cast<network_table*>(self);
  return std::erase_if(me.watches_, [&](const watching& w) { return w.id == id; }) > 0 ? THARSIS_OK : THARSIS_E_GONE;
}

tharsis_status network_table::survey(void* self, tharsis_on_survey see, void* context, tharsis_error* error) {
  if (see == nullptr) return fail(error, THARSIS_E_INVALID, "a survey needs a function to tell");
  return static_cast<network_table*>(self)->hub_.survey(see, context, error);
}

}  // namespace tharsis::runtime

#include "runtime/plugin_settings.h"

#include "sdk/pure/views.h"

namespace tharsis::runtime {
namespace {

const setting_value* find(void* self, const char* path) {
  return path == nullptr ? nullptr : static_cast<plugin_settings*>(self)->tree().find(path);
}

template <class Held, class Value>
tharsis_status get(void* self, const char* path, Value* value) {
  const setting_value* const found = find(self, path);
  if (found == nullptr) return THARSIS_E_NOT_FOUND;
  const Held* const held = std::get_if<Held>(&found->scalar);
  if (held == nullptr || value == nullptr) return THARSIS_E_INVALID;
  *value = static_cast<Value>(*held);
  return THARSIS_OK;
}

tharsis_status get_text(void* self, const char* path, tharsis_text* value) {
  const setting_value* const found = find(self, path);
  if (found == nullptr) return THARSIS_E_NOT_FOUND;
  const auto* const held = std::get_if<std::string>(&found->scalar);
  if (held == nullptr || value == nullptr) return THARSIS_E_INVALID;
  *value = text_of(*held);
  return THARSIS_OK;
}

tharsis_status count(void* self, const char* path, uint32_t* value) {
  const setting_value* const found = find(self, path);
  if (found == nullptr) return THARSIS_E_NOT_FOUND;
  const bool counts = found->type == setting_type::list || found->type == setting_type::map;
  if (!counts || value == nullptr) return THARSIS_E_INVALID;
  *value = static_cast<uint32_t>(found->children.size());
  return THARSIS_OK;
}

tharsis_status key(void* self, const char* path, uint32_t index, tharsis_text* value) {
  const setting_value* const found = find(self, path);
  if (found == nullptr) return THARSIS_E_NOT_FOUND;
  if (found->type != setting_type::map || value == nullptr) return THARSIS_E_INVALID;
  if (index >= found->children.size()) return THARSIS_E_NOT_FOUND;
  *value = text_of(found->children[index].key);
  return THARSIS_OK;
}

// A default has no place that a person would want to edit.
std::string place(const source_position& at) {
  if (!at.known() || at.in->from == source::kind::manifest) return "default";
  return at.text();
}

}  // namespace

plugin_settings::plugin_settings(const setting_value& tree) : tree_(&tree) {
  table_ = {sizeof table_, this,   get<int64_t, int64_t>, get<double, double>, get<bool, int32_t>, get_text, count,
            key,           &where};
}

tharsis_status plugin_settings::where(void* self, const char* path, tharsis_text* value) {
  const setting_value* const found = find(self, path);
  if (found == nullptr) return THARSIS_E_NOT_FOUND;
  if (value == nullptr) return THARSIS_E_INVALID;
  std::string& kept = static_cast<plugin_settings*>(self)->places_[path];
  // A group of which nothing was said stands where it would have to be written.
  kept = found->origins.empty() ? "default" : place(found->at);
  *value = text_of(kept);
  return THARSIS_OK;
}

}  // namespace tharsis::runtime

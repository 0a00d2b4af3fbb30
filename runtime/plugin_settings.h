// tharsis.settings/1 over a plugin's resolved part of the profile.
#pragma once
#include <map>
#include <string>

#include "runtime/setting_value.h"
#include "sdk/abi/settings.h"

namespace tharsis::runtime {

class plugin_settings {
 public:
  // `tree` must outlive it, or the next show().
  explicit plugin_settings(const setting_value& tree);
  plugin_settings(const plugin_settings&) = delete;

  const tharsis_settings* table() const { return &table_; }
  const setting_value& tree() const { return *tree_; }
  // Another tree, from now on.
  void show(const setting_value& tree) { tree_ = &tree; }

 private:
  static tharsis_status where(void* self, const char* path, tharsis_text* value);

  const setting_value* tree_;
  tharsis_settings table_{};
  std::map<std::string, std::string> places_;  // What `where` lends out.
};

}  // namespace tharsis::runtime

// tharsis.settings/1 over a plugin's resolved part of the profile, which must outlive it.
#pragma once
#include <map>
#include <string>

#include "runtime/setting_value.h"
#include "sdk/abi/settings.h"

namespace tharsis::runtime {

class plugin_settings {
 public:
  explicit plugin_settings(const setting_value& tree);
  plugin_settings(const plugin_settings&) = delete;

  const tharsis_settings* table() const { return &table_; }
  const setting_value& tree() const { return tree_; }

 private:
  static tharsis_status where(void* self, const char* path, tharsis_text* value);

  const setting_value& tree_;
  tharsis_settings table_{};
  std::map<std::string, std::string> places_;  // What `where` lends out.
};

}  // namespace tharsis::runtime

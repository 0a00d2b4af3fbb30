#include "runtime/host_keys.h"

#include <algorithm>

namespace tharsis::runtime {
namespace {

setting named(std::string name, setting_type type) {
  setting made;
  made.name = std::move(name);
  made.type = type;
  return made;
}

setting deadline(std::string name) {
  setting made = named(std::move(name), setting_type::duration);
  made.min = bound{1'000'000, 0, "1ms"};
  made.max = bound{runtime_settings{}.deadline_longest.count(), 0, "1h"};
  return made;
}

std::vector<setting> all_host_settings() {
  setting loop = named("loop", setting_type::choice);
  loop.values = {"shared", "dedicated", "main"};
  return {named("path", setting_type::path), loop, deadline("start_deadline"), deadline("stop_deadline")};
}

}  // namespace

const std::vector<setting>& host_settings() {
  static const std::vector<setting> all = all_host_settings();
  return all;
}

bool is_host_key(std::string_view key) {
  const auto& all = host_settings();
  return std::any_of(all.begin(), all.end(), [&](const setting& s) { return s.name == key; });
}

host_keys take_host_keys(setting_value& tree) {
  host_keys keys;
  for (const setting_value& value : tree.children) {
    if (const auto* text = std::get_if<std::string>(&value.scalar); text && value.key == "loop")
      keys.loop = *text == "dedicated" ? THARSIS_STRAND_DEDICATED : *text == "main" ? THARSIS_STRAND_MAIN : THARSIS_STRAND_SHARED;
    if (const auto* wait = std::get_if<int64_t>(&value.scalar)) {
      if (value.key == "start_deadline") keys.start_deadline = duration(*wait);
      if (value.key == "stop_deadline") keys.stop_deadline = duration(*wait);
    }
  }
  std::erase_if(tree.children, [](const setting_value& value) { return is_host_key(value.key); });
  return keys;
}

}  // namespace tharsis::runtime

#include "runtime/host_keys.h"

#include <algorithm>
#include <iterator>
#include <utility>

#include "runtime/setting_text.h"

namespace tharsis::runtime {
namespace {

setting named(std::string name, setting_type type, std::string about) {
  setting made;
  made.name = std::move(name);
  made.type = type;
  made.about = std::move(about);
  return made;
}

yaml_node preset(std::string text) {
  yaml_node made;
  made.is = yaml_node::kind::scalar;
  made.text = std::move(text);
  return made;
}

setting deadline(std::string name, duration usual, std::string about) {
  setting made = named(std::move(name), setting_type::duration, std::move(about));
  made.preset = preset(duration_text(usual.count()));
  made.min = bound{1'000'000, 0, "1ms"};
  made.max = bound{runtime_settings{}.deadline_longest.count(), 0, "1h"};
  return made;
}

std::vector<setting> all_host_settings() {
  setting loop = named("loop", setting_type::choice,
                       "The thread it runs on: one that plugins share, one of its own, or the application's main thread.");
  loop.values = {"shared", "dedicated", "main"};
  loop.preset = preset("shared");
  setting stall = named("stall", setting_type::choice,
                        "What follows when a callback runs longer than `stall_limit`: a report, also a restart of the plugin "
                        "once it has come back, or the end of the process.");
  stall.values = {"report", "restart", "abort"};
  stall.preset = preset("report");
  const runtime_settings usual;
  return {named("path", setting_type::path, "The folder with the plugin's plugin.yaml; without it, the folders of plugins are searched."),
          loop, deadline("start_deadline", usual.start_deadline, "The plugin has failed when its start takes longer."),
          deadline("stop_deadline", usual.stop_deadline, "The plugin is given up when its stop takes longer."),
          deadline("stall_limit", usual.stall_limit, "A callback that runs longer is reported, with the stack of its thread."), stall};
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

host_keys take_host_keys(setting_value& tree, setting_value& taken) {
  host_keys keys;
  for (const setting_value& value : tree.children) {
    const auto* const text = std::get_if<std::string>(&value.scalar);
    if (text && value.key == "loop")
      keys.loop = *text == "dedicated" ? THARSIS_STRAND_DEDICATED : *text == "main" ? THARSIS_STRAND_MAIN : THARSIS_STRAND_SHARED;
    if (text && value.key == "stall")
      keys.stall = *text == "restart" ? stall_policy::restart : *text == "abort" ? stall_policy::abort : stall_policy::report;
    if (const auto* wait = std::get_if<int64_t>(&value.scalar)) {
      if (value.key == "start_deadline") keys.start_deadline = duration(*wait);
      if (value.key == "stop_deadline") keys.stop_deadline = duration(*wait);
      if (value.key == "stall_limit") keys.stall_limit = duration(*wait);
    }
  }
  const auto of_host = std::stable_partition(tree.children.begin(), tree.children.end(),
                                             [](const setting_value& value) { return !is_host_key(value.key); });
  taken.children.assign(std::make_move_iterator(of_host), std::make_move_iterator(tree.children.end()));
  tree.children.erase(of_host, tree.children.end());
  return keys;
}

}  // namespace tharsis::runtime

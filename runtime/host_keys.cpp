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

setting choice(std::string name, std::vector<std::string> values, std::string usual, std::string about) {
  setting made = named(std::move(name), setting_type::choice, std::move(about));
  made.values = std::move(values);
  made.preset = preset(std::move(usual));
  return made;
}

setting restart_limit() {
  setting made = named("restart_limit", setting_type::integer, "After so many restarts in a row, less than a minute apart, it stays failed.");
  made.preset = preset(std::to_string(runtime_settings{}.restart_limit));
  made.min = bound{1, 0, "1"};
  made.max = bound{1'000'000, 0, "1000000"};
  return made;
}

std::vector<setting> all_host_settings() {
  const runtime_settings usual;
  return {named("path", setting_type::path, "The folder with the plugin's plugin.yaml; without it, the folders of plugins are searched."),
          choice("loop", {"shared", "dedicated", "main"}, "shared",
                 "The thread it runs on: one that plugins share, one of its own, or the application's main thread."),
          deadline("start_deadline", usual.start_deadline, "The plugin has failed when its start takes longer."),
          deadline("stop_deadline", usual.stop_deadline, "The plugin is given up when its stop takes longer."),
          choice("restart", {"never", "on_failure", "always"}, "on_failure",
                 "Whether it is started again when it has failed: never, once it has run, or also when it cannot start."),
          deadline("restart_wait", usual.restart_wait, "How long to wait before the first restart; the wait doubles from one to the next."),
          deadline("restart_wait_longest", usual.restart_wait_longest, "The wait grows no longer than this."),
          restart_limit(),
          deadline("stall_limit", usual.stall_limit, "A callback that runs longer is reported, with the stack of its thread."),
          choice("stall", {"report", "restart", "abort"}, "report",
                 "What follows when a callback runs longer than `stall_limit`: a report, also a restart of the plugin "
                 "once it has come back, or the end of the process.")};
}

void take_word(host_keys& keys, std::string_view key, std::string_view word) {
  using when = restart_policy::when;
  if (key == "loop")
    keys.loop = word == "dedicated" ? THARSIS_STRAND_DEDICATED : word == "main" ? THARSIS_STRAND_MAIN : THARSIS_STRAND_SHARED;
  if (key == "restart") keys.restart.on = word == "never" ? when::never : word == "always" ? when::always : when::on_failure;
  if (key == "stall")
    keys.stall = word == "restart" ? stall_policy::restart : word == "abort" ? stall_policy::abort : stall_policy::report;
}

void take_number(host_keys& keys, std::string_view key, int64_t number) {
  if (key == "start_deadline") keys.start_deadline = duration(number);
  if (key == "stop_deadline") keys.stop_deadline = duration(number);
  if (key == "restart_wait") keys.restart.wait = duration(number);
  if (key == "restart_wait_longest") keys.restart.wait_longest = duration(number);
  if (key == "restart_limit") keys.restart.limit = static_cast<uint32_t>(number);
  if (key == "stall_limit") keys.stall_limit = duration(number);
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

// Where a plugin is, it cannot say itself.
std::vector<setting> host_defaults() {
  std::vector<setting> all = host_settings();
  std::erase_if(all, [](const setting& s) { return s.type == setting_type::path; });
  for (setting& s : all) s.preset.reset();
  return all;
}

host_keys take_host_keys(setting_value& tree, setting_value& taken) {
  host_keys keys;
  for (const setting_value& value : tree.children) {
    if (const auto* text = std::get_if<std::string>(&value.scalar)) take_word(keys, value.key, *text);
    if (const auto* number = std::get_if<int64_t>(&value.scalar)) take_number(keys, value.key, *number);
  }
  const auto of_host = std::stable_partition(tree.children.begin(), tree.children.end(),
                                             [](const setting_value& value) { return !is_host_key(value.key); });
  taken.children.assign(std::make_move_iterator(of_host), std::make_move_iterator(tree.children.end()));
  tree.children.erase(of_host, tree.children.end());
  return keys;
}

}  // namespace tharsis::runtime

#include "runtime/profile.h"

#include <algorithm>
#include <set>
#include <utility>

#include "runtime/command_files.h"
#include "runtime/expansion.h"
#include "runtime/interface_wish.h"
#include "runtime/os_profile_files.h"
#include "runtime/os_trust.h"
#include "runtime/profile_layers.h"
#include "runtime/setting_override.h"
#include "runtime/yaml_tree.h"
#include "sdk/pure/nearest.h"

namespace tharsis::runtime {
namespace {

constexpr size_t name_longest = 80;  // A file's name has room for more; the address of a control socket, 107 bytes, has not.

std::string folder_of(const profile_request& request) {
  return request.file.empty() ? absolute_path(".") : parent_folder(absolute_path(request.file));
}

// What must be set is for a plugin that starts: a command takes what it needs from its line.
setting without_requirements(setting described) {
  if (std::exchange(described.required, false)) described.min.reset();
  for (auto* inner : {&described.members, &described.element})
    for (setting& s : *inner) s = without_requirements(std::move(s));
  return described;
}

// From the map of plugins to plugins with settings, in order. Goes on after a problem, to find more.
class profile_builder {
 public:
  // `commanded`: the plugin of which only a command runs.
  profile_builder(const profile_request& request, plugin_catalogue& catalogue, diagnostics& problems, std::string commanded = {})
      : environment_(request.environment), catalogue_(catalogue), problems_(problems), commanded_(std::move(commanded)) {
    out_.file = request.file;
    out_.data_folder = request.data_folder.empty() ? user_data_folder() : absolute_path(request.data_folder);
    cache_folder_ = request.data_folder.empty() ? user_cache_folder() : out_.data_folder + "/cache";
    config_folder_ = folder_of(request);
  }

  profile build(const yaml_node& plugins) {
    std::set<std::string> seen;  // The parser has told of a second one.
    for (const yaml_node& node : plugins.children)
      if (seen.insert(node.key).second) add(node);
    put_in_order();
    return std::move(out_);
  }

 private:
  void add(const yaml_node& node) {
    if (node.is != yaml_node::kind::map && node.is != yaml_node::kind::null) {
      problems_.add(node.at, node.key + ": expected a map of settings like '{ key: value }', " + got(node));
      return;
    }
    const found_plugin* found = find(node);
    if (found == nullptr) return;
    if (!found->manifest) return report_broken(node, *found);
    plugin_entry entry;
    entry.id = node.key;
    entry.manifest = found->manifest;
    entry.settings = settings_of(*found->manifest, node);
    const host_keys keys = take_host_keys(entry.settings, entry.host);
    entry.loop = keys.loop;
    entry.start_deadline = keys.start_deadline;
    entry.stop_deadline = keys.stop_deadline;
    entry.stall_limit = keys.stall_limit;
    entry.stall = keys.stall;
    entry.restart = keys.restart;
    out_.plugins.push_back(std::move(entry));
  }

  const found_plugin* find(const yaml_node& node) {
    if (const yaml_node* path = node.find("path")) return find_at(node, *path);
    const found_plugin* found = catalogue_.find(node.key);
    if (found == nullptr) report_unknown(node);
    return found;
  }

  // A plugin that the profile says the folder of.
  const found_plugin* find_at(const yaml_node& node, const yaml_node& path) {
    setting described;
    described.type = setting_type::path;
    const expansion expand{{{"data", out_.data_folder}, {"config", config_folder_}}, config_folder_, nullptr};
    const auto folder = read_scalar(described, path, &expand);
    if (!folder) {
      problems_.add(path.at, node.key + ".path: " + folder.failure().text);
      return nullptr;
    }
    found_plugin found = read_plugin_folder(std::get<std::string>(*folder));
    if (found.manifest && found.id != node.key) {
      problems_.add(path.at, node.key + ".path: the plugin in " + found.folder + " is called " + in_quotes(found.id))
          .with("its id", found.manifest->at)
          .with("name it " + in_quotes(found.id) + " here too");
      return nullptr;
    }
    found.id = node.key;
    std::erase_if(catalogue_.plugins, [&](const found_plugin& p) { return p.id == node.key; });
    return &catalogue_.plugins.emplace_back(std::move(found));
  }

  void report_broken(const yaml_node& node, const found_plugin& found) {
    problems_.add_all(found.problems);
    if (const yaml_node* path = node.find("path")) problems_.last().with("'path:' says so here", path->at);
    else problems_.last().with("the profile names it here", node.key_at);
  }

  void report_unknown(const yaml_node& node) {
    diagnostic& d = problems_.add(node.key_at, "there is no plugin " + in_quotes(node.key));
    if (const auto meant = nearest(node.key, catalogue_.ids())) d.with("did you mean '" + *meant + "'?");
    std::vector<std::string> folders = catalogue_.folders;
    for (std::string& folder : folders)
      if (!folder_exists(folder)) folder += " (which is not there)";
    d.with(folders.empty() ? "no folder was searched for plugins; name one with --plugins"
                           : "searched in " + listed(folders) +
                                 "; name another with --plugins, or the plugin's own with 'path:'");
  }

  setting_value settings_of(const plugin_manifest& manifest, const yaml_node& node) {
    setting whole = node.key == commanded_ ? without_requirements(manifest.settings) : manifest.settings;
    for (const setting& s : manifest.host_settings) whole.members.push_back(s);
    const expansion expand{{{"data", out_.data_folder},
                            {"config", config_folder_},
                            {"cache", cache_folder_},
                            {"plugin", manifest.folder}},
                           config_folder_,
                           &environment_};
    return resolve({whole, &node, node.key, node.key_at, &expand}, problems_);
  }

  void put_in_order() {
    std::vector<const plugin_manifest*> manifests;
    for (const plugin_entry& p : out_.plugins) manifests.push_back(p.manifest.get());
    std::vector<plugin_entry> ordered;
    for (const size_t i : load_order(manifests, catalogue_.manifests(), problems_)) ordered.push_back(out_.plugins[i]);
    out_.plugins = std::move(ordered);
  }

  const environment_map& environment_;
  plugin_catalogue& catalogue_;
  diagnostics& problems_;
  const std::string commanded_;
  profile out_;
  std::string cache_folder_, config_folder_;
};

// The map of plugins, if there is a good one.
std::optional<yaml_node> plugins_of(const yaml_node& root, diagnostics& problems) {
  if (root.is != yaml_node::kind::map) return {};  // That was told.
  const yaml_node* plugins = root.find("plugins");
  if (plugins == nullptr) {
    problems.add({root.at.in, 1, 1}, "plugins: is required and has no default; set it");
    return {};
  }
  if (plugins->is == yaml_node::kind::map && plugins->children.empty()) {
    problems.add(plugins->at, "plugins: names no plugin, so there is nothing to run; name one, like 'xlog: {}'");
    return {};
  }
  if (plugins->is != yaml_node::kind::map) {
    problems.add(plugins->at, "plugins: expected a map of plugins like '{ xlog: {}, stn: { ... } }', " + got(*plugins));
    return {};
  }
  return *plugins;
}

// Holds the plugins to what the lock file says.
void apply_lock(profile& plan, const source_position& trust, diagnostics& problems) {
  if (plan.file.empty())
    return void(problems.add(trust, "trust: pinned needs a profile that is a file: the lock file lies beside it"));
  const auto lock = read_lock_file(lock_file_of(plan.file), plan.file, trust, problems);
  if (!lock) return;
  for (plugin_entry& entry : plan.plugins) entry.locked = lock->locked(*entry.manifest, problems);
}

yaml_node named(const std::string& id, const source_position& at) {
  yaml_node node;
  node.key = id;
  node.key_at = node.at = at;
  return node;
}

// Whether one of a command's words names it: "acme", or as a value of an option, "--codec=acme".
bool is_named(std::string_view name, const std::vector<std::string>& words) {
  return !name.empty() && std::any_of(words.begin(), words.end(), [&](const std::string& word) {
    return word == name || (word.starts_with("--") && word.ends_with("=" + std::string(name)));
  });
}

// Empty: it has none, or that is not found.
std::string helper_of(const std::string& plugin, const std::vector<std::string>& words, const plugin_catalogue& catalogue) {
  const found_plugin* const found = catalogue.find(plugin);
  if (found == nullptr || !found->manifest || words.empty()) return {};
  const plugin_command* const c = found->manifest->command(words[0]);
  return c != nullptr && c->helper != plugin && catalogue.find(c->helper) != nullptr ? c->helper : std::string();
}

// The plugin and, as far as they are found, those that provide what it requires, who helps its command, and of patterns that it wants
// what the command's words name.
yaml_node plugin_and_needs(const std::string& plugin, const std::vector<std::string>& words, const plugin_catalogue& catalogue) {
  const source_position at{std::make_shared<const source>(source{"tharsis " + plugin, {}, source::kind::profile, {}}), 0, 0};
  yaml_node plugins = named("", at);
  plugins.is = yaml_node::kind::map;
  plugins.children.push_back(named(plugin, at));
  if (const std::string helper = helper_of(plugin, words, catalogue); !helper.empty()) plugins.children.push_back(named(helper, at));
  for (size_t i = 0; i < plugins.children.size(); ++i) {
    const found_plugin* found = catalogue.find(plugins.children[i].key);
    if (found == nullptr || !found->manifest) continue;
    for (const placed_name& wish : found->manifest->wanted)
      for (const plugin_manifest* other : catalogue.manifests())
        for (const placed_name& p : other->provided)
          if (is_named(star_of(wish.name, p.name), words) && !plugins.find(other->id)) plugins.children.push_back(named(other->id, at));
    for (const placed_name& need : found->manifest->required)
      for (const plugin_manifest* other : catalogue.manifests()) {
        if (!holds(other->provided, need.name)) continue;
        if (!plugins.find(other->id)) plugins.children.push_back(named(other->id, at));
        break;
      }
  }
  return plugins;
}

}  // namespace

profile load_profile(const profile_request& request, diagnostics& problems, plugin_catalogue* found) {
  plugin_catalogue catalogue = find_manifests(request.plugin_folders);
  profile made;
  if (const auto root = read_layers({request.file, request.text, folder_of(request)}, problems)) {
    if (auto plugins = plugins_of(*root, problems)) {
      override_settings(*plugins, request.environment, problems);
      for (const std::string& set : request.sets) override_setting(*plugins, set, "", problems);
      made = profile_builder(request, catalogue, problems).build(*plugins);
      const yaml_node* trust = root->find("trust");
      made.pinned = trust != nullptr && trust->text == "pinned";
      if (made.pinned && request.read_lock) apply_lock(made, trust->at, problems);
    }
  }
  if (found != nullptr) *found = std::move(catalogue);
  return made;
}

std::string profile_name(const std::string& profile_file) {
  std::string name = profile_file.substr(profile_file.rfind('/') + 1);
  if (const size_t dot = name.rfind('.'); dot != std::string::npos && dot > 0) name.resize(dot);
  name = name.substr(name.find_first_not_of('.') == std::string::npos ? name.size() : name.find_first_not_of('.'), name_longest);
  return name.empty() ? "runtime" : name;
}

void check_libraries(const profile& plan, diagnostics& problems) {
  std::set<std::string> told;  // One folder may be wrong for all plugins in it.
  const auto complain = [&](const source_position& at, const error& wrong) {
    if (told.insert(wrong.text).second) problems.add(at, wrong.text);
  };
  for (const plugin_entry& entry : plan.plugins) {
    const plugin_manifest& m = *entry.manifest;
    if (!file_exists(m.library_path())) {
      problems.add(m.library_at, "there is no file " + m.library_path() +
                                     "; is the plugin built, and is `library` spelled like the file?");
      continue;
    }
    if (const auto manifest = open_trusted(m.file()); !manifest) complain({m.at.in, 0, 0}, manifest.failure());
    const auto library = open_trusted(m.library_path());
    if (!library) complain(m.library_at, library.failure());
    else if (entry.locked) check_locked_library(entry.id, *entry.locked, *library, problems);
  }
}

profile profile_of_plugin(const std::string& plugin, const profile_request& request, diagnostics& problems, const std::vector<std::string>& words) {
  plugin_catalogue catalogue = find_manifests(request.plugin_folders);
  yaml_node plugins = plugin_and_needs(plugin, words, catalogue);
  add_command_files(plugin, words, catalogue, plugins, problems);
  for (const std::string& set : request.sets) override_setting(plugins, set, plugin, problems);
  profile made = profile_builder(request, catalogue, problems, plugin).build(plugins);
  for (plugin_entry& entry : made.plugins) {
    entry.starts = entry.id != plugin;
    entry.restart.on = restart_policy::when::never;  // Somebody waits for the command's end.
  }
  return made;
}

}  // namespace tharsis::runtime

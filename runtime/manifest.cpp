#include "runtime/manifest.h"

#include <algorithm>

#include "runtime/host_keys.h"
#include "runtime/os_profile_files.h"
#include "runtime/setting_value.h"
#include "sdk/abi/abi.h"
#include "sdk/pure/units.h"

namespace tharsis::runtime {
namespace {

constexpr std::string_view manifest_name = "plugin.yaml";

setting named(std::string name, setting_type type, bool required = false) {
  setting made;
  made.name = std::move(name);
  made.type = type;
  made.required = required;
  return made;
}

setting of_texts(std::string name, setting_type type) {
  setting made = named(std::move(name), type);
  made.element.push_back(named("", setting_type::text));
  return made;
}

setting of_host() {
  setting made = named("host", setting_type::group);
  made.members = host_defaults();
  return made;
}

// A manifest is read with the same means as a profile.
const setting& manifest_schema() {
  static const setting schema = [] {
    setting root = named("", setting_type::group);
    root.members = {named("id", setting_type::text, true),
                    named("version", setting_type::text, true),
                    named("abi", setting_type::integer, true),
                    named("library", setting_type::text, true),
                    named("summary", setting_type::text),
                    of_texts("provides", setting_type::list),
                    of_texts("requires", setting_type::list),
                    of_texts("wants", setting_type::list),
                    of_texts("publishes", setting_type::list),
                    of_texts("subscribes", setting_type::list),
                    of_texts("capabilities", setting_type::list),
                    of_texts("commands", setting_type::map),
                    of_texts("carried_out_by", setting_type::map),
                    of_texts("helped_by", setting_type::map),
                    of_texts("live", setting_type::list),
                    of_host(),
                    named("command_files", setting_type::any),
                    named("settings", setting_type::any)};
    return root;
  }();
  return schema;
}

bool is_word(std::string_view word, std::string_view also) {
  if (word.empty() || word[0] < 'a' || word[0] > 'z') return false;
  return std::all_of(word.begin(), word.end(), [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || also.find(c) != std::string_view::npos;
  });
}

template <class Check>
bool each_part(std::string_view text, Check check) {
  for (;;) {
    const size_t dot = text.find('.');
    if (!check(text.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    text.remove_prefix(dot + 1);
  }
}

bool is_dotted(std::string_view text) {
  return each_part(text, [](std::string_view part) { return is_word(part, "_-"); });
}

bool is_interface_id(std::string_view text) {
  const size_t slash = text.rfind('/');
  if (slash == std::string_view::npos || !is_dotted(text.substr(0, slash))) return false;
  const std::string_view major = text.substr(slash + 1);
  return !major.empty() && major.size() < 6 && major[0] != '0' && major[0] != '-' && parse_integer(major).ok();
}

// One part of the name, but not the first, may be a star.
bool is_wish(std::string_view text) {
  const size_t star = text.find(".*");
  if (star == std::string_view::npos) return is_interface_id(text);
  return is_interface_id(std::string(text.substr(0, star)) + ".x" + std::string(text.substr(star + 2)));
}

bool is_topic_pattern(std::string_view text) {
  return each_part(text, [](std::string_view part) { return part == "*" || part == "**" || is_word(part, "_-"); });
}

class manifest_reader {
 public:
  manifest_reader(plugin_manifest& into, diagnostics& problems) : into_(into), problems_(problems) {}

  void read(const yaml_node& root) {
    const setting_value tree =
        resolve({manifest_schema(), &root, "", {root.at.in, 1, 1}, nullptr}, problems_);
    read_identity(tree);
    const std::string id_form = "expected an interface id like 'tharsis.stn/1'";
    names(tree, "provides", is_interface_id, id_form, into_.provided);
    names(tree, "requires", is_interface_id, id_form, into_.required);
    names(tree, "wants", is_wish, id_form + ", or 'tharsis.stn.codec.*/1'", into_.wanted);
    names(tree, "publishes", is_dotted, "expected a topic like 'stn.link'", into_.published);
    names(tree, "subscribes", is_topic_pattern, "expected a topic or a pattern like 'stn.*'", into_.subscribed);
    names(tree, "capabilities", is_dotted, "expected a word like 'net.listen'", into_.capabilities);
    read_commands(tree);
    if (const yaml_node* described = root.find("command_files")) read_command_files(*described);
    read_host(root, tree);
    if (const yaml_node* described = root.find("settings")) read_settings(*described);
    into_.settings.type = setting_type::group;
  }

 private:
  std::string text(const setting_value& tree, std::string_view key) const {
    const setting_value* value = tree.child(key);
    const auto* text = value ? std::get_if<std::string>(&value->scalar) : nullptr;
    return text ? *text : std::string();
  }

  // Says what is wrong with a text that was given; one that is missing has been reported already.
  void check(const setting_value& tree, std::string_view key, bool good, const std::string& expected) {
    const setting_value* value = tree.child(key);
    if (!good && value && std::holds_alternative<std::string>(value->scalar))
      problems_.add(value->at, std::string(key) + ": " + expected + ", got " + in_quotes(text(tree, key)));
  }

  void read_identity(const setting_value& tree) {
    into_.id = text(tree, "id");
    into_.at = tree.child("id") ? tree.child("id")->at : tree.at;
    check(tree, "id", is_dotted(into_.id), "expected dotted lower-case words like 'com.acme.hello'");
    into_.version = text(tree, "version");
    check(tree, "version", !into_.version.empty() && into_.version.find(' ') == std::string::npos,
          "expected a version like '1.0.0'");
    into_.library = text(tree, "library");
    if (const setting_value* library = tree.child("library")) into_.library_at = library->at;
    check(tree, "library",
          !into_.library.empty() && into_.library.find('/') == std::string::npos && into_.library[0] != '.',
          "expected the name of a file beside this manifest, without any '/'");
    into_.summary = text(tree, "summary");
    const setting_value* abi = tree.child("abi");
    const auto* major = abi ? std::get_if<int64_t>(&abi->scalar) : nullptr;
    if (major && *major != static_cast<int64_t>(THARSIS_ABI_MAJOR))
      problems_.add(abi->at, "abi: this plugin is made for version " + std::to_string(*major) +
                                 " of the contract, this host speaks version " + std::to_string(THARSIS_ABI_MAJOR) +
                                 "; get a build of the plugin that fits");
  }

  void names(const setting_value& tree, std::string_view key, bool (*good)(std::string_view),
             const std::string& expected, std::vector<placed_name>& into) {
    const setting_value* list = tree.child(key);
    for (size_t i = 0; list && i < list->children.size(); ++i) {
      const setting_value& element = list->children[i];
      const auto* name = std::get_if<std::string>(&element.scalar);
      if (name == nullptr) continue;
      if (!good(*name)) {
        problems_.add(element.at, std::string(key) + ": " + expected + ", got " + in_quotes(*name));
        continue;
      }
      const auto first = std::find_if(into.begin(), into.end(), [&](const placed_name& p) { return p.name == *name; });
      if (first != into.end())
        problems_.add(element.at, std::string(key) + ": " + in_quotes(*name) + " stands here twice")
            .with("first here", first->at);
      else
        into.push_back({*name, element.at});
    }
  }

  void read_commands(const setting_value& tree) {
    const setting_value* commands = tree.child("commands");
    for (size_t i = 0; commands && i < commands->children.size(); ++i) {
      const setting_value& command = commands->children[i];
      const auto* help = std::get_if<std::string>(&command.scalar);
      if (help == nullptr) continue;
      if (!is_word(command.key, "-_"))
        problems_.add(command.at, "commands: a command is a lower-case word, got " + in_quotes(command.key));
      if (help->empty() || help->find('\n') != std::string::npos)
        problems_.add(command.at, "commands." + command.key + ": expected one line of help");
      into_.commands.push_back({command.key, *help, {}, {}, {}, false});
    }
    read_plugins_of_commands(tree, "carried_out_by", &plugin_command::carrier);
    read_plugins_of_commands(tree, "helped_by", &plugin_command::helper);
    const setting_value* live = tree.child("live");
    for (size_t i = 0; live && i < live->children.size(); ++i) read_live(live->children[i]);
  }

  // Null, with a complaint, where there is no such command.
  plugin_command* command_named(const std::string& name, const std::string& key, const source_position& at) {
    const auto found = std::find_if(into_.commands.begin(), into_.commands.end(), [&](const plugin_command& c) { return c.name == name; });
    if (found != into_.commands.end()) return &*found;
    problems_.add(at, key + ": there is no command " + in_quotes(name) + " among `commands`");
    return nullptr;
  }

  void read_live(const setting_value& named) {
    const auto* name = std::get_if<std::string>(&named.scalar);
    if (name == nullptr) return;
    if (plugin_command* const command = command_named(*name, "live", named.at)) command->live = true;
  }

  void read_plugins_of_commands(const setting_value& tree, const std::string& key, std::string plugin_command::* into) {
    const setting_value* const all = tree.child(key);
    for (size_t i = 0; all && i < all->children.size(); ++i) {
      const setting_value& named = all->children[i];
      const auto* plugin = std::get_if<std::string>(&named.scalar);
      plugin_command* const command = plugin != nullptr ? command_named(named.key, key, named.at) : nullptr;
      if (command == nullptr) continue;
      if (!is_dotted(*plugin)) problems_.add(named.at, key + "." + named.key + ": expected the id of a plugin, got " + in_quotes(*plugin));
      command->*into = *plugin;
    }
  }

  void read_command_files(const yaml_node& described) {
    if (described.is != yaml_node::kind::map) return void(problems_.add(described.at, "command_files: expected a map of commands, each with what its files hold"));
    for (const yaml_node& node : described.children) {
      if (plugin_command* const command = command_named(node.key, "command_files", node.key_at)) command->files = parse_settings(node, problems_).members;
    }
  }

  // What was said is a default as any other, which knows where it stands.
  void read_host(const yaml_node& root, const setting_value& tree) {
    into_.host_settings = host_settings();
    const yaml_node* said = root.find("host");
    const setting_value* good = tree.child("host");
    for (setting& s : into_.host_settings)
      if (said != nullptr && good != nullptr && good->child(s.name) != nullptr) s.preset = *said->find(s.name);
  }

  void read_settings(const yaml_node& described) {
    into_.settings = parse_settings(described, problems_);
    for (const setting& s : into_.settings.members)
      if (is_host_key(s.name))
        problems_.add(s.at, "settings: the key '" + s.name + "' belongs to the host; give the setting another name");
  }

  plugin_manifest& into_;
  diagnostics& problems_;
};

// Fills in the id even when the rest is wrong, so that a bad manifest is known by its name.
manifest_pointer read_manifest(const std::shared_ptr<const source>& text, const std::string& folder, std::string& id,
                               diagnostics& problems) {
  const auto root = parse_yaml(text, problems);
  if (!root) return nullptr;
  auto made = std::make_shared<plugin_manifest>();
  made->folder = folder;
  manifest_reader(*made, problems).read(*root);
  if (!made->id.empty()) id = made->id;
  return problems.empty() ? made : nullptr;
}

}  // namespace

bool holds(const std::vector<placed_name>& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(), [&](const placed_name& p) { return p.name == name; });
}

manifest_pointer parse_manifest(const std::shared_ptr<const source>& text, const std::string& folder,
                                diagnostics& problems) {
  std::string id;
  diagnostics own;
  auto made = read_manifest(text, folder, id, own);
  problems.add_all(own);
  return made;
}

found_plugin read_plugin_folder(const std::string& folder) {
  found_plugin found;
  found.folder = folder;
  found.id = folder.substr(folder.rfind('/') + 1);
  source in{folder + "/" + std::string(manifest_name), {}, source::kind::manifest};
  auto text = read_text_file(in.name, yaml_text_largest);
  const bool readable = text.ok();
  if (readable) in.text = std::move(*text);
  const auto shared = std::make_shared<const source>(std::move(in));
  if (readable) {
    found.manifest = read_manifest(shared, folder, found.id, found.problems);
  } else {
    found.problems.add({shared, 0, 0}, text.failure().text);
  }
  return found;
}

const found_plugin* plugin_catalogue::find(std::string_view id) const {
  const auto found =
      std::find_if(plugins.begin(), plugins.end(), [&](const found_plugin& p) { return p.id == id; });
  return found == plugins.end() ? nullptr : &*found;
}

std::vector<std::string> plugin_catalogue::ids() const {
  std::vector<std::string> all;
  for (const found_plugin& p : plugins) all.push_back(p.id);
  return all;
}

std::vector<const plugin_manifest*> plugin_catalogue::manifests() const {
  std::vector<const plugin_manifest*> all;
  for (const found_plugin& p : plugins)
    if (p.manifest) all.push_back(p.manifest.get());
  return all;
}

plugin_catalogue find_manifests(const std::vector<std::string>& folders) {
  plugin_catalogue catalogue;
  for (const std::string& given : folders) {
    const std::string folder = absolute_path(given);
    catalogue.folders.push_back(folder);
    for (const std::string& name : list_folders(folder)) {
      if (!file_exists(folder + "/" + name + "/" + std::string(manifest_name))) continue;
      found_plugin found = read_plugin_folder(folder + "/" + name);
      if (!catalogue.find(found.id)) catalogue.plugins.push_back(std::move(found));
    }
  }
  return catalogue;
}

}  // namespace tharsis::runtime

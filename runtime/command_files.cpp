#include "runtime/command_files.h"

#include <algorithm>
#include <optional>

#include "runtime/os_profile_files.h"

namespace tharsis::runtime {
namespace {

// Does the command's usage line begin "greet GUESTS"? Then its guests are no option.
bool is_first_word(const std::string& name, const plugin_command& command) {
  std::string beginning = command.name + ' ';
  for (const char c : name) beginning += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
  return command.help.starts_with(beginning) && (command.help.size() == beginning.size() || command.help[beginning.size()] == ' ' || command.help[beginning.size()] == ':');
}

// What stands behind --name, or --name=, or right behind the command; one that is missing the command itself complains of.
std::optional<std::string> value_of(const std::string& name, const plugin_command& command, const std::vector<std::string>& words) {
  if (is_first_word(name, command)) return words.size() > 1 && !words[1].starts_with("-") ? std::optional(words[1]) : std::nullopt;
  const std::string option = "--" + name;
  std::optional<std::string> value;
  for (size_t i = 1; i < words.size() && words[i] != "--"; ++i) {
    if (words[i].starts_with(option + "=")) value = words[i].substr(option.size() + 1);
    if (words[i] == option && i + 1 < words.size()) value = words[++i];
  }
  return value;
}

std::optional<yaml_node> read_command_file(const std::string& path, diagnostics& problems) {
  source in{path, {}, source::kind::profile, {}};
  auto text = read_text_file(path, yaml_text_largest);
  if (text) in.text = std::move(*text);
  const auto shared = std::make_shared<const source>(std::move(in));
  if (!text) {
    problems.add({shared, 0, 0}, text.failure().text);
    return {};
  }
  const size_t before = problems.count();
  auto tree = parse_yaml(shared, problems);
  return problems.count() == before ? tree : std::nullopt;
}

}  // namespace

void add_command_files(const std::string& plugin, const std::vector<std::string>& words, plugin_catalogue& catalogue,
                       yaml_node& plugins, diagnostics& problems) {
  const auto found = std::find_if(catalogue.plugins.begin(), catalogue.plugins.end(), [&](const found_plugin& p) { return p.id == plugin; });
  yaml_node* const said = plugins.find(plugin);
  if (words.empty() || found == catalogue.plugins.end() || !found->manifest || said == nullptr) return;
  const plugin_command* const command = found->manifest->command(words[0]);
  if (command == nullptr || command->files.empty()) return;
  const plugin_command of = *command;
  auto fuller = std::make_shared<plugin_manifest>(*found->manifest);
  fuller->settings.members.insert(fuller->settings.members.end(), of.files.begin(), of.files.end());
  found->manifest = std::move(fuller);
  for (const setting& file : of.files) {
    const auto path = value_of(file.name, of, words);
    auto tree = path ? read_command_file(*path, problems) : std::nullopt;
    if (!tree) continue;
    tree->key = file.name;
    tree->key_at = tree->at;
    said->is = yaml_node::kind::map;
    said->children.push_back(std::move(*tree));
  }
}

}  // namespace tharsis::runtime

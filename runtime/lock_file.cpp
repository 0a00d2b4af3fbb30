#include "runtime/lock_file.h"

#include <algorithm>

#include "runtime/os_profile_files.h"
#include "runtime/setting_value.h"
#include "sdk/pure/sha256.h"

namespace tharsis::runtime {
namespace {

constexpr int64_t lock_version = 1;

setting member(std::string name, setting_type type) {
  setting made;
  made.name = std::move(name);
  made.type = type;
  made.required = true;
  return made;
}

const setting& lock_schema() {
  static const setting schema = [] {
    setting plugin = member("", setting_type::group);
    plugin.members = {member("library", setting_type::text), member("manifest", setting_type::text)};
    setting plugins = member("plugins", setting_type::map);
    plugins.element = {plugin};
    setting root = member("", setting_type::group);
    root.members = {member("tharsis_lock", setting_type::integer), plugins};
    return root;
  }();
  return schema;
}

std::string anew(const std::string& profile) { return "lock it anew: tharsis lock " + profile; }

// The sum that stands there; a word that is none is a problem.
std::string sum_in(const setting_value& plugin, std::string_view key, source_position& at, diagnostics& problems) {
  const setting_value* value = plugin.child(key);
  const auto* text = value ? std::get_if<std::string>(&value->scalar) : nullptr;
  if (text == nullptr) return {};  // That was told.
  at = value->at;
  const bool good = text->size() == 64 && text->find_first_not_of("0123456789abcdef") == std::string::npos;
  if (!good) problems.add(at, plugin.key + "." + std::string(key) + ": expected a sha256, 64 digits of 0-9 and a-f");
  return *text;
}

void read_plugins(const setting_value& tree, lock_file& into, diagnostics& problems) {
  const setting_value* version = tree.child("tharsis_lock");
  const auto* number = version ? std::get_if<int64_t>(&version->scalar) : nullptr;
  if (number && *number != lock_version)
    problems.add(version->at, "this program reads lock files of version " + std::to_string(lock_version) + ", got " +
                                  std::to_string(*number));
  const setting_value* plugins = tree.child("plugins");
  for (size_t i = 0; plugins && i < plugins->children.size(); ++i) {
    const setting_value& plugin = plugins->children[i];
    locked_plugin& one = into.plugins[plugin.key];
    one.library = sum_in(plugin, "library", one.library_at, problems);
    one.manifest = sum_in(plugin, "manifest", one.manifest_at, problems);
    one.profile = into.profile;
  }
}

}  // namespace

std::string lock_file_of(const std::string& profile) { return profile + ".lock"; }

std::optional<lock_file> read_lock_file(const std::string& file, const std::string& profile,
                                        const source_position& asked, diagnostics& problems) {
  if (!file_exists(file)) {
    problems.add(asked, "trust: the profile is pinned, but there is no " + file)
        .with("check that its plugins are those that you want, then write it: tharsis lock " + profile);
    return {};
  }
  if (const auto trusted = open_trusted(absolute_path(file)); !trusted) {
    problems.add(asked, "trust: " + trusted.failure().text);
    return {};
  }
  source in{file, {}, source::kind::profile, {}};
  auto text = read_text_file(file, yaml_text_largest);
  if (!text) return problems.add(asked, "trust: " + file + ": " + text.failure().text), std::nullopt;
  in.text = std::move(*text);
  const auto shared = std::make_shared<const source>(std::move(in));
  const size_t before = problems.count();
  const auto root = parse_yaml(shared, problems);
  lock_file made;
  made.at = {shared, 0, 0};
  made.profile = profile;
  if (root) read_plugins(resolve({lock_schema(), &*root, "", {shared, 1, 1}, nullptr}, problems), made, problems);
  if (problems.count() == before) return made;
  problems.last().with(anew(profile));
  return {};
}

std::optional<locked_plugin> lock_file::locked(const plugin_manifest& manifest, diagnostics& problems) const {
  const auto found = plugins.find(manifest.id);
  if (found == plugins.end()) {
    problems.add(at, "plugin " + in_quotes(manifest.id) + " is not locked")
        .with("check that " + manifest.folder + " is what you want, then " + anew(profile));
    return {};
  }
  // The text that was read, not the file that may be another one by now.
  const std::string sum = sha256_of(manifest.at.in->text);
  if (sum == found->second.manifest) return found->second;
  problems.add(found->second.manifest_at, manifest.id + ": " + manifest.file() + " is not the manifest that was locked")
      .with("its sha256 is " + sum)
      .with("restore it, or check what has changed and " + anew(profile));
  return {};
}

void check_locked_library(const std::string& id, const locked_plugin& locked, const trusted_file& library,
                          diagnostics& problems) {
  const auto sum = library.sha256();
  if (!sum) return void(problems.add(locked.library_at, id + ": " + sum.failure().text));
  if (*sum == locked.library) return;
  problems.add(locked.library_at, id + ": " + library.path() + " is not the library that was locked")
      .with("its sha256 is " + *sum)
      .with("restore it, or check what has changed and " + anew(locked.profile));
}

std::string lock_text(const std::map<std::string, locked_plugin>& plugins) {
  std::string text =
      "# Written by `tharsis lock`. With `trust: pinned` the profile loads these files and no others.\n"
      "tharsis_lock: 1\nplugins:\n";
  for (const auto& [id, sums] : plugins)
    text += "  " + id + ":\n    library: \"" + sums.library + "\"\n    manifest: \"" + sums.manifest + "\"\n";
  return text;
}

}  // namespace tharsis::runtime

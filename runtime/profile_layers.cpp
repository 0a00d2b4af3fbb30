#include "runtime/profile_layers.h"

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

#include "runtime/expansion.h"
#include "runtime/os_profile_files.h"
#include "runtime/setting_value.h"

namespace tharsis::runtime {
namespace {

constexpr int64_t profile_version = 1;
constexpr size_t deepest = 32;

setting named(std::string name, setting_type type, bool required = false) {
  setting made;
  made.name = std::move(name);
  made.type = type;
  made.required = required;
  return made;
}

const setting& top_schema() {
  static const setting schema = [] {
    setting trust = named("trust", setting_type::choice);
    trust.values = {"dev", "pinned"};
    setting root = named("", setting_type::group);
    root.members = {named("tharsis", setting_type::integer, true), named("extends", setting_type::any), trust,
                    named("plugins", setting_type::any)};
    return root;
  }();
  return schema;
}

void check_top(const yaml_node& root, diagnostics& problems) {
  const setting_value top = resolve({top_schema(), &root, "", {root.at.in, 1, 1}, nullptr}, problems);
  const setting_value* version = top.child("tharsis");
  const auto* number = version ? std::get_if<int64_t>(&version->scalar) : nullptr;
  if (number && *number != profile_version)
    problems.add(version->at, "tharsis: this program reads profiles of version " + std::to_string(profile_version) +
                                  ", got " + std::to_string(*number));
}

// Reads a file after those that it extends. A file that several extend is read once.
class layer_reader {
 public:
  explicit layer_reader(diagnostics& problems) : problems_(problems) {}

  std::optional<yaml_node> read(const profile_text& profile) {
    source in{profile.file, {}, source::kind::profile, profile.folder};
    if (profile.text) {
      in.text = *profile.text;
    } else if (auto text = read_text_file(profile.file, yaml_text_largest)) {
      in.text = std::move(*text);
    } else {
      problems_.add({std::make_shared<const source>(std::move(in)), 0, 0}, text.failure().text);
      return {};
    }
    path_.push_back({profile.file, canonical_path(profile.file), {}});
    return layer(std::make_shared<const source>(std::move(in)));
  }

 private:
  struct step {
    std::string file, canonical;
    source_position extends;  // Where it names the next one.
  };

  std::optional<yaml_node> layer(const std::shared_ptr<const source>& in) {
    auto root = parse_yaml(in, problems_);
    if (!root) return {};
    check_top(*root, problems_);
    std::optional<yaml_node> below;
    if (const yaml_node* extends = root->find("extends")) below = all_of(*extends);
    std::erase_if(root->children, [](const yaml_node& child) { return child.key == "extends"; });
    return below ? laid_over(std::move(*below), std::move(*root)) : std::move(root);
  }

  // Of several the later ones are stronger.
  std::optional<yaml_node> all_of(const yaml_node& extends) {
    if (extends.is == yaml_node::kind::scalar) return extended(extends);
    if (extends.is != yaml_node::kind::list) {
      problems_.add(extends.at, "extends: expected a file or a list of files, " + got(extends));
      return {};
    }
    std::optional<yaml_node> all;
    for (const yaml_node& one : extends.children) {
      auto next = extended(one);
      if (next) all = all ? laid_over(std::move(*all), std::move(*next)) : std::move(next);
    }
    return all;
  }

  std::optional<yaml_node> extended(const yaml_node& named_here) {
    setting file;
    file.type = setting_type::path;
    const expansion as_it_is{{}, absolute_path("."), nullptr};
    const auto path = read_scalar(file, named_here, &as_it_is);
    if (!path) {
      problems_.add(named_here.at, "extends: " + path.failure().text);
      return {};
    }
    const std::string canonical = canonical_path(std::get<std::string>(*path));
    path_.back().extends = named_here.at;
    if (is_cycle(canonical)) return {};
    if (const auto done = done_.find(canonical); done != done_.end()) return done->second;
    path_.push_back({shown_name(named_here), canonical, {}});
    auto made = open(std::get<std::string>(*path), named_here);
    path_.pop_back();
    return done_[canonical] = std::move(made);
  }

  std::optional<yaml_node> open(const std::string& path, const yaml_node& named_here) {
    if (path_.size() > deepest) {
      problems_.add(named_here.at, "extends: these profiles extend each other more than " + std::to_string(deepest) + " deep");
      return {};
    }
    auto text = read_text_file(path, yaml_text_largest);
    if (!text) {
      problems_.add(named_here.at, "extends: " + path + ": " + text.failure().text);
      return {};
    }
    source in{path_.back().file, std::move(*text), source::kind::profile, parent_folder(path)};
    return layer(std::make_shared<const source>(std::move(in)));
  }

  // A relative name is shown relative to where the extending file's name is.
  std::string shown_name(const yaml_node& named_here) const {
    const std::string& from = path_.back().file;
    std::string_view name = named_here.text;
    if (is_absolute(name) || from.find('/') == std::string::npos) return std::string(name);
    while (name.starts_with("./")) name.remove_prefix(2);
    const std::string folder = parent_folder(from);
    return (folder == "/" ? "" : folder) + "/" + std::string(name);
  }

  bool is_cycle(const std::string& canonical) {
    const auto first = std::find_if(path_.begin(), path_.end(), [&](const step& s) { return s.canonical == canonical; });
    if (first == path_.end()) return false;
    std::string around;
    for (auto at = first; at != path_.end(); ++at) around += at->file + " -> ";
    diagnostic& d = problems_.add(path_.back().extends, "extends: a profile cannot extend itself: " + around + first->file);
    for (auto at = first; at != path_.end(); ++at)
      d.with(at->file + " extends " + (at + 1 == path_.end() ? first->file : (at + 1)->file), at->extends);
    return true;
  }

  diagnostics& problems_;
  std::vector<step> path_;  // From the profile to the file that is being read.
  std::map<std::string, std::optional<yaml_node>> done_;
};

}  // namespace

std::optional<yaml_node> read_layers(const profile_text& profile, diagnostics& problems) {
  return layer_reader(problems).read(profile);
}

}  // namespace tharsis::runtime

#include "runtime/schema.h"

#include <algorithm>
#include <array>

#include "runtime/setting_value.h"
#include "sdk/pure/nearest.h"

namespace tharsis::runtime {
namespace {

constexpr std::array<std::string_view, 12> names = {"bool", "int",      "real", "text", "duration", "size",
                                                    "enum", "endpoint", "path", "list", "map",      "group"};

bool is_ranged(setting_type t) {
  return t == setting_type::integer || t == setting_type::real || t == setting_type::duration ||
         t == setting_type::size || t == setting_type::list || t == setting_type::map;
}
bool holds_elements(setting_type t) { return t == setting_type::list || t == setting_type::map; }

bool is_setting_name(std::string_view name) {
  if (name.empty() || name[0] < 'a' || name[0] > 'z') return false;
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_'; });
}

// Reads one description after the other; the attributes in the order in which they lean on each other.
class schema_parser {
 public:
  explicit schema_parser(diagnostics& problems) : problems_(problems) {}

  setting group(const yaml_node& described) {
    setting out;
    out.type = setting_type::group;
    out.at = described.at;
    if (described.is == yaml_node::kind::null) return out;
    if (described.is != yaml_node::kind::map) {
      problems_.add(described.at, "expected a map of settings, " + got(described));
      return out;
    }
    for (const yaml_node& child : described.children) {
      if (!is_setting_name(child.key))
        problems_.add(child.key_at, "a setting's name is made of a-z, 0-9 and '_', got " + in_quotes(child.key));
      out.members.push_back(one(child, true));
      out.members.back().name = child.key;
      out.members.back().at = child.key_at;
    }
    return out;
  }

 private:
  setting one(const yaml_node& node, bool named) {
    setting out;
    out.at = node.at;
    const yaml_node* type = node.is == yaml_node::kind::map ? node.find("type") : nullptr;
    if (type == nullptr) {
      problems_.add(node.at, "a setting is described like '{ type: duration, default: 5s }'; the type is missing");
      return out;
    }
    if (!read_type(*type, out)) return out;
    for (const yaml_node& attribute : node.children) read_attribute(attribute, named, out);
    check_whole(node, out);
    return out;
  }

  bool read_type(const yaml_node& node, setting& out) {
    const auto found = std::find(names.begin(), names.end(), node.text);
    if (node.is == yaml_node::kind::scalar && found != names.end()) {
      out.type = static_cast<setting_type>(found - names.begin());
      return true;
    }
    const std::vector<std::string> known(names.begin(), names.end());
    diagnostic& d = problems_.add(node.at, "expected a type, " + got(node));
    const auto meant = nearest(node.text, known);
    d.with(meant ? "did you mean '" + *meant + "'?" : "the types are " + listed(known));
    return false;
  }

  void read_attribute(const yaml_node& node, bool named, setting& out) {
    const setting_type t = out.type;
    const std::string& key = node.key;
    if (key == "type") return;
    if (key == "about") return read_text(node, out.about);
    if (key == "deprecated" && named) return read_text(node, out.deprecated);
    if (key == "secret") return read_flag(node, out.secret);
    if (key == "required" && named) return read_flag(node, out.required);
    if (key == "default" && named && t != setting_type::group) return void(out.preset = node);
    if (key == "min" && is_ranged(t)) return read_bound(node, out, out.min);
    if (key == "max" && is_ranged(t)) return read_bound(node, out, out.max);
    if (key == "values" && t == setting_type::choice) return read_words(node, out.values);
    if (key == "schemes" && t == setting_type::endpoint) return read_words(node, out.schemes);
    if (key == "settings" && t == setting_type::group) return void(out.members = group(node).members);
    if (key == "of" && holds_elements(t)) return void(out.element.push_back(one(node, false)));
    refuse_attribute(node, named, out);
  }

  void refuse_attribute(const yaml_node& node, bool named, const setting& out) {
    static const std::vector<std::string> all = {"type", "about", "secret",  "deprecated", "required", "default",
                                                 "min",  "max",   "values",  "schemes",    "settings", "of"};
    const std::string type(type_name(out.type));
    if (std::find(all.begin(), all.end(), node.key) == all.end()) {
      diagnostic& d = problems_.add(node.key_at, "unknown attribute " + in_quotes(node.key));
      if (const auto meant = nearest(node.key, all)) d.with("did you mean '" + *meant + "'?");
    } else if (!named && (node.key == "required" || node.key == "default" || node.key == "deprecated")) {
      problems_.add(node.key_at, "'" + node.key + "' means nothing for the elements of a list or map");
    } else {
      problems_.add(node.key_at, "the type " + type + " has no attribute '" + node.key + "'");
    }
  }

  void check_whole(const yaml_node& node, setting& out) {
    if (holds_elements(out.type) && out.element.empty()) {
      problems_.add(node.at, "a " + std::string(type_name(out.type)) + " needs 'of', the description of what it holds");
      out.element.emplace_back();
    }
    if (out.type == setting_type::choice && out.values.empty())
      problems_.add(node.at, "an enum needs 'values', the list of its words");
    if (out.type == setting_type::group && !node.find("settings"))
      problems_.add(node.at, "a group needs 'settings', the descriptions of its members");
    if (out.required && out.preset)
      problems_.add(out.preset->key_at, "a required setting has no default; remove one of the two");
    if (out.min && out.max && (out.min->whole > out.max->whole || out.min->real > out.max->real))
      problems_.add(node.at, "'min' is above 'max'");
    if (out.required && !out.deprecated.empty())
      problems_.add(node.at, "a deprecated setting is not required; remove one of the two");
    if (out.preset) check_preset(out);
  }

  // The folders are not known yet; that every name in `${...}` exists is.
  void check_preset(const setting& out) {
    const expansion anywhere{{{"data", "/"}, {"config", "/"}, {"cache", "/"}, {"plugin", "/"}}, "/"};
    (void)resolve({out, &*out.preset, "default", out.preset->at, &anywhere}, problems_);
  }

  void read_text(const yaml_node& node, std::string& into) {
    if (node.is != yaml_node::kind::scalar) return void(problems_.add(node.at, "expected a text, " + got(node)));
    into = node.text;
  }

  void read_flag(const yaml_node& node, bool& into) {
    setting flag;
    flag.type = setting_type::boolean;
    const auto value = read_scalar(flag, node, nullptr);
    if (!value) return void(problems_.add(node.at, value.failure().text));
    into = std::get<bool>(*value);
  }

  void read_words(const yaml_node& node, std::vector<std::string>& into) {
    if (node.is != yaml_node::kind::list || node.children.empty())
      return void(problems_.add(node.at, "expected a list of words, " + got(node)));
    for (const yaml_node& word : node.children) {
      if (word.is != yaml_node::kind::scalar || word.text.empty())
        problems_.add(word.at, "expected a word, " + got(word));
      else if (std::find(into.begin(), into.end(), word.text) != into.end())
        problems_.add(word.at, in_quotes(word.text) + " stands here twice");
      else
        into.push_back(word.text);
    }
  }

  void read_bound(const yaml_node& node, const setting& of, std::optional<bound>& into) {
    setting limit;
    limit.type = holds_elements(of.type) ? setting_type::integer : of.type;
    const auto value = read_scalar(limit, node, nullptr);
    if (!value) return void(problems_.add(node.at, value.failure().text));
    into.emplace();
    into->text = node.text;
    if (const auto* whole = std::get_if<int64_t>(&*value)) into->whole = *whole;
    if (const auto* real = std::get_if<double>(&*value)) into->real = *real;
  }

  diagnostics& problems_;
};

}  // namespace

std::string_view type_name(setting_type type) {
  return type == setting_type::any ? "any" : names[static_cast<size_t>(type)];
}

const setting* setting::member(std::string_view wanted) const {
  const auto found = std::find_if(members.begin(), members.end(), [&](const setting& m) { return m.name == wanted; });
  return found == members.end() ? nullptr : &*found;
}

bool holds_secret(const setting& described) {
  const auto inside = [](const setting& s) { return holds_secret(s); };
  return described.secret || std::any_of(described.members.begin(), described.members.end(), inside) ||
         std::any_of(described.element.begin(), described.element.end(), inside);
}

setting parse_settings(const yaml_node& described, diagnostics& problems) {
  return schema_parser(problems).group(described);
}

}  // namespace tharsis::runtime

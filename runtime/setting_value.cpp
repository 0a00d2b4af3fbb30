#include "runtime/setting_value.h"

#include <algorithm>

#include "sdk/pure/nearest.h"

namespace tharsis::runtime {
namespace {

std::string below(const std::string& label, std::string_view key) {
  return label.empty() ? std::string(key) : label + "." + std::string(key);
}

// Walks the schema and the written tree side by side. Every function answers for one node.
class resolver {
 public:
  resolver(const expansion* expand, diagnostics& problems) : expand_(expand), problems_(problems) {}

  setting_value value(const setting& s, const yaml_node* given, const std::string& label, const source_position& parent,
                      bool secret) {
    setting_value out;
    out.type = s.type;
    out.secret = secret || s.secret;
    out.at = given ? given->at : parent;
    if (given && takes_file(given->text)) out.secret = true;  // Whatever the setting is.
    for (const yaml_node* layer = given; layer != nullptr; layer = layer->replaced.get()) add_origin(s, *layer, out);
    switch (s.type) {
      case setting_type::group: group(s, given, label, out); break;
      case setting_type::map: map(s, given, label, out); break;
      case setting_type::list: list(s, given, label, out); break;
      case setting_type::any: break;
      default: scalar(s, *given, label, out);
    }
    return out;
  }

 private:
  void problem(const setting_value& at, const std::string& label, const std::string& text) {
    problems_.add(at.at, label.empty() ? text : label + ": " + text).secret = at.secret;
  }

  static void add_origin(const setting& s, const yaml_node& layer, setting_value& out) {
    const bool shown = !out.secret && !holds_secret(s) && s.type != setting_type::group && s.type != setting_type::map;
    out.origins.push_back({layer.at, shown ? one_line(layer) : ""});
  }

  void scalar(const setting& s, const yaml_node& given, const std::string& label, setting_value& out) {
    setting hidden;
    if (out.secret && !s.secret) {
      hidden = s;
      hidden.secret = true;
    }
    const setting& described = out.secret && !s.secret ? hidden : s;
    auto read = read_scalar(described, given, expand_);
    if (!read) return problem(out, label, read.failure().text);
    out.scalar = std::move(*read);
  }

  // Nothing written counts as an empty one, so that `sdt:` alone means "with its defaults".
  bool is_shaped(yaml_node::kind kind, const yaml_node* given, const std::string& label, const setting_value& out) {
    if (given == nullptr || given->is == kind || given->is == yaml_node::kind::null) return true;
    const char* expected = kind == yaml_node::kind::list ? "expected a list like '[a, b]', "
                                                         : "expected a map like '{ key: value }', ";
    problem(out, label, expected + (out.secret ? std::string("got something else") : got(*given)));
    return false;
  }

  void group(const setting& s, const yaml_node* given, const std::string& label, setting_value& out) {
    if (!is_shaped(yaml_node::kind::map, given, label, out)) return;
    if (given) unknown_keys(s, *given, label);
    for (const setting& m : s.members) {
      const yaml_node* written = given ? given->find(m.name) : nullptr;
      const yaml_node* chosen = written ? written : m.preset ? &*m.preset : nullptr;
      const std::string name = below(label, m.name);
      if (chosen == nullptr && m.required) {
        diagnostic& d = problems_.add(out.at, name + ": is required and has no default; set it");
        if (m.at.known()) d.with("described here", m.at);
        continue;
      }
      if (chosen == nullptr && is_scalar(m.type)) continue;
      if (chosen == nullptr && m.type == setting_type::any) continue;
      if (written && !m.deprecated.empty())
        problems_.warn(written->key_at, name + ": is deprecated; " + m.deprecated).secret = out.secret || m.secret;
      setting_value& member = out.children.emplace_back(value(m, chosen, name, out.at, out.secret));
      member.key = m.name;
      if (written && m.preset) add_origin(m, *m.preset, member);
    }
  }

  void unknown_keys(const setting& s, const yaml_node& given, const std::string& label) {
    for (const yaml_node& child : given.children) {
      if (s.member(child.key)) continue;
      diagnostic& d = problems_.add(child.key_at, (label.empty() ? "" : label + ": ") + "unknown key " + in_quotes(child.key));
      d.secret = s.secret;
      if (problems_.full()) continue;
      std::vector<std::string> names;
      for (const setting& m : s.members) names.push_back(m.name);
      if (const auto meant = nearest(child.key, names)) {
        d.secret = d.secret || holds_secret(*s.member(*meant));  // The line beside the caret would show it.
        d.with("did you mean '" + *meant + "'?");
      } else if (!names.empty()) {
        d.with("known here: " + listed(names));
      }
    }
  }

  void map(const setting& s, const yaml_node* given, const std::string& label, setting_value& out) {
    if (!is_shaped(yaml_node::kind::map, given, label, out)) return;
    for (size_t i = 0; given && i < given->children.size(); ++i) {
      const yaml_node& child = given->children[i];
      if (child.key.empty()) problems_.add(child.key_at, label + ": the key '' is empty; choose another");
      out.children.push_back(value(s.element.front(), &child, below(label, child.key), child.at, out.secret));
      out.children.back().key = child.key;
    }
    check_count(s, label, out, "entry", "entries");
  }

  void list(const setting& s, const yaml_node* given, const std::string& label, setting_value& out) {
    if (!is_shaped(yaml_node::kind::list, given, label, out)) return;
    for (size_t i = 0; given && i < given->children.size(); ++i) {
      const yaml_node& child = given->children[i];
      const std::string number = std::to_string(i);
      out.children.push_back(value(s.element.front(), &child, below(label, number), child.at, out.secret));
      out.children.back().key = number;
    }
    check_count(s, label, out, "element", "elements");
  }

  void check_count(const setting& s, const std::string& label, const setting_value& out, const char* one,
                   const char* many) {
    const auto has = static_cast<int64_t>(out.children.size());
    const auto complain = [&](const char* least, const bound& limit) {
      problem(out, label, std::string("needs at ") + least + " " + limit.text + " " + (limit.whole == 1 ? one : many) +
                              ", has " + std::to_string(has));
    };
    if (s.min && has < s.min->whole) complain("least", *s.min);
    if (s.max && has > s.max->whole) complain("most", *s.max);
  }

  const expansion* expand_;
  diagnostics& problems_;
};

}  // namespace

const setting_value* setting_value::child(std::string_view wanted) const {
  const auto found =
      std::find_if(children.begin(), children.end(), [&](const setting_value& c) { return c.key == wanted; });
  return found == children.end() ? nullptr : &*found;
}

const setting_value* setting_value::find(std::string_view path) const {
  const setting_value* value = this;
  while (value != nullptr && !path.empty()) {
    value = value->step(path);
    if (value == nullptr || path.size() == value->key.size()) return value;
    path.remove_prefix(value->key.size() + 1);
    if (path.empty()) return nullptr;  // It ended in a dot.
  }
  return value;
}

const setting_value* setting_value::step(std::string_view path) const {
  const setting_value* best = nullptr;
  for (const setting_value& c : children) {
    const bool begins = path.starts_with(c.key) && (path.size() == c.key.size() || path[c.key.size()] == '.');
    if (begins && (best == nullptr || c.key.size() > best->key.size())) best = &c;
  }
  return best;
}

setting_value resolve(const resolve_request& request, diagnostics& problems) {
  return resolver(request.expand, problems)
      .value(request.described, request.given, request.label, request.parent, false);
}

}  // namespace tharsis::runtime

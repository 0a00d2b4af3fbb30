#include "runtime/json_schema.h"

#include <vector>

#include "runtime/host_keys.h"
#include "runtime/setting_text.h"
#include "sdk/pure/json.h"
#include "sdk/pure/units.h"

namespace tharsis::runtime {
namespace {

std::string texts(const std::vector<std::string>& words) {
  std::string inside;
  for (const std::string& word : words) inside += (inside.empty() ? "" : ",") + json_text(word);
  return "[" + inside + "]";
}

// YAML reads `user: 42` and `user: yes` as no strings; Tharsis takes the text as it stands.
constexpr const char* any_scalar = R"(["string","number","boolean"])";

std::string pattern(const std::string& text) { return json_object().add("type", "string").add("pattern", text).text(); }

// `${env:PORT}` may stand for any scalar.
std::string or_expansion(const std::string& schema) { return "[" + schema + R"(,{"$ref":"#/$defs/expansion"}])"; }

void add_range(json_object& into, const setting& s, const char* least, const char* most) {
  const auto number = [&](const bound& b) { return s.type == setting_type::real ? real_text(b.real) : std::to_string(b.whole); };
  if (s.min) into.add_raw(least, number(*s.min));
  if (s.max) into.add_raw(most, number(*s.max));
}

std::string size_schema(const setting& s) {
  json_object plain;
  plain.add("type", "integer");
  add_range(plain, s, "minimum", "maximum");
  return plain.text() + "," + pattern("^[0-9]+(B|KiB|MiB|GiB|TiB)?$");
}

std::string endpoint_pattern(const setting& s) {
  std::string schemes;
  for (const std::string& scheme : s.schemes) schemes += (schemes.empty() ? "" : "|") + scheme;
  return s.schemes.empty() ? "://" : "^(" + schemes + ")://";
}

std::string object_schema(const std::vector<setting>& members, json_object o);
std::string described(const setting& s);

void add_type(json_object& o, const setting& s) {
  switch (s.type) {
    case setting_type::boolean: o.add_raw("anyOf", or_expansion(R"({"type":"boolean"})")); break;
    case setting_type::integer:
    case setting_type::real: {
      json_object number;
      number.add("type", s.type == setting_type::integer ? "integer" : "number");
      add_range(number, s, "minimum", "maximum");
      o.add_raw("anyOf", or_expansion(number.text()));
      break;
    }
    case setting_type::duration: o.add_raw("anyOf", or_expansion(pattern("^[0-9]+(ns|us|ms|s|m|h|d)$"))); break;
    case setting_type::size: o.add_raw("anyOf", or_expansion(size_schema(s))); break;
    case setting_type::choice: o.add_raw("anyOf", or_expansion(json_object().add_raw("enum", texts(s.values)).text())); break;
    case setting_type::endpoint: o.add_raw("anyOf", or_expansion(pattern(endpoint_pattern(s)))); break;
    case setting_type::path: o.add("type", "string"); break;
    case setting_type::list:
      o.add_raw("type", R"(["array","null"])").add_raw("items", described(s.element.front()));
      add_range(o, s, "minItems", "maxItems");
      break;
    case setting_type::map:
      o.add_raw("type", R"(["object","null"])").add_raw("additionalProperties", described(s.element.front()));
      add_range(o, s, "minProperties", "maxProperties");
      break;
    default: o.add_raw("type", any_scalar);
  }
}

// A default as it stands in the manifest; numbers and booleans as such.
std::string preset_json(const setting& s, const yaml_node& preset) {
  if (preset.is == yaml_node::kind::null) return "null";
  if (preset.is == yaml_node::kind::scalar) {
    if (const auto real = parse_real(preset.text); real && s.type == setting_type::real) return real_text(*real);
    const bool as_it_is = s.type == setting_type::boolean || s.type == setting_type::integer;
    return as_it_is ? preset.text : json_text(preset.text);
  }
  const bool list = preset.is == yaml_node::kind::list;
  std::string inside;
  for (const yaml_node& child : preset.children) {
    const setting* of = s.element.empty() ? s.member(child.key) : &s.element.front();
    const std::string value = of ? preset_json(*of, child) : "null";
    inside += (inside.empty() ? "" : ",") + (list ? "" : json_text(child.key) + ":") + value;
  }
  return list ? "[" + inside + "]" : "{" + inside + "}";
}

std::string description(const setting& s) {
  const bool measured = s.type == setting_type::duration || s.type == setting_type::size;
  const std::string range = measured && (s.min || s.max) ? " (" + type_text(s) + ")" : "";
  const std::string instead = s.deprecated.empty() ? "" : " Deprecated: " + s.deprecated + ".";
  const std::string whole = s.about + range + instead;
  return whole.starts_with(" ") ? whole.substr(1) : whole;
}

std::string described(const setting& s) {
  json_object o;
  if (const std::string text = description(s); !text.empty()) o.add("description", text);
  if (!s.deprecated.empty()) o.add("deprecated", true);
  if (s.preset && !holds_secret(s)) o.add_raw("default", preset_json(s, *s.preset));
  if (s.type == setting_type::group) return object_schema(s.members, o);
  add_type(o, s);
  return o.text();
}

// What is required is left to `tharsis check`: a layer that the editor does not see may have it.
std::string object_schema(const std::vector<setting>& members, json_object o) {
  json_object properties;
  for (const setting& m : members) properties.add_raw(m.name, described(m));
  return o.add_raw("type", R"(["object","null"])").add_raw("properties", properties.text()).add("additionalProperties", false).text();
}

std::string plugins_schema(const plugin_catalogue& found) {
  json_object plugins;
  for (const plugin_manifest* m : found.manifests()) {
    std::vector<setting> members = m->settings.members;
    for (const setting& s : m->host_settings) members.push_back(s);
    plugins.add_raw(m->id, object_schema(members, json_object().add("description", m->summary)));
  }
  return json_object()
      .add("description", "The plugins that are loaded; only what is named is.")
      .add("type", "object")
      .add_raw("properties", plugins.text())
      .add("additionalProperties", false)
      .text();
}

}  // namespace

std::string json_schema(const plugin_catalogue& plugins) {
  json_object top;
  top.add_raw("tharsis", R"({"description":"The version of the profile's form.","const":1})");
  top.add_raw("extends", R"({"description":"Profiles that this one is laid over; of several the later ones are stronger.",)"
                         R"("anyOf":[{"type":"string"},{"type":"array","items":{"type":"string"}}]})");
  top.add_raw("trust", R"({"description":"Which libraries may be loaded: those that only you or root can write to (dev), )"
                       R"(or of those only the ones in the lock file (pinned).","enum":["dev","pinned"],"default":"dev"})");
  top.add_raw("plugins", plugins_schema(plugins));
  const std::string expansion = json_object().add("description", "A value that is filled in later.").add("type", "string").add("pattern", "\\$\\{").text();
  return json_object()
      .add("$schema", "https://json-schema.org/draft/2020-12/schema")
      .add("title", "A Tharsis profile")
      .add("type", "object")
      .add_raw("properties", top.text())
      .add_raw("required", R"(["tharsis"])")
      .add("additionalProperties", false)
      .add_raw("$defs", json_object().add_raw("expansion", expansion).text())
      .text();
}

}  // namespace tharsis::runtime

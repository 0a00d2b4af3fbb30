#include "runtime/explain_command.h"

#include <algorithm>
#include <vector>

#include "runtime/command_answer.h"
#include "runtime/setting_text.h"
#include "runtime/text_columns.h"
#include "sdk/pure/json.h"

namespace tharsis::runtime {
namespace {

using row = std::vector<std::string>;

std::string value_of(const found_setting& s) {
  if (!s.set) return "(not set)";
  if (s.value.secret || s.described.secret) return "(secret)";
  if (const auto* text = std::get_if<std::string>(&s.value.scalar); text && text->empty()) return "''";
  return shown(s.value);
}

std::string set_by(const found_setting& s) {
  if (s.value.origins.empty()) return "";
  const setting_origin& strongest = s.value.origins.front();
  return layer_name(strongest) == "default" ? "default" : strongest.at.text();
}

void add_rows(const found_setting& at, size_t prefix, std::vector<row>& into) {
  for (const found_setting& one : below(at)) {
    if (one.holds_more() && !below(one).empty()) add_rows(one, prefix, into);
    else into.push_back({one.path.substr(prefix), value_of(one), set_by(one)});
  }
}

std::string about(const found_setting& s) { return s.described.about.empty() ? "" : "  " + s.described.about + "\n"; }

std::string table(const found_setting& s) {
  std::vector<row> rows = {{"KEY", "VALUE", "SET BY"}};
  add_rows(s, s.path.size() + 1, rows);
  const std::string nothing = s.described.type == setting_type::group ? "  It has no settings.\n" : "  It is empty.\n";
  return s.path + "\n" + about(s) + (rows.size() == 1 ? nothing : text_columns(rows, "  "));
}

std::string single(const found_setting& s) {
  std::vector<row> facts = {{"type", type_text(s.described)}};
  if (s.described.required) facts.push_back({"required", "yes"});
  if (!s.described.deprecated.empty()) facts.push_back({"deprecated", s.described.deprecated});
  std::vector<row> layers;
  for (const setting_origin& o : s.value.origins) layers.push_back({layer_name(o), o.at.text(), o.written});
  std::string text = s.path + (s.set ? " = " + value_of(s) : " is not set") + "\n" + about(s) + text_columns(facts, "  ");
  if (!layers.empty()) text += "  set by, the strongest first:\n" + text_columns(layers, "    ");
  return text;
}

std::string json_list(const std::vector<std::string>& raw) {
  std::string inside;
  for (const std::string& one : raw) inside += (inside.empty() ? "" : ",") + one;
  return "[" + inside + "]";
}

json_object facts_of(const found_setting& s) {
  json_object o;
  o.add("key", s.path).add("type", type_name(s.described.type)).add("about", s.described.about);
  if (s.described.min) o.add("min", s.described.min->text);
  if (s.described.max) o.add("max", s.described.max->text);
  std::vector<std::string> words;
  for (const std::string& v : s.described.type == setting_type::choice ? s.described.values : s.described.schemes)
    words.push_back(json_text(v));
  if (!words.empty()) o.add_raw(s.described.type == setting_type::choice ? "values" : "schemes", json_list(words));
  if (!s.described.deprecated.empty()) o.add("deprecated", s.described.deprecated);
  return o;
}

std::string json_of_found(const found_setting& s) {
  json_object o = facts_of(s);
  std::vector<std::string> inside;
  if (s.holds_more()) {
    for (const found_setting& one : below(s)) inside.push_back(json_of_found(one));
    return o.add_raw("settings", json_list(inside)).text();
  }
  const bool secret = s.value.secret || s.described.secret;
  o.add("set", s.set).add("secret", secret).add_raw("value", s.set && !secret ? json_of(s.value) : "null");
  for (const setting_origin& l : s.value.origins)
    inside.push_back(json_object().add("layer", layer_name(l)).add("place", l.at.text()).add("written", l.written).text());
  return o.add_raw("origins", json_list(inside)).text();
}

}  // namespace

std::string explanation(const found_setting& found) { return found.holds_more() ? table(found) : single(found); }

std::string explanation_json(const found_setting& found) { return json_of_found(found); }

std::string explanation(const profile& plan) {
  std::string text;
  for (const plugin_entry& plugin : plan.plugins) text += (text.empty() ? "" : "\n") + table(whole_plugin(plugin));
  return text;
}

std::string explanation_json(const profile& plan) {
  std::vector<std::string> plugins;
  for (const plugin_entry& plugin : plan.plugins) plugins.push_back(json_of_found(whole_plugin(plugin)));
  return json_object().add_raw("plugins", json_list(plugins)).text();
}

int explain_command(const command_line& line) {
  diagnostics problems;
  const profile plan = load_profile(request_of(line), problems);
  if (!problems.empty()) return refuse(problems);
  warn(problems);
  if (line.arguments.size() < 2) return say(line.json ? explanation_json(plan) + "\n" : explanation(plan));
  const auto found = find_setting(plan, line.arguments[1]);
  if (!found) return refuse("tharsis: " + found.failure().text + "\n");
  return say(line.json ? explanation_json(*found) + "\n" : explanation(*found));
}

}  // namespace tharsis::runtime

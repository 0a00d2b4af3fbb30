#include "runtime/setting_text.h"

#include <algorithm>
#include <charconv>

#include "sdk/pure/json.h"
#include "sdk/pure/units.h"

namespace tharsis::runtime {
namespace {

template <size_t N>
std::string in_units(int64_t number, const units::unit (&known)[N]) {
  const units::unit* best = &known[0];
  for (const units::unit& u : known)
    if (number != 0 && number % u.factor == 0) best = &u;
  return std::to_string(number / best->factor) + std::string(best->name);
}

std::string scalar_text(const setting_value& value) {
  if (const auto* flag = std::get_if<bool>(&value.scalar)) return *flag ? "true" : "false";
  if (const auto* real = std::get_if<double>(&value.scalar)) return real_text(*real);
  if (const auto* text = std::get_if<std::string>(&value.scalar)) return *text;
  const auto* whole = std::get_if<int64_t>(&value.scalar);
  if (whole == nullptr) return "";
  if (value.type == setting_type::duration) return duration_text(*whole);
  if (value.type == setting_type::size) return size_text(*whole);
  return std::to_string(*whole);
}

std::string range_text(const setting& s) {
  if (s.min && s.max) return ", from " + s.min->text + " to " + s.max->text;
  if (s.min) return ", at least " + s.min->text;
  return s.max ? ", at most " + s.max->text : "";
}

}  // namespace

std::string real_text(double number) {
  char text[32];
  const auto end = std::to_chars(text, text + sizeof text, number).ptr;
  return {text, end};
}

std::string duration_text(int64_t nanoseconds) { return nanoseconds == 0 ? "0s" : in_units(nanoseconds, units::of_time); }

std::string size_text(int64_t bytes) { return bytes % 1024 != 0 || bytes == 0 ? std::to_string(bytes) + "B" : in_units(bytes, units::of_size); }

std::string shown(const setting_value& value) {
  if (value.secret) return "(secret)";
  if (is_scalar(value.type)) return scalar_text(value);
  const bool list = value.type == setting_type::list;
  std::string inside;
  for (const setting_value& child : value.children)
    inside += (inside.empty() ? "" : ", ") + (list ? "" : child.key + ": ") + shown(child);
  return list ? "[" + inside + "]" : inside.empty() ? "{}" : "{ " + inside + " }";
}

std::string json_of(const setting_value& value) {
  if (value.secret) return "null";
  if (is_scalar(value.type)) {
    const bool as_it_is = value.type == setting_type::boolean || value.type == setting_type::integer || value.type == setting_type::real;
    return as_it_is ? scalar_text(value) : json_text(scalar_text(value));
  }
  const bool list = value.type == setting_type::list;
  std::string inside;
  for (const setting_value& child : value.children)
    inside += (inside.empty() ? "" : ",") + (list ? "" : json_text(child.key) + ":") + json_of(child);
  return list ? "[" + inside + "]" : "{" + inside + "}";
}

std::string type_text(const setting& described) {
  const std::string name(type_name(described.type));
  switch (described.type) {
    case setting_type::choice: return "one of " + listed(described.values, "or");
    case setting_type::endpoint:
      return described.schemes.empty() ? name : name + " with the scheme " + listed(described.schemes, "or");
    case setting_type::list:
    case setting_type::map: return name + " of " + type_text(described.element.front()) + range_text(described);
    default: return name + range_text(described);
  }
}

std::string layer_name(const setting_origin& origin) {
  if (!origin.at.known()) return "default";
  switch (origin.at.in->from) {
    case source::kind::manifest: return "default";
    case source::kind::profile: return "profile";
    case source::kind::environment: return "environment";
    default: return "--set";
  }
}

}  // namespace tharsis::runtime

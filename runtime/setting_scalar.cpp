#include "runtime/setting_scalar.h"

#include <algorithm>

#include "sdk/pure/address.h"
#include "sdk/pure/units.h"

namespace tharsis::runtime {
namespace {

using scalar_result = result<setting_scalar>;

error refuse(std::string text) { return {THARSIS_E_INVALID, std::move(text)}; }

std::string expected_text(const setting& described) {
  switch (described.type) {
    case setting_type::boolean: return "expected true or false";
    case setting_type::integer: return "expected a whole number";
    case setting_type::real: return "expected a number like '0.5'";
    case setting_type::duration: return "expected a duration like '5s' or '200ms'";
    case setting_type::size: return "expected a size like '64KiB' or '512MiB'";
    case setting_type::choice: return "expected one of " + listed(described.values, "or");
    case setting_type::endpoint: return "expected an endpoint like 'tcps://im.example.com:443'";
    case setting_type::path: return "expected a path";
    default: return "expected a text";
  }
}

template <class T>
scalar_result widened(const result<T>& parsed) {
  if (!parsed) return parsed.failure();
  return setting_scalar(*parsed);
}

scalar_result read_endpoint(const setting& described, const std::string& text) {
  const auto parsed = parse_endpoint(text);
  if (!parsed) return parsed.failure();
  const auto& schemes = described.schemes;
  if (!schemes.empty() && std::find(schemes.begin(), schemes.end(), parsed->scheme) == schemes.end())
    return refuse("the scheme " + in_quotes(parsed->scheme) + " does not work here; use " + listed(schemes, "or"));
  return setting_scalar(text);
}

std::string folder_of(const yaml_node& node) { return node.at.known() ? node.at.in->folder : std::string(); }

scalar_result read_typed(const setting& described, const std::string& text, const yaml_node& node,
                         const expansion* expand) {
  switch (described.type) {
    case setting_type::boolean:
      if (text == "true" || text == "false") return setting_scalar(text == "true");
      return refuse(expected_text(described));
    case setting_type::integer: return widened(parse_integer(text));
    case setting_type::real: return widened(parse_real(text));
    case setting_type::size: return widened(parse_size(text));
    case setting_type::duration: {
      const auto parsed = parse_duration(text);
      if (!parsed) return parsed.failure();
      return setting_scalar(parsed->count());
    }
    case setting_type::choice:
      if (std::find(described.values.begin(), described.values.end(), text) != described.values.end())
        return setting_scalar(text);
      return refuse(expected_text(described));
    case setting_type::endpoint: return read_endpoint(described, text);
    case setting_type::path: return expand ? widened(expand->path(text, folder_of(node))) : scalar_result(setting_scalar(text));
    default: return setting_scalar(text);
  }
}

bool is_number(setting_type type) {
  return type == setting_type::boolean || type == setting_type::integer || type == setting_type::real;
}

constexpr const char* hidden_expansion =
    "what stands in '${' and '}' is not known; write '$${' for a plain '${', or see the README for what can stand there";

std::string with_found(const std::string& reason, const std::string& found) {
  return reason.starts_with("expected ") && reason.find(", got ") == std::string::npos ? reason + found : reason;
}

// The sentence for a value outside of min and max, or an empty one.
std::string broken_range(const setting& described, const setting_scalar& value) {
  const auto beyond = [&](const std::optional<bound>& limit, bool above) {
    if (!limit) return false;
    if (const auto* real = std::get_if<double>(&value)) return above ? *real > limit->real : *real < limit->real;
    const auto* whole = std::get_if<int64_t>(&value);
    return whole != nullptr && (above ? *whole > limit->whole : *whole < limit->whole);
  };
  if (!beyond(described.min, false) && !beyond(described.max, true)) return {};
  if (described.min && described.max) return "must be between " + described.min->text + " and " + described.max->text;
  return described.min ? "must be at least " + described.min->text : "must be at most " + described.max->text;
}

}  // namespace

bool is_scalar(setting_type type) {
  return type != setting_type::list && type != setting_type::map && type != setting_type::group &&
         type != setting_type::any;
}

result<setting_scalar> read_scalar(const setting& described, const yaml_node& node, const expansion* expand) {
  if (node.is != yaml_node::kind::scalar) return refuse(expected_text(described) + ", " + got(node));
  const bool secret = described.secret || takes_file(node.text);
  const auto text = expand ? expand->expand(node.text, folder_of(node)) : result<std::string>(node.text);
  if (!text) return secret && text.status() != THARSIS_E_NOT_FOUND ? refuse(hidden_expansion) : text.failure();
  const bool expanded = *text != node.text;
  if (node.quotes && is_number(described.type) && !expanded)
    return refuse(expected_text(described) + ", got a text in quotes; leave the quotes out");
  const std::string found = secret ? "" : ", got " + in_quotes(*text) + (expanded ? " from " + in_quotes(node.text) : "");
  const auto value = read_typed(described, *text, node, expand);
  if (!value) return secret ? refuse(expected_text(described)) : refuse(with_found(value.failure().text, found));
  const std::string range = broken_range(described, *value);
  return range.empty() ? value : refuse(range + found);
}

std::string got(const yaml_node& node) {
  switch (node.is) {
    case yaml_node::kind::null: return "got nothing";
    case yaml_node::kind::list: return "got a list";
    case yaml_node::kind::map: return "got a map";
    default: return "got " + in_quotes(node.text);
  }
}

}  // namespace tharsis::runtime

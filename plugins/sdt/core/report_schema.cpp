#include "plugins/sdt/core/report_schema.h"

#include <type_traits>

#include "plugins/sdt/core/observation_fields.h"
#include "plugins/sdt/core/observation_json.h"
#include "plugins/sdt/core/verdict_table.h"
#include "sdk/pure/json.h"

namespace tharsis::sdt {
namespace {

json_object of_type(std::string_view type) {
  json_object o;
  return o.add("type", type);
}

std::string one_of(const std::string& list) { return "{\"type\":\"string\",\"enum\":[" + list + "]}"; }
template <class E>
std::string words_schema() {
  std::string list;
  for (const auto word : words<E>::all) list += (list.empty() ? "" : ",") + json_text(word);
  return one_of(list);
}
template <class E>
std::string names_schema(size_t count) {
  std::string list;
  for (size_t i = 0; i < count; ++i) list += (list.empty() ? "" : ",") + json_text(name_of(static_cast<E>(i)));
  return one_of(list);
}

std::string group(const json_object& properties, std::string_view required = "") {
  json_object o = of_type("object");
  if (!required.empty()) o.add_raw("required", required);
  return o.add("properties", properties).text();
}
std::string list_of(const std::string& items) { return of_type("array").add_raw("items", items).text(); }

// The schema of a C++ type, and of each field of a group.
class field_schema {
 public:
  template <class T>
  void operator()(std::string_view name, T&) {
    properties.add_raw(name, of(static_cast<T*>(nullptr)));
  }
  json_object properties;

 private:
  template <class T>
  static std::string of(std::optional<T>*) {
    return of(static_cast<T*>(nullptr));
  }
  template <class T>
  static std::string of(std::vector<T>*) {
    return list_of(of(static_cast<T*>(nullptr)));
  }
  template <class T>
  static std::string of(T*) {
    if constexpr (std::is_same_v<T, std::string>) return of_type("string").text();
    else if constexpr (std::is_same_v<T, bool>) return of_type("boolean").text();
    else if constexpr (std::is_enum_v<T>) return words_schema<T>();
    else if constexpr (std::is_unsigned_v<T>) return of_type("integer").add("minimum", 0).text();
    else if constexpr (std::is_integral_v<T>) return of_type("integer").text();
    else if constexpr (std::is_floating_point_v<T>) return of_type("number").text();
    else return properties_of<T>();
  }
  template <class T>
  static std::string properties_of() {
    T thing;
    field_schema inner;
    fields(inner, thing);
    return group(inner.properties);
  }
  template <class T>
  friend std::string data_schema();
};

template <class T>
std::string data_schema() {
  return field_schema::properties_of<T>();
}

std::string probe_schema() {
  json_object head;
  head.add("id", of_type("string")).add_raw("role", words_schema<probe_role>()).add_raw("state", words_schema<probe_state>());
  head.add("t0", of_type("number").add("minimum", 0)).add("ms", of_type("number").add("minimum", 0));
  head.add("target", of_type("string")).add("control", of_type("string"));
  head.add("tx", of_type("integer").add("minimum", 0)).add("rx", of_type("integer").add("minimum", 0));
  json_object error;
  error.add_raw("class", words_schema<failure>()).add("errno", of_type("integer")).add("said", of_type("string"));
  head.add_raw("error", group(error, "[\"class\"]"));
  std::string kinds;
  for_each_kind([&](const auto& kind) {
    using probe_type = typename std::decay_t<decltype(observations{}.*kind.all)>::value_type;
    json_object one, name;
    one.add("kind", name.add("const", kind.name)).add_raw("data", data_schema<probe_type>());
    kinds += (kinds.empty() ? "" : ",\n") + json_object().add("properties", one).text();
  });
  json_object o = of_type("object");
  o.add_raw("required", R"(["id","kind","role","state","t0","ms","tx","rx","data"])").add("properties", head);
  return o.add_raw("oneOf", "[\n" + kinds + "]").text();
}

json_object verdict_properties() {
  json_object o;
  o.add_raw("code", names_schema<verdict_code>(verdict_codes)).add_raw("blame", names_schema<blame>(9));
  o.add("confidence", of_type("number").add("minimum", 0).add("maximum", 1)).add_raw("label", names_schema<certainty>(3));
  return o.add("sentence", of_type("string"));
}

std::string verdict_schema() {
  json_object act, o = verdict_properties();
  act.add("name", of_type("string")).add_raw("args", list_of(of_type("string").text()));
  o.add("information", of_type("boolean")).add("advice", of_type("string")).add("detail", of_type("string"));
  o.add_raw("evidence", list_of(of_type("string").text())).add_raw("against", list_of(of_type("string").text()));
  o.add_raw("action", group(act, R"(["name","args"])"));
  return group(o, R"(["code","blame","confidence","label","information","sentence","advice","detail","evidence","against"])");
}

json_object top_properties() {
  json_object o, schema, target, bytes, headline = verdict_properties();
  o.add("schema", schema.add("const", report_schema));
  o.add("session", of_type("string")).add("started", of_type("string")).add("ms", of_type("number")).add("deadline_ms", of_type("number"));
  o.add_raw("depth", words_schema<depth>());
  for (const char* name : {"budget_spent", "cancelled", "network_changed", "has_canary", "has_truth"}) o.add(name, of_type("boolean"));
  target.add("text", of_type("string")).add("scheme", of_type("string")).add("host", of_type("string"));
  target.add("port", of_type("integer").add("minimum", 0).add("maximum", 65535)).add("literal", of_type("boolean")).add("loopback", of_type("boolean"));
  o.add_raw("target", group(target));
  for (const char* name : {"tx", "rx", "budget"}) bytes.add(name, of_type("integer").add("minimum", 0));
  o.add_raw("bytes", group(bytes)).add_raw("network", data_schema<session_facts::network_facts>());
  o.add_raw("headline", group(headline.add("action", of_type("string")), R"(["code","blame","confidence","label","sentence","action"])"));
  o.add_raw("verdicts", list_of(verdict_schema())).add_raw("timeline", list_of(data_schema<moment>()));
  return o.add("redactions", of_type("integer").add("minimum", 0)).add_raw("probes", "\n" + list_of(probe_schema()));
}

}  // namespace

std::string report_schema_text() {
  json_object o;
  o.add("$schema", "https://json-schema.org/draft/2020-12/schema").add("$id", "urn:" + std::string(report_schema));
  o.add("title", "What tharsis sdt diagnose --json prints, on one line").add("type", "object");
  o.add_raw("required", R"(["schema","session","target","bytes","network","probes","headline","verdicts"])");
  return o.add("properties", top_properties()).text() + "\n";
}

}  // namespace tharsis::sdt

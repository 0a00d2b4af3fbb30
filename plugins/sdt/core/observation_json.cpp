#include "plugins/sdt/core/observation_json.h"

#include <cmath>
#include <limits>
#include <set>
#include <type_traits>

#include "plugins/sdt/core/observation_fields.h"
#include "sdk/pure/json_value.h"

namespace tharsis::sdt {
namespace {

template <class T>
struct is_optional : std::false_type {};
template <class T>
struct is_optional<std::optional<T>> : std::true_type {};
template <class T>
struct is_vector : std::false_type {};
template <class T>
struct is_vector<std::vector<T>> : std::true_type {};

// Leaves out what says nothing: most fields of most probes do.
class field_writer {
 public:
  template <class T>
  void operator()(std::string_view name, const T& value) {
    if constexpr (is_optional<T>::value) {
      if (value) (*this)(name, *value);
    } else if constexpr (is_vector<T>::value) {
      if (value.empty()) return;
      std::string list;
      for (const auto& item : value) list += (list.empty() ? "" : ",") + item_text(item);
      into_.add_raw(name, "[" + list + "]");
    } else if constexpr (std::is_enum_v<T>) {
      into_.add(name, word_of(value));
    } else {
      into_.add(name, value);
    }
  }
  json_object take() { return std::move(into_); }

 private:
  template <class T>
  static std::string item_text(const T& item) {
    if constexpr (std::is_same_v<T, std::string>) {
      return json_text(item);
    } else if constexpr (std::is_arithmetic_v<T>) {
      const std::string one = json_object().add("", item).text();
      return one.substr(4, one.size() - 5);
    } else {
      field_writer inner;
      fields(inner, const_cast<T&>(item));  // A writer changes nothing.
      return inner.take().text();
    }
  }
  json_object into_;
};

template <class T>
json_object data_json(const T& thing) {
  field_writer writer;
  fields(writer, const_cast<T&>(thing));
  return writer.take();
}

template <class T>
std::string probe_json(std::string_view kind, const T& p) {
  json_object o;
  o.add("id", p.id).add("kind", kind).add("role", word_of(p.role)).add("state", word_of(p.state));
  o.add("t0", p.t0_ms).add("ms", p.ms).add("target", p.target);
  if (!p.control.empty()) o.add("control", p.control);
  o.add("tx", p.sent).add("rx", p.received).add("data", data_json(p));
  if (p.failed != failure::none)
    o.add("error", json_object().add("class", word_of(p.failed)).add("errno", p.error_number).add("said", p.said));
  return o.text();
}

// Reads fields out of one group; remembers the first thing that is wrong, and where.
class field_reader {
 public:
  field_reader(const json_value& group, std::string where, std::string& wrong)
      : group_(group), where_(std::move(where)), wrong_(wrong) {}

  template <class T>
  void operator()(std::string_view name, T& into) {
    const json_value* found = group_.find(name);
    if (found != nullptr && wrong_.empty()) read(name, *found, into);
  }
  // As above, and it must be there.
  template <class T>
  void need(std::string_view name, T& into) {
    if (group_.find(name) == nullptr) return complain(name, "is missing");
    (*this)(name, into);
  }
  void complain(std::string_view name, std::string_view what) {
    if (wrong_.empty()) wrong_ = where_ + "'" + std::string(name) + "' " + std::string(what);
  }

 private:
  template <class T>
  void read(std::string_view name, const json_value& v, T& into) {
    if constexpr (is_optional<T>::value) {
      read(name, v, into.emplace());
    } else if constexpr (is_vector<T>::value) {
      if (!v.is(json_value::kind::list)) return complain(name, "is no list");
      for (const json_value& item : v.items) read(name, item, into.emplace_back());
    } else if constexpr (std::is_same_v<T, std::string>) {
      if (!v.is(json_value::kind::text)) return complain(name, "is no text");
      into = v.text;
    } else if constexpr (std::is_same_v<T, bool>) {
      if (!v.is(json_value::kind::boolean)) return complain(name, "is neither true nor false");
      into = v.boolean;
    } else if constexpr (std::is_enum_v<T>) {
      read_word(name, v, into);
    } else if constexpr (std::is_arithmetic_v<T>) {
      read_number(name, v, into);
    } else {
      if (!v.is(json_value::kind::group)) return complain(name, "is no group");
      field_reader inner(v, where_ + std::string(name) + ": ", wrong_);
      fields(inner, into);
    }
  }
  template <class T>
  void read_word(std::string_view name, const json_value& v, T& into) {
    if (!v.is(json_value::kind::text)) return complain(name, "is no text");
    const auto& all = words<T>::all;
    for (size_t i = 0; i < all.size(); ++i)
      if (all[i] == v.text) return void(into = static_cast<T>(i));
    complain(name, "is '" + v.text.substr(0, 40) + "', which is none of its words");
  }
  template <class T>
  void read_number(std::string_view name, const json_value& v, T& into) {
    if (!v.is(json_value::kind::number)) return complain(name, "is no number");
    if constexpr (std::is_integral_v<T>) {
      // 2^53 and more are not whole in a double, and nothing here counts so far.
      const double most = std::min<double>(static_cast<double>(std::numeric_limits<T>::max()), 9007199254740992.0);
      const double least = std::max<double>(static_cast<double>(std::numeric_limits<T>::min()), -9007199254740992.0);
      if (v.number != std::floor(v.number)) return complain(name, "is no whole number");
      if (v.number < least || v.number > most) return complain(name, "is out of range");
    }
    into = static_cast<T>(v.number);
  }

  const json_value& group_;
  const std::string where_;
  std::string& wrong_;
};

template <class V>
void about_fields(V& v, session_facts& s) {
  v("session", s.id), v("started", s.started), v("ms", s.ms), v("deadline_ms", s.deadline_ms), v("depth", s.how_deep);
  v("budget_spent", s.budget_spent), v("cancelled", s.cancelled), v("network_changed", s.network_changed);
  v("has_canary", s.has_canary), v("has_truth", s.has_truth);
}
template <class V>
void target_fields(V& v, session_facts& s) {
  v("text", s.target), v("scheme", s.scheme), v("host", s.host), v("port", s.port), v("literal", s.literal);
  v("loopback", s.loopback);
}
template <class V>
void byte_fields(V& v, session_facts& s) {
  v("tx", s.sent), v("rx", s.received), v("budget", s.budget);
}

class observation_reader {
 public:
  result<observations> read(const json_value& all) {
    if (!all.is(json_value::kind::group)) return wrong("it is no report: it is no group in braces");
    const json_value* schema = all.find("schema");
    if (schema == nullptr || !schema->is(json_value::kind::text))
      return wrong("it is no report of sdt: it has no 'schema'");
    if (schema->text != report_schema)
      return wrong("its schema is '" + schema->text.substr(0, 80) + "', and this program reads '" +
                   std::string(report_schema) + "'");
    read_session(all);
    read_probes(all);
    if (why_.empty()) check_references();
    if (!why_.empty()) return wrong(why_);
    return std::move(seen_);
  }

 private:
  static error wrong(std::string why) { return {THARSIS_E_INVALID, std::move(why)}; }

  void read_session(const json_value& all) {
    session_facts& s = seen_.about;
    field_reader top(all, "", why_);
    about_fields(top, s);
    top("network", s.network), top("timeline", seen_.timeline);
    const auto part = [&](std::string_view name, auto read) {
      const json_value* group = all.find(name);
      if (group == nullptr || !group->is(json_value::kind::group)) return top.complain(name, "is missing or no group");
      field_reader inner(*group, std::string(name) + ": ", why_);
      read(inner, s);
    };
    part("target", [](auto& r, auto& to) { target_fields(r, to); });
    part("bytes", [](auto& r, auto& to) { byte_fields(r, to); });
  }

  void read_probes(const json_value& all) {
    const json_value* probes = all.find("probes");
    if (probes == nullptr || !probes->is(json_value::kind::list)) return complain("'probes' is missing or no list");
    if (probes->items.size() > probes_max)
      return complain("it has more than " + std::to_string(probes_max) + " probes");
    for (size_t i = 0; i < probes->items.size() && why_.empty(); ++i) read_probe(probes->items[i], i);
  }

  void read_probe(const json_value& one, size_t index) {
    const std::string at = "probes[" + std::to_string(index) + "]";
    if (!one.is(json_value::kind::group)) return complain(at + " is no group");
    const json_value* kind = one.find("kind");
    if (kind == nullptr || !kind->is(json_value::kind::text)) return complain(at + ": 'kind' is missing or no text");
    bool known = false;
    for_each_kind([&](const auto& k) {
      if (k.name != kind->text) return;
      known = true;
      read_into((seen_.*k.all).emplace_back(), one, at + " (" + std::string(k.name) + "): ");
    });
    if (!known) complain(at + ": there is no kind of probe '" + kind->text.substr(0, 40) + "'");
  }

  template <class T>
  void read_into(T& p, const json_value& one, const std::string& at) {
    field_reader head(one, at, why_);
    head.need("id", p.id), head.need("role", p.role), head.need("state", p.state);
    head("t0", p.t0_ms), head("ms", p.ms), head("target", p.target), head("control", p.control);
    head("tx", p.sent), head("rx", p.received);
    if (p.t0_ms < 0 || p.ms < 0) head.complain("ms", "is before the session began");
    if (const json_value* error = one.find("error")) {
      if (!error->is(json_value::kind::group)) return head.complain("error", "is no group");
      field_reader inner(*error, at + "error: ", why_);
      inner.need("class", p.failed), inner("errno", p.error_number), inner("said", p.said);
    }
    const json_value* data = one.find("data");
    if (data == nullptr || !data->is(json_value::kind::group)) return head.complain("data", "is missing or no group");
    field_reader inner(*data, at, why_);
    fields(inner, p);
  }

  // Evidence is named by id, so each must be there once; a control must be there at all.
  void check_references() {
    std::set<std::string_view> ids;
    for_each_probe(seen_, [&](std::string_view, const probe& p) {
      if (p.id.empty())
        complain("a probe has an empty 'id'");
      else if (!ids.insert(p.id).second)
        complain("the probe '" + p.id.substr(0, 40) + "' is there twice");
    });
    for_each_probe(seen_, [&](std::string_view, const probe& p) {
      if (!p.control.empty() && ids.count(p.control) == 0)
        complain("the control '" + p.control.substr(0, 40) + "' of the probe '" + p.id.substr(0, 40) +
                 "' is not there");
    });
  }
  void complain(std::string what) {
    if (why_.empty()) why_ = std::move(what);
  }

  observations seen_;
  std::string why_;
};

}  // namespace

json_object observations_json(const observations& seen) {
  auto& s = const_cast<session_facts&>(seen.about);  // The writers change nothing.
  field_writer head, target, bytes;
  head("schema", report_schema);
  about_fields(head, s), target_fields(target, s), byte_fields(bytes, s);
  json_object o = head.take();
  o.add("target", target.take()).add("bytes", bytes.take()).add("network", data_json(s.network));
  std::string probes;
  for_each_probe(
      seen, [&](std::string_view kind, const auto& p) { probes += (probes.empty() ? "" : ",") + probe_json(kind, p); });
  o.add_raw("probes", "[" + probes + "]");
  std::string timeline;
  for (const moment& m : seen.timeline) timeline += (timeline.empty() ? "" : ",") + data_json(m).text();
  return o.add_raw("timeline", "[" + timeline + "]");
}

result<observations> parse_observations(std::string_view json) {
  if (json.size() > report_bytes_max)
    return error{THARSIS_E_INVALID,
                 "it is larger than " + std::to_string(report_bytes_max >> 20) + " MiB, which no report is"};
  auto parsed = parse_json(json);
  if (!parsed) return parsed.failure();
  return observation_reader().read(*parsed);
}

}  // namespace tharsis::sdt

#include "runtime/metrics_report.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <tuple>

#include "runtime/text_columns.h"
#include "sdk/pure/histogram.h"
#include "sdk/pure/json.h"
#include "sdk/pure/views.h"

namespace tharsis::runtime {
namespace {

constexpr std::string_view kinds[] = {"", "counter", "gauge", "histogram"};
struct share {
  const char* name;
  double of_all;
};
constexpr share shares[] = {{"p50", 0.50}, {"p95", 0.95}, {"p99", 0.99}};

double mean(const metric_reading& m) { return m.count == 0 ? 0 : static_cast<double>(m.sum) / static_cast<double>(m.count); }

// "[least, how many], .." of the buckets that are not empty.
std::string buckets_json(const metric_reading& m) {
  std::string text;
  for (size_t b = 0; b < m.buckets.size(); ++b)
    if (m.buckets[b] != 0)
      text += (text.empty() ? "[" : ",[") + std::to_string(bucket_least(b)) + "," + std::to_string(m.buckets[b]) + "]";
  return "[" + text + "]";
}

std::string reading_json(const metric_reading& m) {
  json_object o;
  o.add("plugin", m.plugin).add("name", m.name).add("kind", kinds[m.kind]).add("unit", m.unit).add("help", m.help);
  if (m.kind == THARSIS_METRIC_COUNTER) return o.add("value", m.count).text();
  if (m.kind == THARSIS_METRIC_GAUGE) return o.add("value", m.value).text();
  o.add("count", m.count).add("sum", m.sum).add("mean", mean(m));
  for (const share& s : shares) o.add(s.name, quantile(m.buckets.data(), s.of_all));
  return o.add("at_most", largest_at_most(m.buckets.data())).add_raw("buckets", buckets_json(m)).text();
}

uint64_t whole(const std::string& text) { return std::strtoull(text.c_str(), nullptr, 10); }

// In the largest of the units that leaves at least 1: "3.21 ms".
struct step {
  double size;
  const char* name;
};
template <size_t N>
std::string in_units(double value, const step (&units)[N]) {
  const step* best = &units[0];
  for (const step& s : units)
    if (std::abs(value) >= s.size) best = &s;
  char text[40];
  const double shown = value / best->size;
  std::snprintf(text, sizeof text, std::abs(shown) >= 100 || best == &units[0] ? "%.0f %s" : "%.3g %s", shown, best->name);
  return text;
}
constexpr step of_time[] = {{1, "ns"}, {1e3, "us"}, {1e6, "ms"}, {1e9, "s"}, {60e9, "min"}, {3600e9, "h"}, {86400e9, "d"}};
constexpr step of_size[] = {{1, "B"}, {1024, "KiB"}, {1048576, "MiB"}, {1073741824, "GiB"}, {1099511627776, "TiB"}};

std::string human(double value, const std::string& unit) {
  if (unit == "ns") return in_units(value, of_time);
  if (unit == "bytes") return in_units(value, of_size);
  char text[40];
  std::snprintf(text, sizeof text, value == static_cast<double>(static_cast<int64_t>(value)) ? "%.0f" : "%.3g", value);
  return text + (unit == "1" ? std::string() : " " + unit);
}

// Its row: name, value, and of a histogram what its values are like.
std::vector<std::string> row_of(const metric_reading& m) {
  const double value = m.kind == THARSIS_METRIC_GAUGE ? static_cast<double>(m.value) : static_cast<double>(m.count);
  if (m.kind != THARSIS_METRIC_HISTOGRAM) return {m.name, human(value, m.unit), "", "", "", "", ""};
  std::vector<std::string> row = {m.name, std::to_string(m.count), human(mean(m), m.unit)};
  for (const share& s : shares) row.push_back(human(static_cast<double>(quantile(m.buckets.data(), s.of_all)), m.unit));
  row.push_back(human(static_cast<double>(largest_at_most(m.buckets.data())), m.unit));
  return row;
}

bool is_zero(const metric_reading& m) { return m.count == 0 && m.value == 0; }

// ---- Prometheus: base units, one family for all plugins

bool in_seconds(const metric_reading& m) { return m.unit == "ns"; }
std::string family(const metric_reading& m) {
  std::string name = "tharsis_" + m.name;
  if (in_seconds(m)) name += "_seconds";
  if (m.unit == "bytes" && m.name.find("bytes") == std::string::npos) name += "_bytes";
  return name + (m.kind == THARSIS_METRIC_COUNTER ? "_total" : "");
}

std::string in_base_unit(const metric_reading& m, double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.12g", in_seconds(m) ? value / 1e9 : value);
  return text;
}

std::string samples(const metric_reading& m, const std::string& name) {
  const std::string plugin = "{plugin=\"" + m.plugin + "\"";
  if (m.kind == THARSIS_METRIC_COUNTER) return name + plugin + "} " + in_base_unit(m, static_cast<double>(m.count)) + "\n";
  if (m.kind == THARSIS_METRIC_GAUGE) return name + plugin + "} " + in_base_unit(m, static_cast<double>(m.value)) + "\n";
  std::string text;
  uint64_t so_far = 0;
  for (size_t b = 0; b < m.buckets.size(); ++b) {
    if (m.buckets[b] == 0) continue;
    so_far += m.buckets[b];
    text += name + "_bucket" + plugin + ",le=\"" + in_base_unit(m, static_cast<double>(bucket_most(b))) + "\"} " + std::to_string(so_far) + "\n";
  }
  return text + name + "_bucket" + plugin + ",le=\"+Inf\"} " + std::to_string(m.count) + "\n" +  //
         name + "_sum" + plugin + "} " + in_base_unit(m, static_cast<double>(m.sum)) + "\n" +      //
         name + "_count" + plugin + "} " + std::to_string(m.count) + "\n";
}

std::string escaped(const std::string& help) {
  std::string text;
  for (const char c : help) {
    if (c == '\n') text += "\\n";
    else if (c == '\\') text += "\\\\";
    else text += c;
  }
  return text;
}

}  // namespace

std::vector<metric_reading> read_metrics(const metrics& all) {
  std::vector<metric_reading> readings;
  all.visit(
      [](void* context, const tharsis_metric_value* v) {
        metric_reading m{v->kind, std::string(view(v->plugin)), std::string(view(v->name)), std::string(view(v->unit)),
                         std::string(view(v->help)), v->count, v->value, v->sum, {}};
        if (v->buckets != nullptr) m.buckets.assign(v->buckets, v->buckets + THARSIS_HISTOGRAM_BUCKETS);
        static_cast<std::vector<metric_reading>*>(context)->push_back(std::move(m));
      },
      &readings);
  return readings;
}

std::string metrics_json(const std::vector<metric_reading>& all) {
  std::string text;
  for (const metric_reading& m : all) text += (text.empty() ? "" : ",") + reading_json(m);
  return "[" + text + "]";
}

bool read_metrics_json(const yaml_node& list, std::vector<metric_reading>& all) {
  for (const yaml_node& one : list.children) {
    const auto kind = std::find(std::begin(kinds) + 1, std::end(kinds), text_in(one, "kind"));
    if (kind == std::end(kinds)) return false;
    metric_reading m{static_cast<uint32_t>(kind - std::begin(kinds)), text_in(one, "plugin"), text_in(one, "name"),
                     text_in(one, "unit"), text_in(one, "help"), 0, 0, 0, {}};
    if (m.kind == THARSIS_METRIC_GAUGE) m.value = std::strtoll(text_in(one, "value").c_str(), nullptr, 10);
    if (m.kind == THARSIS_METRIC_COUNTER) m.count = whole(text_in(one, "value"));
    if (m.kind == THARSIS_METRIC_HISTOGRAM) {
      m.count = whole(text_in(one, "count"));
      m.sum = whole(text_in(one, "sum"));
      m.buckets.resize(THARSIS_HISTOGRAM_BUCKETS);
      const yaml_node* const pairs = one.find("buckets");
      if (pairs == nullptr) return false;
      for (const yaml_node& pair : pairs->children) {
        if (pair.children.size() != 2) return false;
        m.buckets[bucket_of(whole(pair.children[0].text))] = whole(pair.children[1].text);
      }
    }
    all.push_back(std::move(m));
  }
  return list.is == yaml_node::kind::list;
}

std::string metrics_table(const std::vector<metric_reading>& all, table_style style) {
  std::vector<std::vector<std::string>> rows = {{"METRIC", "VALUE", "MEAN", "P50", "P95", "P99", "MAX"}};
  if (style.meaning) rows[0].push_back("MEANING");
  std::vector<std::string> plugins = {""};  // Of the rows.
  for (const metric_reading& m : all) {
    if (is_zero(m)) continue;
    rows.push_back(row_of(m));
    if (style.meaning) rows.back().push_back(m.help);
    plugins.push_back(m.plugin);
  }
  // All in the same columns, and a heading before each plugin's.
  const std::string lines = text_columns(rows, "  ");
  std::string text;
  for (size_t row = 0, at = 0; row < rows.size(); ++row) {
    if (row > 0 && plugins[row] != plugins[row - 1])
      text += style.colours ? "\x1b[1m" + plugins[row] + "\x1b[0m\n" : plugins[row] + "\n";
    const size_t end = lines.find('\n', at) + 1;
    text += lines.substr(at, end - at);
    at = end;
  }
  const size_t zeros = all.size() + 1 - rows.size();
  return zeros == 0 ? text : text + std::to_string(zeros) + " more of value 0\n";
}

std::string metrics_prometheus(std::vector<metric_reading> all) {
  const auto order = [](const metric_reading& m) { return std::tuple(family(m), m.kind); };
  std::stable_sort(all.begin(), all.end(), [&](const auto& a, const auto& b) { return order(a) < order(b); });
  std::string text, last;
  for (const metric_reading& m : all) {
    const std::string name = family(m);
    if (name != last)
      text += "# HELP " + name + " " + escaped(m.help) + "\n# TYPE " + name + " " + std::string(kinds[m.kind]) + "\n";
    last = name;
    text += samples(m, name);
  }
  return text;
}

}  // namespace tharsis::runtime

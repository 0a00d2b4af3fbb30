// Metrics in the text format of Prometheus, version 0.0.4: tharsis_tasks_done_total{plugin="stn"} 3. Pure.
#pragma once
#include <cstdint>
#include <cstdio>
#include <map>
#include <string>

#include "sdk/abi/metrics.h"
#include "sdk/pure/histogram.h"
#include "sdk/pure/views.h"

namespace prometheus {

// One family for each metric name, with the plugin as its label: what all plugins count stands together.
class page {
 public:
  void add(const tharsis_metric_value& m) {
    const std::string name = "tharsis_" + std::string(tharsis::view(m.name)) + unit_of(m) + (m.kind == THARSIS_METRIC_COUNTER ? "_total" : "");
    family& f = families_[name];
    if (f.head.empty()) f.head = "# HELP " + name + " " + escaped(tharsis::view(m.help), false) + "\n# TYPE " + name + " " + kind_of(m.kind) + "\n";
    const std::string label = "plugin=\"" + escaped(tharsis::view(m.plugin), true) + "\"";
    if (m.kind == THARSIS_METRIC_HISTOGRAM) return add_buckets(f.samples, name, label, m);
    f.samples += name + "{" + label + "} " + in_base_unit(m, m.kind == THARSIS_METRIC_GAUGE ? static_cast<double>(m.value) : static_cast<double>(m.count)) + "\n";
  }
  std::string text() const {
    std::string all;
    for (const auto& [name, f] : families_) all += f.head + f.samples;
    return all;
  }

 private:
  struct family {
    std::string head, samples;
  };

  static std::string kind_of(uint32_t kind) { return kind == THARSIS_METRIC_COUNTER ? "counter" : kind == THARSIS_METRIC_GAUGE ? "gauge" : "histogram"; }
  // Prometheus wants seconds and bytes. As `tharsis metrics --prometheus` says it.
  static std::string unit_of(const tharsis_metric_value& m) {
    const std::string_view unit = tharsis::view(m.unit);
    const bool says_so = tharsis::view(m.name).find("bytes") != std::string_view::npos;
    return unit == "ns" ? "_seconds" : unit == "bytes" && !says_so ? "_bytes" : "";
  }
  static std::string in_base_unit(const tharsis_metric_value& m, double value) {
    char text[40];
    std::snprintf(text, sizeof text, "%.12g", tharsis::view(m.unit) == "ns" ? value / 1e9 : value);
    return text;
  }

  static std::string escaped(std::string_view text, bool quotes) {
    std::string out;
    for (const char c : text) {
      if (c == '\n') out += "\\n";
      else if (c == '\\' || (quotes && c == '"')) out += std::string("\\") + c;
      else out += c;
    }
    return out;
  }

  // Buckets that are empty say nothing that the next one does not say.
  static void add_buckets(std::string& into, const std::string& name, const std::string& label, const tharsis_metric_value& m) {
    uint64_t below = 0;
    for (size_t b = 0; m.buckets != nullptr && b < THARSIS_HISTOGRAM_BUCKETS; ++b) {
      if (m.buckets[b] == 0) continue;
      below += m.buckets[b];
      into += name + "_bucket{" + label + ",le=\"" + in_base_unit(m, static_cast<double>(tharsis::bucket_most(b))) + "\"} " + std::to_string(below) + "\n";
    }
    into += name + "_bucket{" + label + ",le=\"+Inf\"} " + std::to_string(below) + "\n";
    into += name + "_sum{" + label + "} " + in_base_unit(m, static_cast<double>(m.sum)) + "\n" + name + "_count{" + label + "} " + std::to_string(below) + "\n";
  }

  std::map<std::string, family> families_;
};

}  // namespace prometheus

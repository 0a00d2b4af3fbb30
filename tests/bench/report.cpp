#include "tests/bench/report.h"

#include <cmath>
#include <cstdio>

#include "sdk/pure/json.h"

namespace tharsis::bench {
namespace {

constexpr const char* row_format = "%-36s %12s %-9s %12s %8s %7s %10s  %s\n";

// Three digits that matter, no exponents: 0.87, 12.3, 1830, 21400000.
std::string number(double value) {
  const double size = std::fabs(value);
  char text[48];
  std::snprintf(text, sizeof text, "%.*f", size < 10 ? 2 : size < 100 ? 1 : 0, value);
  return text;
}

std::string number(const std::optional<double>& value) { return value ? number(*value) : "-"; }

std::string target_text(const result& r) {
  if (!r.wanted) return "-";
  return (r.wanted->is == target::side::at_most ? "<= " : ">= ") + number(r.wanted->limit) + (r.ratio ? "x" : "");
}

const char* met_text(answer met) {
  switch (met) {
    case answer::yes: return "yes";
    case answer::no: return "NO";
    case answer::undecided: return "undecided";
    default: return "-";
  }
}

std::string line(const std::string (&cells)[8]) {
  char text[256];
  std::snprintf(text, sizeof text, row_format, cells[0].c_str(), cells[1].c_str(), cells[2].c_str(), cells[3].c_str(),
                cells[4].c_str(), cells[5].c_str(), cells[6].c_str(), cells[7].c_str());
  return text;
}

std::string coloured(const char* colour, const std::string& text) { return colour + text + "\x1b[0m"; }

std::string json_number(const std::optional<double>& value) {
  if (!value || !std::isfinite(*value)) return "null";
  char text[48];
  std::snprintf(text, sizeof text, "%.9g", *value);
  return text;
}

std::string json_met(answer met) {
  switch (met) {
    case answer::yes: return "true";
    case answer::no: return "false";
    case answer::undecided: return "\"undecided\"";
    default: return "null";
  }
}

}  // namespace

std::string table_head(bool colours) {
  const std::string text = line({"FIGURE", "VALUE", "UNIT", "REFERENCE", "RATIO", "SPREAD", "TARGET", "MET"});
  return colours ? coloured("\x1b[1m", text) : text;
}

std::string table_row(const result& r, bool colours) {
  std::string met = met_text(r.met);
  if (colours && r.met == answer::yes) met = coloured("\x1b[32m", met);
  if (colours && r.met == answer::no) met = coloured("\x1b[31m", met);
  if (colours && r.met == answer::undecided) met = coloured("\x1b[33m", met);
  char spread[32];
  std::snprintf(spread, sizeof spread, "%.0f%%", r.spread * 100);
  return line({r.name, number(r.value), r.unit, number(r.reference), r.ratio ? number(*r.ratio) + "x" : "-", spread,
               target_text(r), met});
}

std::string absent_row(const figure& f) { return line({f.name, "absent", f.unit, "", "", "", "", f.absent}); }

std::string to_json(const std::vector<result>& results) {
  std::string text;
  for (const result& r : results) {
    text += text.empty() ? "[\n  " : ",\n  ";
    text += json_object()
                .add("name", r.name)
                .add_raw("value", json_number(r.value))
                .add("unit", r.unit)
                .add_raw("reference", json_number(r.reference))
                .add_raw("ratio", json_number(r.ratio))
                .add_raw("spread", json_number(r.spread))
                .add_raw("target", r.wanted ? json_number(r.wanted->limit) : "null")
                .add_raw("met", json_met(r.met))
                .text();
  }
  return text.empty() ? "[]\n" : text + "\n]\n";
}

}  // namespace tharsis::bench

#include "plugins/sdt/core/report_plots.h"

#include <algorithm>
#include <cstdio>

#include "plugins/sdt/core/interval.h"
#include "plugins/sdt/core/observation_fields.h"
#include "plugins/sdt/core/report_html.h"
#include "plugins/sdt/core/report_path.h"
#include "plugins/sdt/core/scene.h"

namespace tharsis::sdt {
namespace {

std::string number(double n) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", n);
  return text;
}
std::string svg(double width, double height, const std::string& about, const std::string& inner) {
  return "<svg viewBox=\"0 0 " + number(width) + " " + number(height) + "\" role=\"img\" aria-label=\"" +
         html_text(about) + "\">" + inner + "</svg>\n";
}
std::string lettering(double x, double y, const char* kind, const std::string& text) {
  return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" class=\"" + kind + "\">" + html_text(text) + "</text>";
}
std::string line(double x1, double y1, double x2, double y2, const char* kind) {
  return "<line x1=\"" + number(x1) + "\" y1=\"" + number(y1) + "\" x2=\"" + number(x2) + "\" y2=\"" + number(y2) +
         "\" class=\"" + kind + "\"/>";
}
std::string bar(double x, double y, double width, double height, const char* kind, const std::string& title) {
  return "<rect x=\"" + number(x) + "\" y=\"" + number(y) + "\" width=\"" + number(std::max(width, 0.0)) +
         "\" height=\"" + number(height) + "\" class=\"" + kind + "\"><title>" + html_text(title) + "</title></rect>";
}
const char* class_of(station_state s) {
  return s == station_state::well     ? "well"
         : s == station_state::weak   ? "weak"
         : s == station_state::broken ? "broken"
                                      : "unseen";
}
const char* class_of(probe_state s) {
  return s == probe_state::pass   ? "well"
         : s == probe_state::warn ? "weak"
         : s == probe_state::fail ? "broken"
                                  : "unseen";
}
std::string short_note(const std::string& note) { return note.size() > 22 ? note.substr(0, 21) + "…" : note; }

constexpr double wide = 860;
constexpr size_t points_max = 400, rows_max = 60;  // More would be a smear, and a file without end.

}  // namespace

std::string path_picture(const report& r) {
  const auto all = path_of(r);
  const double step = wide / static_cast<double>(all.size()), y = 46;
  std::string text;
  bool cut = false;
  for (size_t i = 0; i < all.size(); ++i) {
    const double x = step * (static_cast<double>(i) + 0.5);
    if (i > 0)
      text += line(x - step + 18, y, x - 18, y, cut || all[i].state == station_state::broken ? "edge gone" : "edge");
    if (all[i].state == station_state::broken && all[i].name != "names") {
      if (!cut && i > 0)
        text += line(x - step / 2 - 7, y - 7, x - step / 2 + 7, y + 7, "cross") +
                line(x - step / 2 - 7, y + 7, x - step / 2 + 7, y - 7, "cross");
      cut = true;
    }
    text += "<circle cx=\"" + number(x) + "\" cy=\"" + number(y) + "\" r=\"15\" class=\"station " +
            class_of(all[i].state) + "\"/>";
    const char* mark = all[i].state == station_state::well     ? "✓"
                       : all[i].state == station_state::weak   ? "!"
                       : all[i].state == station_state::broken ? "✕"
                                                               : "?";
    text += lettering(x, y + 5, "mark", mark) + lettering(x, y - 26, "name", all[i].name) +
            lettering(x, y + 36, "note", short_note(all[i].note));
  }
  return svg(wide, 96, "The way from this device to the server", text);
}

std::string latency_picture(const observations& seen) {
  std::vector<double> all;
  for (const loss_probe& l : seen.losses)
    if (ran(l)) all.insert(all.end(), l.rtts_ms.begin(), l.rtts_ms.end());
  if (all.size() < 2)
    for (const connect_probe& c : seen.connects)
      if (worked(c)) all.push_back(c.rtt_ms.value_or(c.ms));
  if (all.size() > points_max) all.resize(points_max);
  if (all.size() < 2) return "";
  const double top = std::max(1.0, *std::max_element(all.begin(), all.end()) * 1.15), height = 150;
  std::string text = line(46, height - 20, wide, height - 20, "axis");
  for (const double share : {0.5, 1.0}) {
    const double y = height - 20 - (height - 34) * share;
    text += line(46, y, wide, y, "grid") + lettering(40, y + 4, "scale", ms_text(top * share));
  }
  for (size_t i = 0; i < all.size(); ++i) {
    const double x = 52 + (wide - 64) * static_cast<double>(i) / static_cast<double>(all.size() - 1),
                 y = height - 20 - (height - 34) * std::max(0.0, all[i]) / top;
    text += "<circle cx=\"" + number(x) + "\" cy=\"" + number(y) + "\" r=\"3\" class=\"dot\"><title>" +
            ms_text(all[i]) + "</title></circle>";
  }
  return svg(wide, height, "Round trips in the order they were sent",
             text + lettering(52, height - 5, "axisname",
                              std::to_string(all.size()) + " round trips, in the order they were sent"));
}

std::string loss_picture(const observations& seen) {
  std::string text;
  double y = 6;
  for (const loss_probe& l : seen.losses) {
    if (!ran(l)) continue;
    const auto row = [&](const char* what, uint32_t size, uint32_t sent, uint32_t lost) {
      if (sent == 0 || y > 300) return;
      const interval range = wilson(lost, sent);
      const double left = 300, room = wide - left - 120, share = static_cast<double>(lost) / sent;
      text +=
          lettering(left - 10, y + 13, "scale", short_note(l.to) + ", " + what + " (" + std::to_string(size) + " B)");
      text += bar(left, y, room, 18, "rail", "") + bar(left, y, room * share, 18, lost == 0 ? "well" : "broken",
                                                       std::to_string(lost) + " of " + std::to_string(sent));
      text += line(left + room * range.low, y + 9, left + room * range.high, y + 9, "whisker");
      text +=
          lettering(left + room + 8, y + 13, "value", std::to_string(lost) + " of " + std::to_string(sent) + " lost");
      y += 26;
    };
    row("small", l.small_size, l.small_sent, l.small_lost);
    row("large", l.large_size, l.large_sent, l.large_lost);
  }
  return text.empty() ? "" : svg(wide, y + 4, "Packets lost", text);
}

std::string timeline_picture(const observations& seen) {
  struct row {
    const probe* p;
    std::string_view kind;
  };
  std::vector<row> all;
  double end = 1;
  for_each_probe(seen, [&](std::string_view kind, const probe& p) {
    if (p.state == probe_state::skip || p.state == probe_state::na) return;
    all.push_back({&p, kind}), end = std::max(end, p.t0_ms + p.ms);
  });
  if (all.empty()) return "";
  std::stable_sort(all.begin(), all.end(), [](const row& a, const row& b) { return a.p->t0_ms < b.p->t0_ms; });
  const size_t left_out = all.size() > rows_max ? all.size() - rows_max : 0;
  if (left_out > 0) all.resize(rows_max);
  const double from = 300, room = wide - from - 60, height = 16 * static_cast<double>(all.size()) + 26;
  std::string text;
  for (const double share : {0.0, 0.25, 0.5, 0.75, 1.0}) {
    const double x = from + room * share;
    text += line(x, 0, x, height - 18, "grid") + lettering(x, height - 4, "tick", ms_text(end * share));
  }
  double y = 2;
  for (const row& r : all) {
    const double x = from + room * r.p->t0_ms / end, width = std::max(2.0, room * r.p->ms / end);
    text += lettering(from - 10, y + 10, "scale", r.p->id + "  " + short_note(r.p->target));
    text += bar(x, y, width, 11, class_of(r.p->state), r.p->id + ": " + ms_text(r.p->ms));
    y += 16;
  }
  return svg(wide, height, "When each probe ran", text) +
         (left_out > 0 ? "<p class=\"quiet\">and " + std::to_string(left_out) + " more probes</p>\n" : "");
}

}  // namespace tharsis::sdt

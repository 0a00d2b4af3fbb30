#include "plugins/stn/core/fleet_plot.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

namespace tharsis::stn {
namespace {

constexpr double left = 70, right = 940;
constexpr const char* head =
    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 960 640\" font-family=\"system-ui, sans-serif\" font-size=\"13\">\n<style>\n"
    ".page { fill: #ffffff } .text { fill: #1f2328 } .faint { fill: #59636e } .grid { stroke: #d1d9e0; fill: none }\n"
    ".even { stroke: #59636e; stroke-dasharray: 5 4; fill: none } .mark { stroke: #818b98; stroke-dasharray: 2 3 }\n"
    ".line { fill: none; stroke-width: 1.6; stroke-linejoin: round }\n"
    ".p0 { stroke: #0969da } .p1 { stroke: #cf222e } .p2 { stroke: #9a6700 }\n"
    "@media (prefers-color-scheme: dark) {\n"
    ".page { fill: #0d1117 } .text { fill: #f0f6fc } .faint { fill: #9198a1 } .grid { stroke: #3d444d } .even { stroke: #9198a1 }\n"
    ".mark { stroke: #656c76 } .p0 { stroke: #4493f8 } .p1 { stroke: #f85149 } .p2 { stroke: #d29922 } }\n"
    "</style>\n<rect class=\"page\" width=\"960\" height=\"640\"/>\n";

std::string number(double n) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f", n);
  return text;
}

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    if (c == '<') safe += "&lt;";
    else if (c == '&') safe += "&amp;";
    else safe += c;
  }
  return safe;
}

std::string words(double x, double y, const char* look, const char* anchor, std::string_view text) {
  return "<text x=\"" + number(x) + "\" y=\"" + number(y) + "\" class=\"" + look + "\" text-anchor=\"" + anchor + "\">" + escaped(text) + "</text>\n";
}

std::string stroke(const char* look, double x1, double y1, double x2, double y2) {
  return std::string("<path class=\"") + look + "\" d=\"M" + number(x1) + ' ' + number(y1) + 'L' + number(x2) + ' ' + number(y2) + "\"/>\n";
}

struct frame {
  double top, bottom, length;  // In seconds.
  double x(double second) const { return left + (right - left) * second / length; }
};

// One point for each column of the picture: the worst of it.
template <class Worse, class Place>
std::string line(const frame& f, const std::vector<float>& values, size_t policy, Worse worse, Place place) {
  std::string path;
  const auto columns = static_cast<size_t>(right - left);
  const size_t each = std::max<size_t>(1, values.size() / columns);
  double last = -1;
  for (size_t i = 0; i < values.size(); i += each) {
    float worst = values[i];
    for (size_t k = i; k < std::min(values.size(), i + each); ++k) worst = worse(worst, values[k]);
    const double y = place(worst);
    const bool end = i + each >= values.size();
    if (std::fabs(y - last) < 0.05 && !end) continue;
    // Up to here it was level.
    if (last >= 0) path += 'H' + number(f.x(static_cast<double>(i))) + 'V' + number(y);
    else path += 'M' + number(f.x(0)) + ' ' + number(y);
    last = y;
  }
  return "<path class=\"line p" + std::to_string(policy % 3) + "\" d=\"" + path + "\"/>\n";
}

std::string times_axis(const frame& f) {
  std::string text;
  double step = 60;
  for (const double wide : {120.0, 300.0, 600.0, 1800.0, 3600.0, 21600.0, 86400.0})
    if (f.length / step > 12) step = wide;
  for (double s = 0; s <= f.length; s += step)
    text += words(f.x(s), f.bottom + 18, "faint", f.x(s) > right - 20 ? "end" : "middle", std::to_string(static_cast<int64_t>(s / 60)) + " min");
  return text;
}

std::string marks(const frame& f, const fleet_scenario& s, bool named) {
  std::string text;
  for (size_t i = 0; i < s.events.size(); ++i) {
    const double x = f.x(static_cast<double>(s.events[i].at / 1s));
    text += stroke("mark", x, f.top, x, f.bottom);
    const std::string all = incident_words(s, i);
    if (named) text += words(x + 4, f.top + 14 + 15 * static_cast<double>(i % 3), "faint", "start", all.substr(all.find(": ") + 2));
  }
  return text;
}

std::string connected_panel(const fleet_scenario& s, const std::vector<fleet_result>& all) {
  const frame f{96, 320, static_cast<double>(s.length / 1s)};
  double least = 1;
  for (const fleet_result& r : all)
    for (const float v : r.connected) least = std::min(least, static_cast<double>(v));
  const double low = std::floor(least * 5) / 5 >= 1 ? 0.8 : std::floor(least * 5) / 5;
  const auto place = [&](double share) { return f.bottom - (f.bottom - f.top) * (share - low) / (1 - low); };
  std::string text = words(left, 84, "text", "start", "Clients on a working server");
  for (double share = low; share < 1.01; share += 0.1) {
    text += stroke("grid", left, place(share), right, place(share));
    text += words(left - 8, place(share) + 4, "faint", "end", std::to_string(std::lround(share * 100)) + " %");
  }
  text += marks(f, s, false) + times_axis(f);
  for (size_t i = all.size(); i-- > 0;)
    text += line(f, all[i].connected, i, [](float a, float b) { return std::min(a, b); }, place);
  return text;
}

// Above what a server sees too much, from each incident to the next.
template <class Place>
std::string goals(const frame& f, const fleet_scenario& s, const fleet_result& r, Place place) {
  std::string text;
  for (size_t i = 0; i < r.incidents.size(); ++i) {
    const double limit = place(r.incidents[i].even * fleet_peak_goal);
    const auto from = static_cast<double>(s.events[r.incidents[i].event].at / 1s);
    const double to = i + 1 < r.incidents.size() ? static_cast<double>(s.events[r.incidents[i + 1].event].at / 1s) : f.length;
    if (r.incidents[i].even >= 1) text += stroke("even", f.x(from), limit, f.x(to), limit);
  }
  return text;
}

std::string rate_panel(const fleet_scenario& s, const std::vector<fleet_result>& all) {
  const frame f{380, 600, static_cast<double>(s.length / 1s)};
  float most = 10;
  for (const fleet_result& r : all)
    for (const float v : r.busiest) most = std::max(most, v);
  const double high = std::ceil(std::log10(most));
  const auto place = [&](double n) { return f.bottom - (f.bottom - f.top) * std::log10(std::max(n, 1.0)) / high; };
  std::string text = words(left, 368, "text", "start", "Connections that come to the busiest server, each second; dashed: the goal, 1.5 times an even spread");
  for (double decade = 0; decade <= high; ++decade) {
    text += stroke("grid", left, place(std::pow(10, decade)), right, place(std::pow(10, decade)));
    text += words(left - 8, place(std::pow(10, decade)) + 4, "faint", "end", std::to_string(static_cast<int64_t>(std::pow(10, decade))));
  }
  text += marks(f, s, true) + times_axis(f);
  for (size_t i = all.size(); i-- > 0;)
    text += line(f, all[i].busiest, i, [](float a, float b) { return std::max(a, b); }, place);
  return text + (all.empty() ? "" : goals(f, s, all[0], place));
}

}  // namespace

std::string fleet_svg(const fleet_scenario& s, const std::vector<fleet_result>& all) {
  std::string text = head;
  text += "<text x=\"70\" y=\"32\" class=\"text\" font-size=\"18\" font-weight=\"600\">" + std::to_string(s.clients) + " clients whose servers fail</text>\n";
  double x = left;
  for (size_t i = 0; i < all.size(); ++i) {
    text += "<path class=\"line p" + std::to_string(i % 3) + "\" stroke-width=\"3\" d=\"M" + number(x) + " 54h24\"/>\n";
    text += words(x + 30, 58, "text", "start", all[i].policy);
    x += 60 + 8 * static_cast<double>(all[i].policy.size());
  }
  return text + connected_panel(s, all) + rate_panel(s, all) + "</svg>\n";
}

}  // namespace tharsis::stn

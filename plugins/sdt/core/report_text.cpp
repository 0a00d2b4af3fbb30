#include "plugins/sdt/core/report_text.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "plugins/sdt/core/observation_fields.h"
#include "plugins/sdt/core/report_path.h"
#include "plugins/sdt/core/scene.h"
#include "sdk/pure/harmless.h"

namespace tharsis::sdt {
namespace {

constexpr size_t width = 78;
constexpr size_t findings_max = 5;  // The rest is counted; --json and --html have them all.

class paint {
 public:
  explicit paint(bool on) : on_(on) {}
  std::string operator()(const char* colour, const std::string& text) const {
    return on_ ? "\033[" + std::string(colour) + "m" + text + "\033[0m" : text;
  }

 private:
  bool on_;
};
constexpr auto bold = "1", red = "31", green = "32", yellow = "33", grey = "2";

const char* colour_of(const verdict& v) {
  if (v.code == verdict_code::healthy) return green;
  return v.information ? grey : v.how == certainty::possible ? yellow : red;
}

std::string wrapped(const std::string& text, size_t indent) {
  std::string made, line;
  const auto flush = [&] { made += (made.empty() ? "" : "\n" + std::string(indent, ' ')) + line, line.clear(); };
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    if (!line.empty() && indent + line.size() + 1 + word.size() > width) flush();
    line += (line.empty() ? "" : " ") + word;
    at = end + 1;
  }
  flush();
  return made;
}

std::string surely(const verdict& v) {
  return std::string(name_of(v.how)) + ", " + std::to_string(std::lround(v.confidence * 100)) + " %";
}

std::string ids_text(const std::vector<std::string>& ids) {
  constexpr size_t shown = 10;
  if (ids.size() <= shown) return joined(ids, " ");
  return joined({ids.begin(), ids.begin() + shown}, " ") + " and " + std::to_string(ids.size() - shown) + " more";
}

std::string path_line(const report& r, const paint& in) {
  std::string text;
  for (const station& s : path_of(r)) {
    const char* mark = s.state == station_state::well     ? "ok"
                       : s.state == station_state::weak   ? "~"
                       : s.state == station_state::broken ? "X"
                                                          : "?";
    const char* colour = s.state == station_state::well     ? green
                         : s.state == station_state::weak   ? yellow
                         : s.state == station_state::broken ? red
                                                            : grey;
    text += (text.empty() ? "" : "  ") + s.name + " " + in(colour, mark);
  }
  return text;
}

// "tcp 6 (1 failed)".
std::string counts(const observations& seen) {
  std::string text;
  for_each_kind([&](const auto& kind) {
    size_t all = 0, bad = 0;
    for (const probe& p : seen.*kind.all) all += ran(p), bad += p.state == probe_state::fail;
    if (all == 0) return;
    text += (text.empty() ? "" : ", ") + std::string(kind.name) + " " + std::to_string(all) +
            (bad > 0 ? " (" + std::to_string(bad) + " failed)" : "");
  });
  return text.empty() ? "nothing" : text;
}

// "down 8.4 Mbit/s from 192.0.2.7:80 (40 ms idle, 310 ms under load)".
std::string speeds(const observations& seen) {
  std::string text;
  for (const load_probe& l : seen.loads) {
    if (!worked(l)) continue;
    const bool up = l.direction == way_direction::up;
    char number[32];
    std::snprintf(number, sizeof number, "%.1f Mbit/s", l.bits_per_s / 1e6);
    text += (text.empty() ? "" : "; ") + std::string(up ? "up " : "down ") + number + (up ? " to " : " from ") + l.to;
    if (l.idle_ms && l.loaded_ms) text += " (" + ms_text(*l.idle_ms) + " idle, " + ms_text(*l.loaded_ms) + " under load)";
  }
  return text;
}

}  // namespace

std::string render_text(const report& r, bool colours) {
  const paint in(colours);
  const verdict& head = r.headline();
  const session_facts& about = r.seen.about;
  std::string text = in(bold, harmless(about.target.empty() ? "diagnosis" : about.target)) + ": " +
                     in(colour_of(head), std::string(name_of(head.code))) + " (" + surely(head) + ")\n";
  const auto row = [&](const char* name, const std::string& words) {
    if (!words.empty())
      text += "  " + in(grey, name) + std::string(9 - std::string_view(name).size(), ' ') +
              wrapped(harmless(words), 11) + "\n";
  };
  row("what", head.sentence);
  row("do", head.advice);
  if (head.code != verdict_code::healthy) row("blame", std::string(name_of(head.who)));
  row("because", head.detail);
  row("seen in", ids_text(head.evidence));
  row("against", ids_text(head.against));
  row("action", head.act.text());
  text += "\n  " + path_line(r, in) + "\n\n";
  for (size_t i = 1; i < r.verdicts.size() && i <= findings_max; ++i) {
    const verdict& v = r.verdicts[i];
    text += "  " + in(colour_of(v), v.information ? "note" : "also") + "     " +
            wrapped(harmless(std::string(name_of(v.code)) + " (" + surely(v) + "): " + v.sentence), 11) + "\n";
  }
  if (r.verdicts.size() > findings_max + 1)
    text += "           and " + std::to_string(r.verdicts.size() - findings_max - 1) + " more\n";
  row("speed", speeds(r.seen));
  row("probes", counts(r.seen));
  row("cost",
      ms_text(about.ms) + ", " + std::to_string(about.sent) + " bytes out, " + std::to_string(about.received) + " in");
  text.pop_back();
  return text;
}

std::string render_line(const report& r) {
  const verdict& v = r.headline();
  char sure[16];
  std::snprintf(sure, sizeof sure, "%.2f", v.confidence);
  return harmless("sdt " + r.seen.about.target + " " + std::string(name_of(v.code)) + " " + sure + " " +
                  std::string(name_of(v.who)) + (v.act.name.empty() ? "" : " " + v.act.text()));
}

}  // namespace tharsis::sdt

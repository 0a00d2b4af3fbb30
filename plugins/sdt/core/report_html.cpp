#include "plugins/sdt/core/report_html.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "plugins/sdt/core/observation_fields.h"
#include "plugins/sdt/core/report_plots.h"
#include "plugins/sdt/core/scene.h"
#include "sdk/pure/harmless.h"

namespace tharsis::sdt {
namespace {

constexpr std::string_view style = R"(
:root{--page:#f6f7f9;--card:#fff;--ink:#1c2430;--soft:#667085;--line:#dfe3ea;--well:#1a8f5a;--weak:#c27803;--broken:#c8322b;--accent:#2f6fde}
@media(prefers-color-scheme:dark){:root{--page:#11151b;--card:#1a2029;--ink:#e8ecf2;--soft:#98a2b3;--line:#2d3643;--well:#3fbf83;--weak:#e0a33a;--broken:#f0685f;--accent:#78a6f5}}
*{box-sizing:border-box}body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main{max-width:960px;margin:0 auto;padding:28px 20px 60px}section{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:18px 22px;margin:0 0 16px}
h1{font-size:15px;font-weight:500;color:var(--soft);margin:0 0 14px;overflow-wrap:anywhere}h2{font-size:15px;margin:0 0 10px}
.head{border-left:5px solid var(--tone)}.head p{margin:6px 0}.sentence{font-size:22px;line-height:1.3;font-weight:600;overflow-wrap:anywhere}
.well{--tone:var(--well)}.weak{--tone:var(--weak)}.broken{--tone:var(--broken)}.info{--tone:var(--soft)}
.chip{display:inline-block;border-radius:6px;padding:2px 9px;background:var(--tone);color:var(--card);font-weight:600;font-size:13px}
.quiet,.facts{color:var(--soft)}code{font:13px/1.45 ui-monospace,"DejaVu Sans Mono",monospace;overflow-wrap:anywhere}
.meter{height:6px;border-radius:3px;background:var(--line);margin:10px 0;max-width:340px}.meter i{display:block;height:6px;border-radius:3px;background:var(--tone)}
details{border-top:1px solid var(--line);padding:8px 0}summary{cursor:pointer;overflow-wrap:anywhere}summary::marker{color:var(--soft)}
dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 16px;margin:10px 0 4px}dt{color:var(--soft)}dd{margin:0;overflow-wrap:anywhere}
svg{width:100%;height:auto;display:block}svg text{font-size:12px;fill:var(--ink)}
svg .name,svg .note,svg .mark,svg .tick{text-anchor:middle}svg .scale{text-anchor:end;fill:var(--soft);font-size:11px}svg .note,svg .tick,svg .axisname,svg .value{fill:var(--soft);font-size:11px}
svg .name{font-weight:600}svg .mark{fill:var(--card);font-weight:700}.station{fill:var(--tone)}.unseen{--tone:#98a2b3}
.edge{stroke:var(--well);stroke-width:3}.edge.gone{stroke:var(--line);stroke-dasharray:5 5}.cross{stroke:var(--broken);stroke-width:4}
.grid,.axis{stroke:var(--line)}.dot{fill:var(--accent)}rect.rail{fill:var(--line)}rect{fill:var(--tone);rx:2px}.whisker{stroke:var(--ink);stroke-width:1.5}
)";

const char* tone_of(const verdict& v) {
  if (v.code == verdict_code::healthy) return "well";
  return v.information ? "info" : v.how == certainty::possible ? "weak" : "broken";
}
std::string percent(double share) { return std::to_string(std::lround(share * 100)) + " %"; }
std::string tag(const char* name, const std::string& text, const char* kind = nullptr) {
  return "<" + std::string(name) + (kind != nullptr ? " class=\"" + std::string(kind) + "\"" : "") + ">" +
         html_text(text) + "</" + name + ">";
}
std::string section(const char* title, const std::string& inner) {
  return inner.empty() ? "" : "<section><h2>" + std::string(title) + "</h2>\n" + inner + "</section>\n";
}

std::string fact(const char* name, const std::string& value) {
  return value.empty() ? "" : "<dt>" + std::string(name) + "</dt><dd>" + html_text(value) + "</dd>";
}

// One line for each thing that a verdict stands on: how it ended.
std::string evidence_rows(const report& r, const std::vector<std::string>& ids) {
  std::string rows;
  for_each_probe(r.seen, [&](std::string_view kind, const probe& p) {
    if (std::find(ids.begin(), ids.end(), p.id) == ids.end()) return;
    rows += "<dt><code>" + html_text(p.id) + "</code></dt><dd>" + html_text(kind) + " " + html_text(p.target) + ": " +
            html_text(word_of(p.state)) + (p.failed == failure::none ? "" : ", " + html_text(word_of(p.failed))) +
            ", " + ms_text(p.ms) + "</dd>";
  });
  return rows;
}

std::string verdict_facts(const report& r, const verdict& v) {
  std::string inner =
      fact("blame", std::string(name_of(v.who))) + fact("for an engineer", v.detail) + fact("action", v.act.text());
  const std::string rows = evidence_rows(r, v.evidence), against = evidence_rows(r, v.against);
  if (!rows.empty()) inner += "<dt>evidence</dt><dd></dd>" + rows;
  if (!against.empty()) inner += "<dt>against it</dt><dd></dd>" + against;
  return "<dl>" + inner + "</dl>";
}

std::string headline(const report& r) {
  const verdict& v = r.headline();
  const std::string tone = tone_of(v);
  std::string text = "<section class=\"head " + tone + "\"><h1>" +
                     html_text(r.seen.about.target.empty() ? "Diagnosis" : r.seen.about.target) + "</h1>";
  text += tag("p", v.sentence, "sentence");
  if (!v.advice.empty()) text += tag("p", v.advice);
  text += "<p><span class=\"chip\">" + html_text(name_of(v.code)) + "</span> <span class=\"quiet\">" +
          html_text(name_of(v.how)) + ", " + percent(v.confidence) + " sure</span></p>";
  text += "<div class=\"meter\"><i style=\"width:" + percent(v.confidence).substr(0, percent(v.confidence).find(' ')) +
          "%\"></i></div>";
  return text + "<details><summary>Why</summary>" + verdict_facts(r, v) + "</details></section>\n";
}

std::string other_findings(const report& r) {
  std::string text;
  for (size_t i = 1; i < r.verdicts.size(); ++i) {
    const verdict& v = r.verdicts[i];
    text += "<details class=\"" + std::string(tone_of(v)) + "\"><summary><span class=\"chip\">" +
            html_text(name_of(v.code)) + "</span> " + html_text(v.sentence) + " <span class=\"quiet\">" +
            html_text(name_of(v.how)) + ", " + percent(v.confidence) + "</span></summary>" + verdict_facts(r, v) +
            "</details>\n";
  }
  return text;
}

// Writes the fields of a probe as rows.
class row_writer {
 public:
  template <class T>
  void operator()(std::string_view name, const T& value) {
    const std::string text = shown(value);
    if (!text.empty()) rows += "<dt>" + html_text(name) + "</dt><dd>" + html_text(text) + "</dd>";
  }
  std::string rows;

 private:
  template <class T>
  static std::string shown(const T& value) {
    if constexpr (std::is_same_v<T, std::string>)
      return value;
    else if constexpr (std::is_same_v<T, bool>)
      return value ? "yes" : "no";
    else if constexpr (std::is_same_v<T, std::vector<std::string>>)
      return joined(value);
    else if constexpr (std::is_enum_v<T>)
      return std::string(word_of(value));
    else if constexpr (std::is_floating_point_v<T>)
      return decimal(value);
    else if constexpr (std::is_integral_v<T>)
      return std::to_string(value);
    else
      return other(value);
  }
  static std::string decimal(double value) {
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", value);
    return text;
  }
  template <class T>
  static std::string other(const std::optional<T>& value) {
    return value ? shown(*value) : "";
  }
  static std::string other(const std::vector<double>& all) { return std::to_string(all.size()) + " values"; }
  static std::string other(const std::vector<hop>& hops) {
    std::string text;
    for (const hop& h : hops)
      text += (text.empty() ? "" : " → ") + std::to_string(h.ttl) + ": " + (h.from.empty() ? "*" : h.from) + " " +
              std::string(word_of(h.answer));
    return text;
  }
};

constexpr size_t shown_max = 400;

std::string all_probes(const report& r) {
  std::string text;
  size_t count = 0;
  for_each_probe(r.seen, [&](std::string_view kind, const auto& p) {
    if (++count > shown_max) return;
    row_writer w;
    fields(w, const_cast<std::decay_t<decltype(p)>&>(p));  // A writer changes nothing.
    const char* tone = p.state == probe_state::pass   ? "well"
                       : p.state == probe_state::fail ? "broken"
                       : p.state == probe_state::warn ? "weak"
                                                      : "info";
    text += "<details class=\"" + std::string(tone) + "\"><summary><span class=\"chip\">" +
            html_text(word_of(p.state)) + "</span> <code>" + html_text(p.id) + "</code> " + html_text(kind) + ", " +
            html_text(word_of(p.role)) + ": " + html_text(p.target) + " <span class=\"quiet\">" + ms_text(p.ms) +
            "</span></summary><dl>" +
            (p.failed == failure::none
                 ? ""
                 : fact("error", std::string(word_of(p.failed)) +
                                     (p.error_number != 0 ? ", errno " + std::to_string(p.error_number) : "") +
                                     (p.said.empty() ? "" : ": " + p.said))) +
            (p.control.empty() ? "" : fact("control", p.control)) + w.rows + "</dl></details>\n";
  });
  return text;
}

std::string session_rows(const report& r) {
  const session_facts& s = r.seen.about;
  return "<dl>" + fact("session", s.id) + fact("started", s.started) + fact("took", ms_text(s.ms)) +
         fact("depth", std::string(word_of(s.how_deep))) +
         fact("bytes", std::to_string(s.sent) + " out, " + std::to_string(s.received) + " in") +
         fact("network", s.network.type + (s.network.ssid.empty() ? "" : ", " + s.network.ssid)) +
         fact("addresses", s.network.stack) + fact("router", s.network.gateway) +
         fact("name servers", joined(s.network.resolvers)) +
         (r.redactions > 0 ? fact("taken out", std::to_string(r.redactions) + " addresses and names stand for others")
                           : "") +
         "</dl>";
}

std::string moments(const report& r) {
  std::string rows;
  for (const moment& m : r.seen.timeline) rows += "<dt>" + ms_text(m.t_ms) + "</dt><dd>" + html_text(m.text) + "</dd>";
  return rows.empty() ? "" : "<dl>" + rows + "</dl>";
}

}  // namespace

std::string html_text(std::string_view text) {
  std::string made;
  while (!text.empty()) {
    const size_t n = utf8_size(text);
    const char c = text.front();
    if (n == 0)
      made += "\xEF\xBF\xBD";
    else if (c == '&')
      made += "&amp;";
    else if (c == '<')
      made += "&lt;";
    else if (c == '>')
      made += "&gt;";
    else if (c == '"')
      made += "&quot;";
    else if (c == '\'')
      made += "&#39;";
    else if (is_harmful(code_of(text.substr(0, n))) && c != '\n' && c != '\t')
      made += "\xEF\xBF\xBD";
    else
      made += text.substr(0, n);
    text.remove_prefix(std::max<size_t>(n, 1));
  }
  return made;
}

std::string render_html(const report& r) {
  std::string page =
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width\">"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">"
      "<meta name=\"color-scheme\" content=\"light dark\"><title>" +
      html_text(r.seen.about.target + ": " + std::string(name_of(r.headline().code))) + "</title><style>" +
      std::string(style) + "</style></head><body><main>\n";
  page += headline(r);
  page += section("The way to the server", path_picture(r));
  page += section("What else was found", other_findings(r));
  page += section("Round trips", latency_picture(r.seen));
  page += section("Loss", loss_picture(r.seen));
  page += section("Timeline", timeline_picture(r.seen) + moments(r));
  page += section("Everything that was seen", all_probes(r));
  page += section("The session", session_rows(r));
  return page + "</main></body></html>\n";
}

}  // namespace tharsis::sdt

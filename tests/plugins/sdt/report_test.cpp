#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "plugins/sdt/core/judge.h"
#include "plugins/sdt/core/observation_json.h"
#include "plugins/sdt/core/redact.h"
#include "plugins/sdt/core/report_html.h"
#include "plugins/sdt/core/report_json.h"
#include "plugins/sdt/core/report_schema.h"
#include "plugins/sdt/core/report_text.h"
#include "sdk/pure/json_value.h"
#include "tests/plugins/sdt/truth_cases.h"

using namespace tharsis;
using namespace tharsis::sdt;

namespace {

size_t count(const std::string& text, std::string_view what) {
  size_t n = 0;
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + 1)) ++n;
  return n;
}

// As much of JSON Schema as ours uses. Empty: it fits.
std::string misfit(const json_value& v, const json_value& schema, const std::string& at) {
  const auto is_type = [&](const std::string& t) {
    if (t == "object") return v.is(json_value::kind::group);
    if (t == "array") return v.is(json_value::kind::list);
    if (t == "string") return v.is(json_value::kind::text);
    if (t == "boolean") return v.is(json_value::kind::boolean);
    if (t == "integer") return v.is(json_value::kind::number) && v.number == static_cast<double>(static_cast<long long>(v.number));
    return t == "number" && v.is(json_value::kind::number);
  };
  if (const auto* t = schema.find("type"); t != nullptr && !is_type(t->text)) return at + " is no " + t->text;
  if (const auto* c = schema.find("const"); c != nullptr && v.text != c->text) return at + " is not " + c->text;
  if (const auto* all = schema.find("enum"); all != nullptr && std::none_of(all->items.begin(), all->items.end(), [&](const auto& w) { return w.text == v.text; }))
    return at + " is none of its words: " + v.text;
  if (const auto* least = schema.find("minimum"); least != nullptr && v.number < least->number) return at + " is too small";
  if (const auto* most = schema.find("maximum"); most != nullptr && v.number > most->number) return at + " is too large";
  if (const auto* needed = schema.find("required"))
    for (const auto& name : needed->items)
      if (v.find(name.text) == nullptr) return at + " lacks " + name.text;
  if (const auto* properties = schema.find("properties"))
    for (const auto& [name, inner] : properties->fields)
      if (const auto* field = v.find(name))
        if (auto why = misfit(*field, inner, at + "." + name); !why.empty()) return why;
  if (const auto* items = schema.find("items"))
    for (size_t i = 0; i < v.items.size(); ++i)
      if (auto why = misfit(v.items[i], *items, at + "[" + std::to_string(i) + "]"); !why.empty()) return why;
  if (const auto* choices = schema.find("oneOf")) {
    const auto fits = std::count_if(choices->items.begin(), choices->items.end(), [&](const auto& one) { return misfit(v, one, at).empty(); });
    if (fits != 1) return at + " fits " + std::to_string(fits) + " of its forms";
  }
  return "";
}

// Every tag that is opened is closed in order.
std::string unclosed(const std::string& page) {
  std::vector<std::string> open;
  for (size_t at = page.find('<'); at != std::string::npos; at = page.find('<', at + 1)) {
    const size_t end = page.find('>', at);
    if (end == std::string::npos) return "a tag without end";
    const std::string inner = page.substr(at + 1, end - at - 1);
    const std::string name = inner.substr(inner.starts_with('/'), inner.find_first_of(" /", 1) - inner.starts_with('/'));
    if (inner.ends_with('/') || name == "meta" || inner.starts_with('!')) continue;
    if (!inner.starts_with('/')) open.push_back(name);
    else if (open.empty() || open.back() != inner.substr(1)) return "</" + inner.substr(1) + "> closes " + (open.empty() ? "nothing" : open.back());
    else open.pop_back();
  }
  return open.empty() ? "" : open.back() + " stays open";
}

constexpr auto evil = "\"'><script>alert(1)</script><img src=http://evil.test/x onerror=alert(2)>\x1b[31m\u009b31m\u202e\u2066\x07\xFF";

report hostile() {
  observations seen = truth_cases()[0].make(1);
  for (auto& p : seen.connects) p.said = p.target = evil, p.failed = failure::other, p.state = probe_state::fail;
  for (auto& p : seen.handshakes) p.issuer = p.subject = evil, p.outcome = tls_outcome::unknown_ca, p.state = probe_state::fail;
  for (auto& p : seen.pages) p.location = p.via = evil, p.headers_added = {evil}, p.status = 302;
  seen.about.target = seen.about.host = seen.about.network.ssid = evil;
  seen.timeline = {{1, evil}};
  return judge(std::move(seen));
}

}  // namespace

TEST(Report, JsonIsOneLineThatFitsTheSchemaAndIsJudgedAgainAlike) {
  const auto schema = *parse_json(report_schema_text());
  for (const truth_case& c : truth_cases()) {
    const report r = judge(c.make(2));
    const std::string json = render_json(r);
    EXPECT_EQ(json.find('\n'), std::string::npos);
    const auto parsed = parse_json(json);
    ASSERT_TRUE(parsed) << c.name << ": " << parsed.failure().text;
    EXPECT_EQ(misfit(*parsed, schema, "report"), "") << c.name;
    EXPECT_EQ(parsed->find("headline")->find("code")->text, name_of(r.headline().code));
    const auto seen = parse_observations(json);
    ASSERT_TRUE(seen) << c.name << ": " << seen.failure().text;
    EXPECT_EQ(render_json(judge(*seen)), json) << c.name;
  }
}

TEST(Report, TheSchemaNoticesWhatDoesNotFit) {
  const auto schema = *parse_json(report_schema_text());
  std::string json = render_json(judge(truth_cases()[0].make(2)));
  const auto with = [&](std::string_view what, std::string_view instead) {
    std::string other = json;
    other.replace(other.find(what), what.size(), instead);
    return misfit(*parse_json(other), schema, "report");
  };
  EXPECT_NE(with("\"headline\"", "\"headlong\""), "");
  EXPECT_NE(with("\"code\":\"healthy\"", "\"code\":\"fine\""), "");
  EXPECT_NE(with("\"kind\":\"tcp\"", "\"kind\":\"pct\""), "");
  EXPECT_NE(with("\"mss\":1448", "\"mss\":-1"), "");
}

TEST(Report, ThePublishedSchemaIsTheOneOfTheProgram) {
  std::ifstream in("plugins/sdt/report.schema.json");
  std::stringstream published;
  published << in.rdbuf();
  EXPECT_EQ(published.str(), report_schema_text()) << "tharsis sdt schema > plugins/sdt/report.schema.json";
}

TEST(Report, TextFitsOnOneScreenAndHasColoursOnlyOnDemand) {
  for (const truth_case& c : truth_cases()) {
    const report r = judge(c.make(4));
    const std::string text = render_text(r, false);
    EXPECT_LE(count(text, "\n"), 24u) << text;
    EXPECT_EQ(count(text, "\033"), 0u);
    EXPECT_GT(count(render_text(r, true), "\033"), 2u);
    EXPECT_NE(text.find(name_of(r.headline().code)), std::string::npos);
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) EXPECT_LE(line.size(), 80u) << line;
  }
}

TEST(Report, HtmlIsWholeAndNeedsNothingFromOutside) {
  for (const truth_case& c : truth_cases()) {
    const std::string page = render_html(judge(c.make(4)));
    EXPECT_EQ(unclosed(page), "") << c.name;
    for (const char* outside : {" src=", " href=", "@import", "url(", "<script", "<link", "<iframe"}) EXPECT_EQ(count(page, outside), 0u) << c.name << outside;
    EXPECT_LT(page.size(), 400000u);
  }
}

TEST(Report, HostileWordsAreShownAndDoNothing) {
  const report r = hostile();
  const std::string page = render_html(r);
  EXPECT_EQ(count(page, "<script"), 0u);
  EXPECT_EQ(count(page, "<img"), 0u);
  EXPECT_EQ(unclosed(page), "");
  EXPECT_EQ(count(page, "\x1b"), 0u);
  EXPECT_GT(count(page, "&lt;script&gt;"), 3u);
  EXPECT_EQ(count(render_text(r, false), "\x1b"), 0u);
  EXPECT_EQ(count(render_line(r), "\x1b"), 0u);
  for (const std::string& shown : {page, render_text(r, false), render_line(r), render_json(r)})
    for (const char* obeyed : {"\u009b", "\u202e", "\u2066", "\x07"}) EXPECT_EQ(count(shown, obeyed), 0u) << shown;
  EXPECT_TRUE(parse_json(render_json(r)));
}

TEST(Report, EveryPlotKeepsInsideItsPictureWhateverTheNumbers) {
  observations seen = truth_cases()[0].make(1);
  for (auto& l : seen.losses) l.rtts_ms.assign(5000, 1e300), l.small_sent = l.small_lost = 4294967295u;
  for (auto& p : seen.connects) p.t0_ms = 1e300, p.ms = 1e300;
  const std::string page = render_html(judge(std::move(seen)));
  EXPECT_EQ(unclosed(page), "");
  EXPECT_LT(page.size(), 900000u);
}

// Goal: a report that is sent to somebody does not tell where one is, and still says the same. Method: no address of
// the whole one is in the redacted one; judged again it has the same verdicts.
TEST(Report, ARedactedReportTellsNoAddressAndTheSameVerdicts) {
  for (const truth_case& c : truth_cases()) {
    observations seen = c.make(6);
    seen.about.network.ssid = "Home of Smith";
    const report whole = judge(std::move(seen)), shown = redacted(whole);
    const std::string json = render_json(shown) + render_html(shown) + render_text(shown, false);
    for (const char* secret : {"198.51.100.", "192.0.2.", "203.0.113.", "2001:db8:11:", "2001:db8:12:", "Smith"})
      EXPECT_EQ(count(json, secret), 0u) << c.name << " " << secret;
    EXPECT_GT(shown.redactions, 0u);
    const report again = judge(shown.seen);
    ASSERT_EQ(again.verdicts.size(), whole.verdicts.size()) << c.name;
    for (size_t i = 0; i < again.verdicts.size(); ++i) {
      EXPECT_EQ(again.verdicts[i].code, whole.verdicts[i].code) << c.name;
      EXPECT_EQ(again.verdicts[i].confidence, whole.verdicts[i].confidence) << c.name;
    }
  }
}

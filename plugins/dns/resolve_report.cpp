#include "plugins/dns/resolve_report.h"

#include <cmath>
#include <cstdio>

#include "sdk/pure/address.h"
#include "sdk/pure/base64.h"
#include "sdk/pure/json.h"

namespace tharsis::dns {
namespace {

template <class List, class Write>
std::string json_list(const List& list, Write write) {
  std::string all;
  for (const auto& one : list) all += (all.empty() ? "" : ",") + write(one);
  return "[" + all + "]";
}

std::string json_of(const candidate& c, bool stale) {
  json_object one;
  one.add("address", ip_text(c.address)).add("port", c.address.port).add("source", c.source).add("proven", c.proven).add("stale", stale).add("why", c.why);
  if (!c.alpn.empty()) one.add("alpn", c.alpn);
  if (!c.ech.empty()) one.add("ech", base64_text(c.ech));
  return one.text();
}
std::string json_of(const refusal& r) {
  return json_object().add("address", ip_text(r.address)).add("source", r.source).add("why", r.why).text();
}
std::string json_of(const tharsis_address& a) { return json_text(ip_text(a)); }

std::string said(const findings& f) {
  switch (f.what) {
    case findings::kind::found: return "found";
    case findings::kind::no_data: return "no such record";
    case findings::kind::no_name: return "no such name";
    case findings::kind::failed: return f.why;
  }
  return f.why;
}

std::string json_of(const testimony& t) {
  return json_object()
      .add("source", t.source)
      .add("says", said(t.what))
      .add_raw("addresses", json_list(t.what.addresses, [](const auto& a) { return json_of(a); }))
      .add_raw("records", json_list(t.what.texts, [](const auto& r) { return json_text(r); }))
      .add("life_s", t.what.life)
      .add("forged", t.forged.size())
      .text();
}

double ms_of(duration d) { return std::round(static_cast<double>(d.count()) / 1e3) / 1e3; }

std::string line_of(const testimony& t) {
  std::string line = "\n  " + t.source + ": " + said(t.what);
  for (const auto& a : t.what.addresses) line += " " + ip_text(a);
  for (const auto& r : t.what.texts) line += " '" + r + "'";
  if (t.what.life > 0) line += ", for " + std::to_string(t.what.life) + " s";
  return t.forged.empty() ? line : line + ", against " + std::to_string(t.forged.size()) + " forged";
}

}  // namespace

std::string resolve_report::json() const {
  json_object o;
  o.add("name", name);
  o.add_raw("candidates", json_list(what.candidates, [this](const auto& c) { return json_of(c, what.stale); }));
  o.add_raw("refused", json_list(what.refused, [](const auto& r) { return json_of(r); }));
  o.add("verdict", what.verdict).add("ms", ms_of(took)).add("status", status_name(what.status)).add("reason", what.reason);
  if (has_records) o.add_raw("records", json_list(records, [](const auto& r) { return json_text(r); }));
  if (explain) o.add_raw("sources", json_list(heard, [](const auto& t) { return json_of(t); }));
  return o.text();
}

std::string resolve_report::text(size_t width) const {
  std::string out = name + std::string(width - name.size(), ' ');
  if (what.status != THARSIS_OK) {
    out += "  unresolved: " + what.reason;
  } else {
    for (const std::string& r : records) out += "  '" + r + "'";
    for (const candidate& c : what.candidates) out += "  " + (c.address.port != 0 ? to_text(c.address) : ip_text(c.address));
    char time[32];
    std::snprintf(time, sizeof time, "%.1f ms", static_cast<double>(took.count()) / 1e6);
    const std::string from = what.candidates.empty() ? std::string() : what.candidates[0].source + ", ";
    out += "  (" + from + what.verdict + (what.stale ? ", stale, " : ", ") + time + ")";
  }
  for (const refusal& r : what.refused) out += "\n  refused " + ip_text(r.address) + " from " + r.source + ": " + r.why;
  if (explain)
    for (const testimony& t : heard) out += line_of(t);
  return out;
}

}  // namespace tharsis::dns

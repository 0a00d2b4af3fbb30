#include "plugins/dns/cache_report.h"

#include <algorithm>

#include "sdk/pure/address.h"
#include "sdk/pure/json.h"

namespace tharsis::dns {
namespace {

int64_t whole_seconds(duration d) { return std::chrono::duration_cast<std::chrono::seconds>(d).count(); }
std::string name_text(const subject& about) { return about.name + (about.family == 0 ? "" : about.family == 4 ? " (IPv4)" : " (IPv6)"); }

std::string_view state_of(const cache::sight& s) {
  if (s.as == cache::use::nothing) return s.what.status == THARSIS_OK ? "kept" : "over";
  if (s.what.status != THARSIS_OK) return "negative";
  if (s.as == cache::use::stale || s.what.stale) return "stale";
  return s.as == cache::use::refresh ? "refresh" : "fresh";
}

// Who says it: of the first address, or of the whole.
std::string source_of(const cache::sight& s) {
  if (!s.what.candidates.empty() && !s.what.candidates[0].source.empty()) return s.what.candidates[0].source;
  return s.what.source == THARSIS_DNS_SYSTEM ? "system" : "servers";
}

bool is_proven(const cache::sight& s) {
  return s.what.status == THARSIS_OK ? std::all_of(s.what.candidates.begin(), s.what.candidates.end(), [](const candidate& c) { return c.proven; }) : s.what.trusted;
}

}  // namespace

std::string row_text(const cache::proof& p, instant now) {
  std::string text = name_text(p.about);
  for (const candidate& c : p.what.candidates) text += "  " + ip_text(c.address);
  const duration age = now - p.what.learned;
  text += "  " + p.what.candidates[0].source + ", " + std::to_string(whole_seconds(age)) + " s old, ";
  return text + (age < p.life ? "holds for " + std::to_string(whole_seconds(p.life - age)) + " s" : "stale");
}

std::string row_json(const cache::proof& p, instant now) {
  std::string addresses;
  for (const candidate& c : p.what.candidates)
    addresses += (addresses.empty() ? "" : ",") + json_object().add("address", ip_text(c.address)).add("port", c.address.port).add("source", c.source).text();
  const duration age = now - p.what.learned;
  return json_object()
      .add("name", p.about.name)
      .add("family", p.about.family)
      .add_raw("addresses", "[" + addresses + "]")
      .add("age", whole_seconds(age))
      .add("life", whole_seconds(p.life))
      .add("stale", age >= p.life)
      .text();
}


std::string row_text(const tls_proof& p, instant now) {
  return p.name + "  " + ip_text(p.at) + "  it has shown a certificate for the name on network " + p.network + ", counts for " + std::to_string(whole_seconds(p.until - now)) + " s";
}

std::string row_json(const tls_proof& p, instant now) {
  return json_object().add("name", p.name).add("shown_by", ip_text(p.at)).add("network", p.network).add("left", whole_seconds(p.until - now)).text();
}

std::string row_text(const cache::sight& s, instant now) {
  std::string text = name_text(s.about) + "  " + std::string(state_of(s));
  for (const candidate& c : s.what.candidates) text += "  " + ip_text(c.address);
  if (s.what.status != THARSIS_OK) text += "  " + s.what.reason;
  text += "  " + source_of(s) + (is_proven(s) ? ", proven, " : ", not proven, ");
  if (s.until == never) return text + "always";
  text += std::to_string(whole_seconds(now - s.what.learned)) + " s old, ";
  text += now < s.until ? "holds for " + std::to_string(whole_seconds(s.until - now)) + " s" : "over for " + std::to_string(whole_seconds(now - s.until)) + " s";
  return text + (s.of_before ? ", of a start or network of before" : "");
}

std::string row_json(const cache::sight& s, instant now, uint64_t generation) {
  std::string addresses;
  for (const candidate& c : s.what.candidates)
    addresses += (addresses.empty() ? "" : ",") +
                 json_object().add("address", ip_text(c.address)).add("port", c.address.port).add("source", c.source).add("proven", c.proven).add("why", c.why).text();
  json_object row;
  row.add("name", s.about.name).add("family", s.about.family).add("state", state_of(s)).add("source", source_of(s)).add("proven", is_proven(s));
  row.add_raw("addresses", "[" + addresses + "]").add("verdict", s.what.verdict).add("reason", s.what.reason);
  row.add("age", whole_seconds(now - s.what.learned));
  if (s.until == never) row.add_raw("left", "null");
  else row.add("left", whole_seconds(s.until - now));
  return row.add("network", s.of_before ? "before" : "this").add("generation", generation).text();
}

}  // namespace tharsis::dns

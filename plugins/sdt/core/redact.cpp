#include "plugins/sdt/core/redact.h"

#include <algorithm>
#include <cstdio>
#include <map>

#include "plugins/sdt/core/observation_fields.h"
#include "plugins/sdt/core/private_words.h"
#include "plugins/sdt/core/scene.h"
#include "sdk/pure/address.h"

namespace tharsis::sdt {
namespace {

class redactor {
 public:
  void operator()(std::string_view field, std::string& text) {
    const bool is_path = field == "location" && text.starts_with('/') && text.size() > 1;
    if (is_path) text = "/...", ++hidden_;
    else text = without_addresses(text);
  }
  void operator()(std::string_view, std::vector<std::string>& texts) {
    for (std::string& t : texts) t = without_addresses(t);
  }
  void operator()(std::string_view, std::vector<hop>& hops) {
    for (hop& h : hops) h.from = without_addresses(h.from);
  }
  template <class T>
  void operator()(std::string_view, T&) {}

  std::string without_addresses(const std::string& text);
  size_t count() const { return hosts_.size() + hidden_; }

  std::string kept;  // What a person asked about.

 private:
  // One that means no place and no person: unspecified, loopback, and what every house has.
  static bool tells_nothing(const tharsis_address& a) {
    return is_loopback(a) || ip_text(a) == "::" || (a.family == 4 && leads_nowhere(ip_text(a)));
  }
  std::string other(const tharsis_address& a);
  std::string run_of_addresses(std::string_view run);

  size_t hidden_ = 0;  // Whatever is no address of IP.
  std::map<std::string, std::string> hosts_;  // What stands for each address.
  std::map<std::string, size_t> networks_, within_;
};

std::string redactor::other(const tharsis_address& a) {
  if (tells_nothing(a)) return ip_text(a);
  const std::string whole = ip_text(a);
  if (const auto known = hosts_.find(whole); known != hosts_.end()) return known->second;
  const bool v6 = a.family == 6;
  const std::string kind = !v6 ? "198." : leads_nowhere(whole) ? "fd00:" : "2001:db8:";
  const std::string key = kind + std::string(reinterpret_cast<const char*>(a.ip), v6 ? 6 : 3);
  const size_t network = networks_.try_emplace(key, networks_.size()).first->second;
  const size_t host = ++within_[key];
  char made[64];
  if (v6)
    std::snprintf(made, sizeof made, "%s%zx::%zx", kind.c_str(), network & 0xFFFF, host & 0xFFFF);
  else
    std::snprintf(made, sizeof made, "198.%zu.%zu.%zu", 18 + (network >> 8 & 1), network & 255, host & 255);
  return hosts_[whole] = made;
}

// An address is a run of hexadecimal digits, dots and colons; a port may hang on it, and a word with a colon before it.
std::string redactor::run_of_addresses(std::string_view run) {
  size_t tail = run.size();
  while (tail > 0 && (run[tail - 1] == '.' || (run[tail - 1] == ':' && !run.substr(0, tail).ends_with("::")))) --tail;
  const std::string_view core = run.substr(0, tail);
  const size_t colon = core.find(':');
  if (is_hardware_address(core, ':')) return ++hidden_, "00:00:00:00:00:00" + std::string(run.substr(tail));
  if (const auto whole = parse_ip(core)) return other(*whole) + std::string(run.substr(tail));
  if (colon == core.npos) return std::string(run);
  if (const auto v4 = parse_ip(core.substr(0, colon))) return other(*v4) + std::string(run.substr(colon));
  return std::string(run.substr(0, colon + 1)) + run_of_addresses(run.substr(colon + 1));
}

std::string redactor::without_addresses(const std::string& text) {
  constexpr std::string_view letters = "0123456789abcdefABCDEF.:";
  const std::string open = without_private_words(text, kept, hidden_);
  std::string made;
  for (size_t at = 0; at < open.size();) {
    const std::string_view rest = std::string_view(open).substr(at);
    const size_t end = std::min(rest.find_first_not_of(letters), rest.size());
    made += end == 0 ? std::string(rest.substr(0, 1)) : run_of_addresses(rest.substr(0, end));
    at += std::max<size_t>(end, 1);
  }
  return made;
}

void redact_network(redactor& r, session_facts& s) {
  r.kept = s.host;
  fields(r, s.network);
  if (!s.network.ssid.empty()) s.network.ssid = "hidden";
  s.network.id_hash.clear();  // Whoever guesses the network's name can hash it, too.
  r("", s.target), r("", s.host);
}

}  // namespace

report redacted(report whole) {
  redactor r;
  redact_network(r, whole.seen.about);
  for_each_kind([&](const auto& kind) {
    for (auto& p : whole.seen.*kind.all) {
      fields(r, p);
      r("", p.target), r("", p.said);
    }
  });
  for (moment& m : whole.seen.timeline) r("", m.text);
  for (verdict& v : whole.verdicts) r("", v.sentence), r("", v.advice), r("", v.detail), r("", v.act.args);
  whole.redactions += r.count() + (whole.seen.about.network.ssid.empty() ? 0 : 1);
  return whole;
}

}  // namespace tharsis::sdt

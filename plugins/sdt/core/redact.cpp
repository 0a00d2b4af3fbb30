#include "plugins/sdt/core/redact.h"

#include <algorithm>
#include <cstdio>
#include <map>
#include <utility>

#include "plugins/sdt/core/observation_fields.h"
#include "plugins/sdt/core/private_words.h"
#include "plugins/sdt/core/scene.h"
#include "sdk/pure/address.h"

namespace tharsis::sdt {
namespace {

class redactor {
 public:
  void operator()(std::string_view field, std::string& text) {
    if (field == "location" && is_place_in_site(text)) text = "/...", ++hidden_;
    else if (field == "subject" && is_somebody_else(text)) text = "hidden", ++hidden_;
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

  // What stands in a field of its own here may stand in sentences as well: before anything is taken out of `all`.
  void learn(const observations& all);
  std::string without_addresses(const std::string& text);
  size_t count() const { return hosts_.size() + hidden_; }

  std::string kept;  // What a person asked about.

 private:
  // One that means no place and no person: unspecified, loopback, and what every house has.
  static bool tells_nothing(const tharsis_address& a) {
    return is_loopback(a) || ip_text(a) == "::" || (a.family == 4 && leads_nowhere(ip_text(a)));
  }
  // A Location that is no URL is a path, or what stands behind one: "/guest/ann", "login.php;user=ann".
  static bool is_place_in_site(std::string_view location) { return location.size() > 1 && location.find("://") == location.npos; }
  // Whoever made the certificate himself has called it as his machine, or himself.
  bool is_somebody_else(std::string_view subject) const {
    return !subject.empty() && subject != "hidden" && std::none_of(asked_.begin(), asked_.end(), [&](const std::string& host) { return names(subject, host); });
  }
  static bool names(std::string_view subject, std::string_view host);
  std::string other(const tharsis_address& a);
  std::string run_of_addresses(std::string_view run);
  std::string without_quads(std::string_view text, char between);  // A date and a time ("2026-11-27-13-45-10") is none.
  std::string without_learned(std::string text);

  // A diagnosis asks for a few dozen pages and certificates; a report that somebody forged may say more.
  static constexpr size_t learned_most = 256;

  size_t hidden_ = 0;  // Whatever is no address of IP.
  std::vector<std::string> asked_;  // Hosts whose certificates were asked for.
  std::vector<std::pair<std::string, std::string>> learned_;  // And what stands for each, the longest first.
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
  if (colon == core.npos) return without_quads(run, '.');
  if (const auto v4 = parse_ip(core.substr(0, colon))) return other(*v4) + std::string(run.substr(colon));
  return without_quads(run.substr(0, colon + 1), '.') + run_of_addresses(run.substr(colon + 1));
}

constexpr std::string_view figures = "0123456789";
bool is_figure(char c) { return c >= '0' && c <= '9'; }
bool belongs_to_word(char c) { return is_figure(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// "203.0.113.77", or "203-0-113-77" as the names of lines have it: how long it is; 0: none begins here.
size_t quad(std::string_view text, char between) {
  size_t at = 0;
  for (int part = 0; part < 4; ++part) {
    if (part > 0 && (at >= text.size() || text[at++] != between)) return 0;
    const size_t begin = at;
    while (at < text.size() && is_figure(text[at])) ++at;
    if (at == begin || at - begin > 3) return 0;
  }
  return at;
}

// "2026-11-27-13-45-10": is it behind a year?
bool is_in_date(std::string_view text, size_t at) {
  constexpr size_t longest = 16;  // Up to the seconds; no text of a stranger is looked through again and again.
  const std::string_view near = text.substr(at > longest ? at - longest : 0, std::min(at, longest));
  const size_t before = near.find_last_not_of("0123456789-");
  const std::string_view run = near.substr(before == near.npos ? 0 : before + 1);
  return run.find_first_not_of("0123456789") == 4 && run.ends_with('-');
}

// Also those that stand within a name: "a203.0.113.77.dsl.example.net".
std::string redactor::without_quads(std::string_view text, char between) {
  std::string made;
  size_t kept_to = 0;
  // What begins anywhere but at the first figure of a number is none.
  for (size_t at = text.find_first_of(figures); at != text.npos; at = text.find_first_of(figures, at)) {
    const size_t size = is_in_date(text, at) ? 0 : quad(text.substr(at), between);
    if (size == 0) {
      at = std::min(text.find_first_not_of(figures, at), text.size());
      continue;
    }
    std::string dotted(text.substr(at, size));
    std::replace(dotted.begin(), dotted.end(), between, '.');
    if (const auto ip = parse_ip(dotted)) dotted = other(*ip);
    std::replace(dotted.begin(), dotted.end(), '.', between);
    made.append(text.substr(kept_to, at - kept_to)) += dotted;
    kept_to = at += size;
  }
  return made.append(text.substr(kept_to));
}

// "CN=im.example.com,O=Example", "CN=*.example.com" and "CN=example.com" name im.example.com.
bool redactor::names(std::string_view subject, std::string_view host) {
  if (host.empty()) return false;
  for (size_t at = 0; at < subject.size();) {
    const size_t end = std::min(subject.find(',', at), subject.size());
    std::string_view name = subject.substr(at, end - at);
    at = end + 1;
    if (!name.starts_with("CN=")) continue;
    name.remove_prefix(name.starts_with("CN=*.") ? 5 : 3);
    if (name == host || is_beneath(host, name)) return true;
  }
  return false;
}

void redactor::learn(const observations& all) {
  kept = all.about.host;
  asked_ = {all.about.host};
  for (const tls_probe& t : all.handshakes) asked_.push_back(t.sni);
  for (const http_probe& p : all.pages)
    if (is_place_in_site(p.location)) learned_.emplace_back(p.location, "/...");
  for (const tls_probe& t : all.handshakes)
    if (is_somebody_else(t.subject)) learned_.emplace_back(t.subject, "hidden");
  std::sort(learned_.begin(), learned_.end(), [](const auto& a, const auto& b) { return std::pair(b.first.size(), a.first) < std::pair(a.first.size(), b.first); });
  learned_.erase(std::unique(learned_.begin(), learned_.end()), learned_.end());
  if (learned_.size() > learned_most) learned_.resize(learned_most);
}

// As whole words: what a server calls its page "e" leaves sentences as they are.
std::string redactor::without_learned(std::string text) {
  const auto stands_alone = [&](size_t at, size_t size) {
    return (at == 0 || !belongs_to_word(text[at - 1])) && (at + size == text.size() || !belongs_to_word(text[at + size]));
  };
  for (const auto& [word, instead] : learned_)
    for (size_t at = text.find(word); at != text.npos; at = text.find(word, at)) {
      if (!stands_alone(at, word.size()) || kept.find(word) != kept.npos) {
        ++at;
        continue;
      }
      text.replace(at, word.size(), instead);
      at += instead.size();
      ++hidden_;
    }
  return text;
}

std::string redactor::without_addresses(const std::string& text) {
  constexpr std::string_view letters = "0123456789abcdefABCDEF.:";
  const std::string open = without_quads(without_private_words(without_learned(text), kept, hidden_), '-');
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
  fields(r, s.network);
  if (!s.network.ssid.empty()) s.network.ssid = "hidden";
  s.network.id_hash.clear();  // Whoever guesses the network's name can hash it, too.
  r("", s.target), r("", s.host);
}

}  // namespace

report redacted(report whole) {
  redactor r;
  r.learn(whole.seen);
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

std::string log_text(std::string_view sentence, std::string_view host) {
  size_t hidden = 0;
  return without_private_words(sentence, host, hidden);
}

std::string log_text(const action& a, std::string_view host) {
  action shown = a;
  for (std::string& one : shown.args) one = log_text(one, host);
  return shown.text();
}

}  // namespace tharsis::sdt

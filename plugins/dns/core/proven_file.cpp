#include "plugins/dns/core/proven_file.h"

#include <algorithm>
#include <optional>
#include <span>
#include <utility>

#include "sdk/pure/address.h"
#include "sdk/pure/dns_name.h"
#include "sdk/pure/hex_text.h"
#include "sdk/pure/sha256.h"
#include "sdk/pure/url.h"
#include "sdk/pure/views.h"
#include "sdk/pure/whole_number.h"

namespace tharsis::dns {
namespace {

constexpr std::string_view head_line = "tharsis dns proven 2\n";
constexpr std::string_view end_word = "end ", shown_word = "+tls ";
// What addresses have shown takes no more than a quarter of the file: names come first.
constexpr size_t shown_max = proven_file_max / 4;
constexpr size_t sum_digits = 16, end_line_max = 32;
constexpr int64_t life_max = int64_t{365} * 24 * 3600;
constexpr const char* why = "a trusted server said so before this start";

std::string sum_of(std::string_view text) {
  sha256_sum sum;
  sum.add(text.data(), text.size());
  const auto digest = sum.digest();
  return hex_text(std::span(digest).first(sum_digits / 2));
}

std::string_view cut(std::string_view& text, char at) {
  const std::string_view part = text.substr(0, text.find(at));
  text.remove_prefix(std::min(text.size(), part.size() + 1));
  return part;
}

int64_t whole_seconds(duration d) { return std::chrono::duration_cast<std::chrono::seconds>(d).count(); }

// Without its sum. Empty: nothing of it is worth a line.
std::string line_of(const cache::proof& p, instant now, int64_t wall) {
  std::string line = p.about.name + " " + std::to_string(p.about.family) + " " + std::to_string(wall - whole_seconds(now - p.what.learned)) + " " +
                     std::to_string(std::clamp(whole_seconds(p.life), int64_t{0}, life_max));
  bool any = false;
  for (const candidate& c : p.what.candidates) {
    if (!c.proven || c.source.empty() || c.source.find_first_of(" |\n") != std::string::npos) continue;
    line += " " + place_text(c.address) + "|" + c.source;
    any = true;
  }
  return any ? line : std::string();
}

std::string line_of(const tls_proof& p, instant now, int64_t wall) {
  const std::string network = hex_text(as_bytes(p.network));
  const auto when = [&](instant t) { return " " + std::to_string(wall + whole_seconds(t - now)); };
  return std::string(shown_word) + network + " " + p.name + " " + ip_text(p.at) + when(p.until) + (p.certificate_until == never ? std::string() : when(p.certificate_until));
}

std::optional<tls_proof> shown_of(std::string_view line, instant now, int64_t wall) {
  line.remove_prefix(shown_word.size());
  const std::string_view hex = cut(line, ' ');
  std::string network(hex.size() / 2, '\0');
  const bool in_hex = read_hex(hex, std::span(reinterpret_cast<uint8_t*>(network.data()), network.size()));
  const auto name = canonical_name(cut(line, ' '));
  const auto at = parse_ip(cut(line, ' '));
  const auto until = whole_number<int64_t>(cut(line, ' '));
  const bool certificate_ends = !line.empty();
  const auto end = certificate_ends ? whole_number<int64_t>(line) : 0;
  if (!in_hex || network.empty() || !name || !at || !until || *until < 0 || !end || *end < 0) return {};
  const auto when = [&](int64_t second) { return now + std::chrono::seconds(std::clamp(second - wall, int64_t{0}, life_max)); };
  return tls_proof{std::move(network), *name, *at, when(*until), certificate_ends ? when(*end) : never};
}

std::optional<cache::proof> proof_of(std::string_view line, instant now, int64_t wall) {
  const auto name = canonical_name(cut(line, ' '));
  const auto family = whole_number<uint32_t>(cut(line, ' '));
  const auto learned = whole_number<int64_t>(cut(line, ' '));
  const auto life = whole_number<int64_t>(cut(line, ' '));
  if (!name || !family || (*family != 0 && *family != 4 && *family != 6) || !learned || *learned < 0 || !life || *life < 0 || *life > life_max) return {};
  cache::proof p{{*name, *family}, {}, std::chrono::seconds(*life)};
  p.what.source = THARSIS_DNS_SERVERS;
  p.what.verdict = word(finding::proven);
  p.what.trusted = true;
  const int64_t age = std::clamp(wall - *learned, int64_t{0}, life_max);
  p.what.learned = now - std::chrono::seconds(age);
  while (!line.empty()) {
    std::string_view one = cut(line, ' ');
    const auto address = parse_place(cut(one, '|'));
    if (!address || one.empty() || p.what.addresses.size() >= found_max) return {};
    p.what.addresses.push_back(*address);
    p.what.candidates.push_back({*address, std::string(one), true, why});
  }
  if (p.what.addresses.empty()) return {};
  return p;
}

}  // namespace

proven_records read_proven(std::string_view text, instant now, int64_t wall) {
  proven_records r;
  const auto wrong = [&r](std::string what) { r.damage = {THARSIS_E_PROTOCOL, std::move(what)}; return std::move(r); };
  if (!text.starts_with(head_line)) return wrong("it does not begin as a file of proven names does");
  text.remove_prefix(head_line.size());
  for (size_t number = 2; text.find('\n') != std::string_view::npos; ++number) {
    std::string_view line = cut(text, '\n');
    if (line.starts_with(end_word)) {
      const bool all = whole_number<size_t>(line.substr(end_word.size())) == r.whole.size() + r.shown.size() && text.empty();
      return all ? std::move(r) : wrong("line " + std::to_string(number) + ": its end is not where it says");
    }
    const std::string_view sum = cut(line, ' ');
    bool good = sum == sum_of(line);
    if (good && line.starts_with(shown_word)) {
      auto p = shown_of(line, now, wall);
      if ((good = p.has_value())) r.shown.push_back(std::move(*p));
    } else if (good) {
      auto p = proof_of(line, now, wall);
      if ((good = p.has_value())) r.whole.push_back(std::move(*p));
    }
    if (!good) return wrong("line " + std::to_string(number) + " is damaged");
  }
  return wrong("it is cut: there is no line 'end'");
}

void keep_vouched(proven_records& r, instant now, const std::function<bool(const std::string& name, const std::string& source)>& is_vouched) {
  for (cache::proof& p : r.whole) {
    const auto has_shown = [&](const candidate& c) {
      return std::any_of(r.shown.begin(), r.shown.end(), [&](const tls_proof& s) { return s.name == p.about.name && same_ip(s.at, c.address) && now < s.until; });
    };
    auto& list = p.what.candidates;
    std::erase_if(list, [&](const candidate& c) { return !is_vouched(p.about.name, c.source) && !has_shown(c); });
    std::erase_if(p.what.addresses, [&](const tharsis_address& a) { return std::none_of(list.begin(), list.end(), [&](const candidate& c) { return same_ip(c.address, a); }); });
  }
  std::erase_if(r.whole, [](const cache::proof& p) { return p.what.addresses.empty(); });
}

std::string proven_line(std::string_view text) { return sum_of(text) + " " + std::string(text) + "\n"; }

std::string write_proven(const cache& from, const std::vector<tls_proof>& shown, instant now, int64_t wall) {
  std::string text(head_line), beside;
  size_t count = 0;
  for (const tls_proof& p : shown) {
    const std::string line = proven_line(line_of(p, now, wall));
    if (beside.size() + line.size() > shown_max) break;
    beside += line;
    ++count;
  }
  from.each_proven(now, [&](const cache::proof& p) {
    const std::string line = line_of(p, now, wall);
    if (line.empty()) return true;
    if (text.size() + beside.size() + sum_digits + 2 + line.size() + end_line_max > proven_file_max) return false;
    text += proven_line(line);
    ++count;
    return true;
  });
  return text + beside + std::string(end_word) + std::to_string(count) + "\n";
}

}  // namespace tharsis::dns

#include "plugins/sdt/core/claim.h"

#include <algorithm>
#include <cmath>

#include "plugins/sdt/core/verdict_table.h"

namespace tharsis::sdt {
namespace {

constexpr double cap_alone = 0.6, cap_contrast = 0.85, cap_mechanism = 0.97;
constexpr double likely_from = 0.7, proven_from = 0.9;

}  // namespace

claim::claim(verdict_code code, double prior) : log_odds_(prior) {
  const verdict_entry& entry = entry_of(code);
  made_.code = code;
  made_.who = entry.who;
  made_.information = entry.information;
}

void claim::note(std::vector<std::string>& into, const probe& seen) {
  if (!seen.id.empty() && std::find(into.begin(), into.end(), seen.id) == into.end()) into.push_back(seen.id);
}

claim& claim::because(const probe& seen, double weight) {
  note(made_.evidence, seen);
  log_odds_ += weight;
  return *this;
}
claim& claim::unlike(const probe& control, double weight) {
  contrast_ = true;
  return because(control, weight);
}
claim& claim::again(const probe& seen, double weight) { return unlike(seen, weight); }
claim& claim::despite(const probe& seen, double weight) {
  note(made_.against, seen);
  log_odds_ -= weight;
  return *this;
}
claim& claim::proven_by(const probe& seen, double weight) {
  mechanism_ = true;
  return because(seen, weight);
}
claim& claim::contrast(double weight) {
  contrast_ = true;
  log_odds_ += weight;
  return *this;
}
claim& claim::proven() {
  mechanism_ = true;
  log_odds_ += 6;
  return *this;
}

claim& claim::with(std::string_view place, std::string word) {
  words_.emplace_back("{" + std::string(place) + "}", std::move(word));
  return *this;
}
claim& claim::detail(std::string text) {
  if (text.empty()) return *this;
  made_.detail += (made_.detail.empty() ? "" : "; ") + text;
  return *this;
}
claim& claim::blames(blame who) {
  made_.who = who;
  return *this;
}
claim& claim::is_information() {
  made_.information = true;
  return *this;
}
claim& claim::asks_for(std::string name, std::vector<std::string> args) {
  made_.act = {std::move(name), std::move(args)};
  return *this;
}

double claim::confidence() const {
  const double sum = 1 / (1 + std::exp(-log_odds_));
  return std::min(sum, mechanism_ ? cap_mechanism : contrast_ ? cap_contrast : cap_alone);
}

std::string claim::filled(std::string_view sentence, const session_facts& about) const {
  auto words = words_;
  words.emplace_back("{target}", about.target.empty() ? "the target" : about.target);
  words.emplace_back("{host}", about.host.empty() ? "the host" : about.host);
  words.emplace_back("{port}", std::to_string(about.port));
  std::string text;
  while (!sentence.empty()) {
    const auto place =
        std::find_if(words.begin(), words.end(), [&](const auto& w) { return sentence.starts_with(w.first); });
    text += place == words.end() ? std::string(1, sentence.front()) : place->second;
    sentence.remove_prefix(place == words.end() ? 1 : place->first.size());
  }
  return text;
}

verdict claim::take(const session_facts& about) const {
  const verdict_entry& entry = entry_of(made_.code);
  verdict v = made_;
  v.confidence = std::round(confidence() * 100) / 100;
  v.how = mechanism_ && v.confidence >= proven_from ? certainty::proven
          : v.confidence >= likely_from             ? certainty::likely
                                                    : certainty::possible;
  v.sentence = filled(entry.sentence, about);
  v.advice = filled(entry.advice, about);
  if (v.detail.empty()) v.detail = std::string(entry.evidence);
  return v;
}

}  // namespace tharsis::sdt

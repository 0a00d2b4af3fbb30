#include "plugins/sdt/core/healing.h"

#include <algorithm>

namespace tharsis::sdt {
namespace {

constexpr std::string_view remedies[] = {"clamp_mss", "prefer_v4", "prefer_v6", "ban_address", "avoid_udp", "change_port", "open_portal", "use_doh"};
constexpr double sure_enough = 0.8;  // Below that a remedy is as likely to do harm.
constexpr size_t at_once = 16;

// It was given up, or mixed up: it says nothing about what is gone.
bool teaches_nothing(const report& r) {
  const verdict_code code = r.headline().code;
  return r.seen.about.cancelled || r.seen.about.network_changed || code == verdict_code::inconclusive || code == verdict_code::cancelled ||
         code == verdict_code::budget_exhausted;
}

}  // namespace

bool is_remedy(const action& a) { return std::find(std::begin(remedies), std::end(remedies), a.name) != std::end(remedies); }

void healing::on_report(const report& r, instant now) {
  if (settings_.policy == heal_policy::off || teaches_nothing(r)) return;
  const session_facts& about = r.seen.about;
  const auto still = [&](const remedy& m) {
    return std::any_of(r.verdicts.begin(), r.verdicts.end(), [&](const verdict& v) { return v.code == m.cause; });
  };
  for (size_t i = in_force_.size(); i-- > 0;) {
    const remedy& m = in_force_[i].what;
    if (m.target == about.target && about.how_deep >= m.how_deep && !still(m)) end(i, "its cause is gone");
  }
  for (const verdict& v : r.verdicts) {
    if (v.information || v.confidence < sure_enough || !is_remedy(v.act)) continue;
    begin({v.act, v.code, about.target, about.host, about.how_deep, v.sentence}, now);
  }
}

void healing::begin(remedy what, instant now) {
  const auto same = std::find_if(in_force_.begin(), in_force_.end(), [&](const force& f) { return f.what.cause == what.cause && f.what.target == what.target; });
  if (same != in_force_.end() && same->what.what.text() != what.what.text()) end(static_cast<size_t>(same - in_force_.begin()), "another one is better");
  else if (same != in_force_.end()) {
    steps_.push_back({true, what, {}});
    same->until = later(now, settings_.life);
    same->look_at = later(now, settings_.recheck);
    return;
  }
  if (in_force_.size() >= at_once) return;
  steps_.push_back({true, what, {}});
  in_force_.push_back({std::move(what), later(now, settings_.life), later(now, settings_.recheck)});
}

void healing::end(size_t index, std::string why) {
  steps_.push_back({false, std::move(in_force_[index].what), std::move(why)});
  in_force_.erase(in_force_.begin() + static_cast<std::ptrdiff_t>(index));
}

void healing::on_network() {
  while (!in_force_.empty()) end(in_force_.size() - 1, "the network is another one");
}

void healing::on_deadline(instant now) {
  for (size_t i = in_force_.size(); i-- > 0;) {
    if (now >= in_force_[i].until) {
      end(i, "nobody has seen its cause for a while");
    } else if (now >= in_force_[i].look_at) {
      in_force_[i].look_at = later(now, settings_.recheck);
      if (!look_) look_.emplace(look{in_force_[i].what.target, in_force_[i].what.how_deep});
    }
  }
}

instant healing::deadline() const {
  instant next = never;
  for (const force& f : in_force_) next = std::min({next, f.until, f.look_at});
  return next;
}

}  // namespace tharsis::sdt

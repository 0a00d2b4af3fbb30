#include "plugins/sdt/core/healing.h"

#include <algorithm>

#include "plugins/sdt/core/verdict_table.h"

namespace tharsis::sdt {
namespace {

constexpr std::string_view remedies[] = {"clamp_mss", "prefer_v4", "prefer_v6", "ban_address", "avoid_udp", "change_port", "open_portal", "use_doh"};
constexpr double sure_enough = 0.8;  // Below that a remedy is as likely to do harm.
constexpr size_t at_once = 16;
constexpr int knocks_most = 5;          // Times `knock` between two,
constexpr int64_t part_of_its_time = 30;  // and as a part of the time that it lasts: a person takes half a minute for a form.

bool is_portal(const remedy& r) { return r.what.name == "open_portal"; }

std::vector<std::string> lies_in(const observations& seen) {
  std::vector<std::string> lies;
  for (const connect_probe& c : seen.connects)
    if (c.role == probe_role::answered && std::find(lies.begin(), lies.end(), c.to) == lies.end()) lies.push_back(c.to);
  return lies;
}

// Else what this network's resolver says and the truth does not is a CDN's choice.
bool is_lie(verdict_code cause) {
  constexpr verdict_code lies[] = {verdict_code::dns_hijack_resolver, verdict_code::dns_injection_onpath, verdict_code::dns_intercepted_port53,
                                   verdict_code::dns_nxdomain_wildcard, verdict_code::dns_bogus_private_answer, verdict_code::dns_false_nxdomain};
  return std::find(std::begin(lies), std::end(lies), cause) != std::end(lies);
}

// Who proves his name is kept away, too: without the others no name would be known at all, and many networks answer for port 53.
bool has_only_liars(const report& r) {
  bool proved = false, others = false;
  for (const name_probe& n : r.seen.names)
    if (n.rcode >= 0) (is_encrypted(n.over) ? proved : others) = true;
  return r.seen.about.has_truth && others && !proved;
}

// The judge goes from the device outwards and ends at these: of what lies behind nothing is said, whether it is gone or not.
bool hides(const verdict& found, verdict_code cause) {
  constexpr verdict_code last_words[] = {verdict_code::airplane_or_radio_off, verdict_code::no_interface, verdict_code::no_address, verdict_code::no_default_route,
                                         verdict_code::gateway_unreachable, verdict_code::multi_default_wrong, verdict_code::captive_portal, verdict_code::proxy_required,
                                         verdict_code::internet_unreachable};
  return std::find(std::begin(last_words), std::end(last_words), found.code) != std::end(last_words) && entry_of(found.code).rank < entry_of(cause).rank;
}

// Who ran out of bytes has left out what costs most: sizes.
bool could_see(const report& r, verdict_code cause) {
  return !r.seen.about.budget_spent && std::none_of(r.verdicts.begin(), r.verdicts.end(), [&](const verdict& v) { return hides(v, cause); });
}

// Of what is no fault one thing is worth a step: an address that is dead while the name's others work.
bool asks_for_something(const verdict& v) {
  return v.confidence >= sure_enough && is_remedy(v.act) && (!v.information || v.act.name == "ban_address");
}

// How deeply it is looked again. None of the causes takes a full line to be seen, and nobody asked for the 20 MB of that each time; a
// name may have a dead address for ever, and a SYN to each of them (20 KB with all the rest) shows it.
depth looked_at(const action& a, depth found_at) { return std::min(found_at, a.name == "ban_address" ? depth::light : depth::medium); }

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
    if (m.target == about.target && about.how_deep >= m.how_deep && !still(m) && could_see(r, m.cause)) end(i, "its cause is gone");
    else if (m.what.name == "use_doh" && m.target == about.target && has_only_liars(r)) end(i, "nobody who proves his name answers");
  }
  for (const verdict& v : r.verdicts) {
    if (!asks_for_something(v)) continue;
    if (v.act.name == "use_doh" && has_only_liars(r)) continue;
    begin({v.act, v.code, about.target, about.host, looked_at(v.act, about.how_deep), v.sentence, v.act.name == "use_doh" && is_lie(v.code) ? lies_in(r.seen) : std::vector<std::string>()}, now);
  }
}

void healing::begin(remedy what, instant now) {
  const auto same = std::find_if(in_force_.begin(), in_force_.end(), [&](const force& f) { return f.what.cause == what.cause && f.what.target == what.target; });
  if (same != in_force_.end() && same->what.what.text() != what.what.text()) end(static_cast<size_t>(same - in_force_.begin()), "another one is better");
  else if (same != in_force_.end()) {
    steps_.push_back({true, what, {}});
    same->until = later(now, settings_.life);
    same->look_at = due(settings_.recheck, now);
    return;
  }
  if (in_force_.size() >= at_once) return;
  steps_.push_back({true, what, {}});
  const instant knock_at = is_portal(what) ? due(settings_.knock, now) : never;
  in_force_.push_back({std::move(what), later(now, settings_.life), due(settings_.recheck, now), knock_at, now});
}

void healing::end(size_t index, std::string why) {
  steps_.push_back({false, std::move(in_force_[index].what), std::move(why)});
  in_force_.erase(in_force_.begin() + static_cast<std::ptrdiff_t>(index));
}

void healing::on_network() {
  while (!in_force_.empty()) end(in_force_.size() - 1, "the network is another one");
}

void healing::on_known_page() {
  for (size_t i = in_force_.size(); i-- > 0;)
    if (is_portal(in_force_[i].what)) end(i, "its cause is gone: a page that is known comes as it is");
}

void healing::on_deadline(instant now) {
  for (size_t i = in_force_.size(); i-- > 0;) {
    force& f = in_force_[i];
    if (now >= f.until) {
      end(i, "nobody has seen its cause for a while");
      continue;
    }
    if (now >= f.look_at) {
      f.look_at = later(now, settings_.recheck);
      if (!look_) look_.emplace(look{f.what.target, f.what.how_deep});
    }
    if (now >= f.knock_at) {
      knock_ = true;
      f.knock_at = later(now, std::clamp((now - f.since) / part_of_its_time, settings_.knock, knocks_most * settings_.knock));
    }
  }
}

instant healing::deadline() const {
  instant next = never;
  for (const force& f : in_force_) next = std::min({next, f.until, f.look_at, f.knock_at});
  return next;
}

}  // namespace tharsis::sdt

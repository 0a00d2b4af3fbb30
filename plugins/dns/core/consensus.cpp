#include "plugins/dns/core/consensus.h"

#include <algorithm>
#include <utility>

#include "plugins/dns/core/address_rules.h"
#include "plugins/dns/core/domain_rules.h"
#include "sdk/pure/address.h"

namespace tharsis::dns {
namespace {

using testimonies = std::vector<const testimony*>;

bool found(const testimony& t) { return t.what.what == findings::kind::found; }
bool found_none(const testimony& t) { return t.what.what == findings::kind::no_data || t.what.what == findings::kind::no_name; }

// Of names that the network itself has private addresses are as good as others.
bool is_networks_own(const question& q, const beliefs& known) { return is_local_name(q.name) || (known.rule != nullptr && known.rule->local); }

// Why it is not the name's, if it is `source` that gives it; empty: it may be. Where a trusted server gives it (`vouched`), and another's
// certificate is there, it is the way there that lies. `others`: there are other addresses.
std::string why_not(const question& q, trust mode, const beliefs& known, const tharsis_address& a, std::string_view source, bool vouched, bool others = true) {
  if (std::string why = why_forbidden(known.rule, a); !why.empty()) return why;
  if (is_this_machine(q.name) && !is_loopback(a)) return "the name means this machine";
  if (mode == trust::open) return {};
  if (const beliefs::refuted* const r = vouched ? nullptr : known.against(a, source); r != nullptr && (r->sure || others)) return r->why;
  return is_networks_own(q, known) ? std::string() : why_bogus(known.rule, a);
}

bool is_among(const std::vector<candidate>& list, const tharsis_address& a) {
  return std::any_of(list.begin(), list.end(), [&](const candidate& c) { return same_ip(c.address, a); });
}

void put_doubtful_last(std::vector<candidate>& list) {
  std::stable_partition(list.begin(), list.end(), [](const candidate& c) { return !c.doubtful; });
}

class bench {
 public:
  bench(const question& q, trust mode, std::span<const testimony> heard, silence silent, const beliefs& known)
      : question_(q), mode_(mode), heard_(heard), silent_(silent), known_(known) {}

  ruling sentence() {
    others_ = !known_.not_its.empty() && has_others();  // Asked of what is refuted only.
    for (const testimony& t : heard_) hear(t);
    hear_liars();
    const testimonies& base = believed();
    if (mode_ == trust::open) take_first(base);
    else weigh(base);
    take_proved();
    put_doubtful_last();
    settle(base);
    return std::move(ruling_);
  }

 private:
  std::string why_not(const tharsis_address& a, const testimony& by) const { return dns::why_not(question_, mode_, known_, a, by.source, vouched_for(a), others_); }
  bool vouched_for(const tharsis_address& a) const {
    return std::any_of(heard_.begin(), heard_.end(), [&](const testimony& t) {
      return t.vouched && std::any_of(t.what.addresses.begin(), t.what.addresses.end(), [&](const auto& o) { return same_ip(a, o); });
    });
  }
  // Does somebody who has a vote give an address against which nothing speaks? Who lied takes no honest address its place.
  bool has_others() const {
    return std::any_of(heard_.begin(), heard_.end(), [&](const testimony& t) {
      if (!t.vouched && (known_.only_proven || known_.lied(t.source))) return false;
      return std::any_of(t.what.addresses.begin(), t.what.addresses.end(), [&](const auto& a) { return dns::why_not(question_, mode_, known_, a, t.source, vouched_for(a)).empty(); });
    });
  }
  bool cannot_be(const tharsis_address& a, const testimony& by) const { return !why_not(a, by).empty(); }
  bool has_use(const testimony& t) const {
    return std::any_of(t.what.addresses.begin(), t.what.addresses.end(), [&](const auto& a) { return !cannot_be(a, t); });
  }
  void saw(finding f) { ruling_.saw = std::max(ruling_.saw, f); }
  void refuse(const tharsis_address& a, const testimony& t, std::string why) {
    const bool known = std::any_of(ruling_.refused.begin(), ruling_.refused.end(), [&](const refusal& r) { return same_ip(r.address, a) && r.source == t.source; });
    if (!known) ruling_.refused.push_back({a, t.source, std::move(why)});
  }

  // Sorts who has a vote; drops what cannot be.
  void hear(const testimony& t) {
    for (const findings& f : t.forged) {
      saw(finding::injection);
      for (const auto& a : f.addresses) refuse(a, t, "it came in a forged answer: the server itself says otherwise");
    }
    if (!found(t) && !found_none(t)) return;
    for (const auto& a : t.what.addresses) {
      if (!cannot_be(a, t)) continue;
      saw(finding::hijack);
      refuse(a, t, why_not(a, t));
    }
    if (found(t) && !has_use(t)) return;
    const bool doubted = !t.vouched && mode_ != trust::open && (known_.only_proven || known_.lied(t.source));
    (t.vouched ? vouched_ : doubted ? liars_ : plain_).push_back(&t);
  }
  // Who is in quarantine has a vote only where nobody else has, and nobody trusted was asked.
  void hear_liars() {
    const bool trusted = silent_.vouched > 0 || std::any_of(heard_.begin(), heard_.end(), [](const testimony& t) { return t.vouched; });
    if (trusted || known_.only_proven || !plain_.empty()) return;
    plain_.swap(liars_);
  }
  // A trusted server says that there is none.
  bool denied() const {
    return !vouched_.empty() && std::none_of(vouched_.begin(), vouched_.end(), [](const auto* t) { return found(*t); });
  }
  // Certificates do not lie: who has shown one for the name is as good as what a trusted server gives.
  void take_proved() {
    if (mode_ == trust::open || denied()) return;
    for (candidate& c : ruling_.candidates)
      if (known_.has_proved(c.address) && !std::exchange(c.proven, true)) c.why = "it has proved by TLS to be the name's";
    for (const testimonies* side : {&vouched_, &plain_, &liars_})
      for (const testimony* t : *side)
        for (const auto& a : t->what.addresses)
          if (known_.has_proved(a) && !cannot_be(a, *t) && !is_among(ruling_.candidates, a)) ruling_.candidates.push_back({a, t->source, true, "it has proved by TLS to be the name's"});
    std::erase_if(ruling_.refused, [&](const refusal& r) { return is_among(ruling_.candidates, r.address); });
  }
  void put_doubtful_last() {
    if (mode_ == trust::open) return;
    for (candidate& c : ruling_.candidates) {
      const beliefs::refuted* const r = c.proven ? nullptr : known_.against(c.address, c.source);
      if (r == nullptr) continue;
      c.doubtful = true;
      c.why += "; its certificate is not the name's, but there is no other address (" + r->why + ")";
    }
    dns::put_doubtful_last(ruling_.candidates);
  }
  const testimonies& believed() const {
    if (mode_ == trust::open) return plain_first();
    return mode_ == trust::strict || !vouched_.empty() ? vouched_ : plain_;
  }
  const testimonies& plain_first() const {
    for (const testimony& t : heard_)
      if (found(t) || found_none(t)) all_.push_back(&t);
    return all_;
  }

  void take_first(const testimonies& base) {
    for (const testimony* t : base) {
      if (!found(*t)) continue;
      for (const auto& a : t->what.addresses)
        if (!cannot_be(a, *t) && !is_among(ruling_.candidates, a)) ruling_.candidates.push_back({a, t->source, t->vouched, "the first answer"});
      if (ruling_.candidates.empty()) continue;
      note_life(*t);
      return;
    }
    for (const testimony* t : base) note_life(*t);
  }

  void weigh(const testimonies& base) {
    const auto having = static_cast<size_t>(std::count_if(base.begin(), base.end(), [](const auto* t) { return found(*t); }));
    const bool exists = having > 0 && 2 * having >= base.size();
    if (having > 0 && having < base.size()) saw(finding::disputed);
    if (exists) take_supported(base, having);
    for (const testimony* t : base)
      if (found(*t) == exists) note_life(*t);
    for (const testimonies* side : {&vouched_, &plain_})
      for (const testimony* t : *side) turn_down_others(*t, side == &base, exists);
    for (const testimony* t : liars_) turn_down_liar(*t, exists);
  }
  void turn_down_liar(const testimony& t, bool exists) {
    if (!vouched_.empty()) return turn_down_others(t, false, exists);
    for (const auto& a : t.what.addresses)
      if (!cannot_be(a, t) && !is_among(ruling_.candidates, a))
        refuse(a, t, known_.lied(t.source) ? "its source lied on this network, or contradicted a trusted one, and is not believed for a while" : "on this network only who proves its name is believed");
  }

  // Addresses that more than half of those who have some give; where there are none, those that they or their neighbours give;
  // where there are none of these either, what most give.
  void take_supported(const testimonies& base, size_t having) {
    size_t exact = 0, near = 0;
    for (const testimony* t : base)
      for (const auto& a : t->what.addresses)
        if (!cannot_be(a, *t)) exact = std::max(exact, support(base, a, same_ip)), near = std::max(near, support(base, a, neighbours));
    const auto alike = 2 * exact > having ? same_ip : neighbours;
    const bool most = 2 * near > having;
    if (!most) saw(finding::disputed);
    const size_t needed = most ? having / 2 + 1 : near;
    for (const testimony* t : base)
      for (const auto& a : t->what.addresses) {
        const size_t by = cannot_be(a, *t) ? 0 : support(base, a, alike);
        if (by >= needed && by > 0 && !is_among(ruling_.candidates, a))
          ruling_.candidates.push_back({a, t->source, t->vouched, reason(*t, by, having)});
      }
  }
  template <class Alike>
  static size_t support(const testimonies& base, const tharsis_address& a, Alike alike) {
    return static_cast<size_t>(std::count_if(base.begin(), base.end(), [&](const testimony* t) {
      return std::any_of(t->what.addresses.begin(), t->what.addresses.end(), [&](const auto& o) { return alike(a, o); });
    }));
  }
  std::string reason(const testimony& t, size_t by, size_t having) const {
    if (t.vouched) return "a trusted server says so";
    if (having == 1) return heard_.size() + silent_.vouched + silent_.plain > 1 ? "the only usable answer; nobody trusted confirms it" : "the only server says so; nobody trusted confirms it";
    return std::to_string(by) + " of " + std::to_string(having) + " servers say so; nobody trusted confirms it";
  }

  void turn_down_others(const testimony& t, bool is_base, bool exists) {
    bool differs = false;
    for (const auto& a : t.what.addresses) {
      if (cannot_be(a, t) || is_among(ruling_.candidates, a) || (known_.has_proved(a) && !denied())) continue;
      differs = true;
      if (mode_ == trust::strict && vouched_.empty()) refuse(a, t, "it is not proven, and strict mode takes nothing else");
      else if (!exists) refuse(a, t, is_base ? "most other servers say that there is no such address" : "a trusted server says that there is no such address");
      else refuse(a, t, is_base ? "most other servers give other addresses" : "no trusted server gives it");
    }
    if (differs && (exists || !is_base)) saw(finding::disputed);
    if (!is_base && exists && found_none(t)) saw(finding::hijack);
  }

  void note_life(const testimony& t) {
    if (t.what.life > 0) ruling_.life = ruling_.life == 0 ? t.what.life : std::min(ruling_.life, t.what.life);
  }

  void settle(const testimonies& base) {
    ruling_.trusted = !vouched_.empty() && &base == &vouched_;
    const bool doubted = !liars_.empty() && base.empty();
    if (!ruling_.candidates.empty()) {
      ruling_.status = THARSIS_OK;
      const bool proven = std::all_of(ruling_.candidates.begin(), ruling_.candidates.end(), [](const candidate& c) { return c.proven; });
      if (ruling_.saw < finding::disputed) ruling_.saw = proven ? finding::proven : base.size() > 1 && mode_ != trust::open ? finding::agreed : finding::single;
      return;
    }
    const std::string name = "the name '" + question_.name + "'";
    const std::string kind(type_name(question_.kind));
    if (doubted) {
      ruling_.status = THARSIS_E_DENIED;
      ruling_.reason = name + " was not resolved: no trusted server answered, and who did is not believed on this network";
    } else if (mode_ == trust::strict && vouched_.empty() && !plain_.empty()) {
      ruling_.status = THARSIS_E_DENIED;
      ruling_.reason = name + " was not resolved: no trusted server answered, and strict mode believes nobody else";
    } else if (!base.empty()) {
      ruling_.status = THARSIS_E_NOT_FOUND;
      const bool none = std::any_of(base.begin(), base.end(), [](const auto* t) { return t->what.what == findings::kind::no_name; });
      ruling_.no_name = none;
      ruling_.reason = none ? "there is no " + name.substr(4) + "; check its spelling" : name + " has no address of type " + kind;
    } else if (!ruling_.refused.empty()) {
      ruling_.status = THARSIS_E_NOT_FOUND;
      ruling_.unbelieved = true;
      ruling_.reason = name + " has no usable address: " + ip_text(ruling_.refused[0].address) + " from " + ruling_.refused[0].source + ": " + ruling_.refused[0].why;
    } else {
      ruling_.reason = name + " was not resolved: " + failures();
    }
  }
  std::string failures() const {
    std::string all;
    for (const testimony& t : heard_)
      if (!t.what.why.empty()) all += (all.empty() ? "" : "; ") + t.source + ": " + t.what.why;
    return all.empty() ? "no server answered in time" : all;
  }

  const question& question_;
  const trust mode_;
  const std::span<const testimony> heard_;
  const silence silent_;
  const beliefs& known_;
  testimonies vouched_, plain_;  // With a vote,
  testimonies liars_;            // and without.
  bool others_ = true;           // See has_others().
  mutable testimonies all_;
  ruling ruling_{};
};

}  // namespace

std::string_view word(finding f) {
  switch (f) {
    case finding::proven: return "proven";
    case finding::agreed: return "agreed";
    case finding::single: return "single";
    case finding::disputed: return "disputed";
    case finding::hijack: return "hijack";
    case finding::injection: return "injection";
  }
  return "single";
}

std::string ruling::verdict() const {
  if (status == THARSIS_OK || saw >= finding::hijack) return std::string(word(saw));
  if (status == THARSIS_E_NOT_FOUND) return "not_found";
  return status == THARSIS_E_DENIED ? "not_trusted" : "no_answer";
}

namespace {

// Who believes whoever answers first does not do so where somebody has found that the network lies.
trust mode_here(trust mode, const beliefs& known) { return mode == trust::open && known.only_proven ? trust::guarded : mode; }

// Those whose records count, in the order they came.
testimonies record_voices(trust mode, std::span<const testimony> heard, const beliefs& known) {
  testimonies vouched, plain, liars, all;
  bool trusted_asked = false;
  for (const testimony& t : heard) {
    trusted_asked = trusted_asked || t.vouched;
    if (!found(t) && !found_none(t)) continue;
    all.push_back(&t);
    (t.vouched ? vouched : known.only_proven || known.lied(t.source) ? liars : plain).push_back(&t);
  }
  if (mode == trust::open) return all;
  if (mode == trust::strict || !vouched.empty()) return vouched;
  // Who lied here has a vote only where nobody else has, and nobody trusted was asked.
  return plain.empty() && !trusted_asked && !known.only_proven ? liars : plain;
}

// Hints are addresses, and weighed as such.
void weigh_hints(const question& q, trust mode, const beliefs& known, record_ruling& r) {
  for (service_record& s : r.services)
    std::erase_if(s.hints, [&](const tharsis_address& a) {
      std::string why = why_not(q, mode, known, a, r.source, r.proven);
      if (why.empty()) return false;
      r.refused.push_back({a, r.source, std::move(why)});
      return true;
    });
}

// Why nobody's records count.
void fail_records(const std::string& name, trust mode, std::span<const testimony> heard, record_ruling& r) {
  const bool denied = std::any_of(heard.begin(), heard.end(), [](const testimony& t) { return found(t); });
  r.status = denied ? THARSIS_E_DENIED : THARSIS_E_NETWORK;
  r.reason = name + " was not resolved: ";
  if (denied) {
    r.reason += "no trusted server answered, and ";
    r.reason += mode == trust::strict ? "strict mode believes nobody else" : "who did is not believed on this network";
    return;
  }
  std::string failures;
  for (const testimony& t : heard)
    if (!found(t) && !found_none(t)) failures += (failures.empty() ? "" : "; ") + t.source + ": " + t.what.why;
  r.reason += failures.empty() ? "no server answered in time" : failures;
}

}  // namespace

ruling judge(const question& q, trust mode, std::span<const testimony> heard, silence silent, const beliefs& known) {
  return bench(q, mode_here(mode, known), heard, silent, known).sentence();
}

record_ruling judge_records(const question& q, trust mode, std::span<const testimony> heard, const beliefs& known) {
  mode = mode_here(mode, known);
  const testimonies voices = record_voices(mode, heard, known);
  const testimony* best = nullptr;
  std::ptrdiff_t most = 0;
  for (const testimony* t : voices) {
    const auto same = std::count_if(voices.begin(), voices.end(), [&](const testimony* o) { return o->what.what == t->what.what && o->what.texts == t->what.texts; });
    if (best == nullptr || (mode != trust::open && same > most)) most = same, best = t;
  }
  record_ruling r;
  const std::string name = "the name '" + q.name + "'";
  if (best == nullptr) {
    fail_records(name, mode, heard, r);
    return r;
  }
  r.source = best->source;
  r.proven = best->vouched;
  r.texts = best->what.texts;
  r.services = best->what.services;
  weigh_hints(q, mode, known, r);
  r.status = found(*best) ? THARSIS_OK : THARSIS_E_NOT_FOUND;
  if (best->what.what == findings::kind::no_name) r.reason = "there is no " + name.substr(4) + "; check its spelling";
  else if (!found(*best)) r.reason = name + " has no record of type " + std::string(type_name(q.kind));
  return r;
}

void add_service(const service_record& s, candidate& to) {
  to.address.port = s.port;
  for (const std::string& one : s.alpn) to.alpn += (to.alpn.empty() ? "" : ",") + one;
  to.ech = s.ech;
}

std::vector<candidate> hinted(const record_ruling& r) {
  std::vector<candidate> all;
  for (const service_record& s : r.services)
    for (const tharsis_address& a : s.hints) {
      candidate one{a, r.source, r.proven, "a hint of a service record"};
      add_service(s, one);
      // Records for several protocols give the same addresses; what the best of them says counts.
      const bool again = std::any_of(all.begin(), all.end(), [&](const candidate& c) { return c.address == one.address; });
      if (!again) all.push_back(std::move(one));
    }
  return all;
}

std::optional<trust> trust_named(std::string_view word) {
  if (word == "strict") return trust::strict;
  if (word == "guarded") return trust::guarded;
  if (word == "open") return trust::open;
  return std::nullopt;
}

bool decided(const question& q, trust mode, std::span<const testimony> heard, silence silent, const beliefs& known) {
  if (silent.vouched + silent.plain == 0) return true;
  mode = mode_here(mode, known);
  if (q.kind != type::a && q.kind != type::aaaa) return judge_records(q, mode, heard, known).proven;
  const ruling now = judge(q, mode, heard, silent, known);
  if (mode == trust::open) return now.status == THARSIS_OK;
  if (now.status != THARSIS_OK && now.status != THARSIS_E_NOT_FOUND) return false;
  if (std::any_of(heard.begin(), heard.end(), [](const testimony& t) { return t.vouched && (found(t) || found_none(t)); })) return true;
  if (silent.vouched > 0 || mode == trust::strict) return false;
  // What more than half of all servers say stands, whatever the others will.
  std::ptrdiff_t most = std::count_if(heard.begin(), heard.end(), found_none);
  const auto gives = [](const testimony& t, const tharsis_address& a) {
    return std::any_of(t.what.addresses.begin(), t.what.addresses.end(), [&](const auto& o) { return same_ip(a, o); });
  };
  for (const candidate& c : now.candidates)
    most = std::max(most, std::count_if(heard.begin(), heard.end(), [&](const testimony& t) { return gives(t, c.address); }));
  return 2 * static_cast<size_t>(most) > heard.size() + silent.plain;
}

ruling both(ruling v6, ruling v4) {
  ruling all;
  for (size_t i = 0; i < std::max(v6.candidates.size(), v4.candidates.size()); ++i) {
    if (i < v6.candidates.size()) all.candidates.push_back(std::move(v6.candidates[i]));
    if (i < v4.candidates.size()) all.candidates.push_back(std::move(v4.candidates[i]));
  }
  put_doubtful_last(all.candidates);
  all.refused = std::move(v6.refused);
  all.refused.insert(all.refused.end(), v4.refused.begin(), v4.refused.end());
  const bool has6 = v6.status == THARSIS_OK, has4 = v4.status == THARSIS_OK;
  // Of a family that has nothing only what is wrong with it counts.
  const auto weight = [](const ruling& r, bool has) { return has || r.saw >= finding::hijack ? r.saw : finding::proven; };
  all.saw = has6 || has4 ? std::max(weight(v6, has6), weight(v4, has4)) : std::max(v6.saw, v4.saw);
  all.trusted = v6.trusted && v4.trusted;
  if (has6 || has4) {
    all.status = THARSIS_OK;
    all.life = has6 && has4 ? (v6.life == 0 || v4.life == 0 ? std::max(v6.life, v4.life) : std::min(v6.life, v4.life)) : has6 ? v6.life : v4.life;
    return all;
  }
  const ruling& worse = v4.status == THARSIS_E_NOT_FOUND && v6.status != THARSIS_E_NOT_FOUND ? v6 : v4;
  all.status = worse.status;
  all.life = worse.life;
  all.reason = worse.reason;
  all.no_name = v6.no_name && v4.no_name;
  all.unbelieved = v6.unbelieved || v4.unbelieved;
  return all;
}

}  // namespace tharsis::dns

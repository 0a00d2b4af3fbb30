#include "plugins/dns/core/cache.h"

#include <algorithm>
#include <utility>

#include "sdk/pure/address.h"

namespace tharsis::dns {
namespace {

bool has_address(const answer& a, const tharsis_address& like) {
  return std::any_of(a.addresses.begin(), a.addresses.end(), [&](const auto& address) { return same_ip(address, like); });
}
bool all_proven(const answer& a) {
  return !a.candidates.empty() && std::all_of(a.candidates.begin(), a.candidates.end(), [](const candidate& c) { return c.proven; });
}
bool fixed(const known_answer& k) { return k.source() == THARSIS_DNS_PINNED || k.source() == THARSIS_DNS_HOSTS || k.source() == THARSIS_DNS_TABLE; }

// What says nothing about the name: nobody answered in time, or whom the mode does not believe.
bool no_news(const answer& a) { return a.status != THARSIS_OK && a.status != THARSIS_E_NOT_FOUND && a.status != THARSIS_E_CANCELLED; }

}  // namespace

// Whatever is done to a slip inside, the sum of bytes stays true.
template <class Change>
void cache::change(slip& s, Change what) {
  bytes_ -= shelf::weight(s);
  what();
  bytes_ += shelf::weight(s);
}

cache::found cache::find(const subject& about, instant now) {
  slip* const s = shelf_.find(about.name, about.family);
  const known_answer* const known = s == nullptr ? nullptr : s->what.load(std::memory_order_relaxed);
  if (known == nullptr) return {};
  const use as = use_of(*known, s->of.load(std::memory_order_relaxed), now);
  if (as == use::nothing) {
    drop(*s);
    return {};
  }
  touch(*s, now);
  found f{as, known->unpack(texts_)};
  f.what.stale = f.what.stale || now >= known->times().until;
  if (known->times().until != never) f.what.life = std::max(duration::zero(), known->times().until - now);
  return f;
}

answer cache::put(const subject& about, answer what, instant now, bool proofs) {
  slip* const known = shelf_.find(about.name, about.family);
  if (known != nullptr) known->asked_for.store(false, std::memory_order_relaxed);
  if (const known_answer* const older = better(known, what, now, proofs)) return again(*known, *older, std::move(what), now);
  what.learned = now;
  const bool failed = what.status == THARSIS_E_NOT_FOUND || what.status == THARSIS_E_NETWORK;
  if (what.status != THARSIS_OK && !failed) return what;
  const duration life = life_of(what, failed);
  const bool proven = what.trusted && what.status == THARSIS_OK;
  if (life <= duration::zero() && known == nullptr && !proven) return what;
  slip& s = at(about);
  changed_ = changed_ || proven || (what.trusted && s.proven != nullptr);
  if (what.trusted) change(s, [&] { shelf_.set(s, nullptr, nullptr); });
  if (life > duration::zero() || proven) store(s, known_answer::pack(what, term_of(about, what, life), texts_), proven);
  else if (s.proven == nullptr) drop(s);
  else change(s, [&] { shelf_.set(s, nullptr, s.proven); });
  if (shelf_.find(about.name, about.family) == nullptr) return what;
  touch(s, now);
  unordered_.push_back(about);
  trim();
  return what;
}

void cache::fix(const subject& about, answer what, const known_answer::term& times) {
  slip& s = at(about);
  store(s, known_answer::pack(what, times, texts_), false);
  touch(s, what.learned);
  unordered_.push_back(about);
  trim();
}

// Which of what is known is better than `what`; null: none.
const known_answer* cache::better(const slip* s, const answer& what, instant now, bool proofs) const {
  if (s == nullptr || what.trusted || what.translated) return nullptr;
  // One address that is proven carries no strangers past what a trusted server said.
  const bool outranked = proofs && (what.source == THARSIS_DNS_SERVERS || what.source == THARSIS_DNS_SYSTEM) && !all_proven(what);
  if (outranked && s->proven != nullptr && now < s->proven->times().over) return s->proven;
  const known_answer* const last = s->what.load(std::memory_order_relaxed);
  return no_news(what) && last != nullptr && last->status() == THARSIS_OK && now < last->times().over ? last : nullptr;
}

// What was known is told again, and asked anew after a while.
answer cache::again(slip& s, const known_answer& known, answer what, instant now) {
  answer a = known.unpack(texts_);
  const bool holds = now < known.times().until && !known.stale();
  a.stale = !holds;
  a.life = settings_.again_after;
  if (!holds) a.verdict = what.verdict;
  a.refused = std::move(what.refused);
  for (const candidate& c : what.candidates)
    if (!has_address(a, c.address)) a.refused.push_back({c.address, c.source, "it is not proven, and other addresses were before"});
  const instant pause = later(now, settings_.again_after);
  const instant until = holds ? known.times().until : std::min(pause, known.times().over);
  const bool of_before = s.of.load(std::memory_order_relaxed) != slip::era::now;
  store(s, known_answer::pack(a, {until, std::min(until, pause), known.times().over}, texts_), holds && &known == s.proven);
  if (of_before) s.of.store(slip::era::before_for_want_of_better, std::memory_order_relaxed);
  touch(s, now);
  unordered_.push_back(s.about());
  trim();
  return a;
}

// What a source says of its answer holds, within bounds; no zone knows of a failure of the network.
duration cache::life_of(const answer& what, bool failed) const {
  if (what.source == THARSIS_DNS_LAST_RESORT) return settings_.negative_ttl;
  if (what.source != THARSIS_DNS_SERVERS || what.status == THARSIS_E_NETWORK) return failed ? settings_.negative_ttl : settings_.ttl;
  if (failed) return std::min(what.life.value_or(settings_.negative_ttl), settings_.negative_ttl_max);
  return std::clamp(what.life.value_or(duration::zero()), settings_.ttl_min, settings_.ttl_max);
}

// Devices that learned a name in the same moment do not ask for it again in the same moment.
known_answer::term cache::term_of(const subject& about, const answer& what, duration life) const {
  known_answer::term t;
  t.until = later(what.learned, life);
  const auto chance = static_cast<int64_t>((std::hash<std::string>()(about.name) ^ static_cast<uint64_t>(nanoseconds(what.learned)) * 0x9E3779B97F4A7C15u) >> 33);
  const int64_t percent = settings_.refresh_percent - chance % (settings_.refresh_jitter + 1);
  t.refresh_from = what.status == THARSIS_OK && life < duration::max() / 100 ? t.until - life * percent / 100 : t.until;
  t.over = t.until;
  if (what.status == THARSIS_OK) t.over = std::max(t.until, what.trusted ? later(what.learned, what.stale_max.value_or(settings_.stale_max)) : later(t.until, settings_.stale_unproven));
  return t;
}

void cache::store(slip& s, known_answer::owned fresh, bool proven) {
  const known_answer* const block = fresh.release();
  change(s, [&] { shelf_.set(s, block, proven ? block : s.proven); });
  s.of.store(slip::era::now, std::memory_order_relaxed);
  s.asked_for.store(false, std::memory_order_relaxed);
}

void cache::on_network(instant now) {
  for (slip* s = newest_; s != nullptr;) {
    slip& each = *std::exchange(s, s->older);
    const known_answer* const what = each.what.load(std::memory_order_relaxed);
    if (what != nullptr && fixed(*what)) continue;
    if (each.proven == nullptr || now >= each.proven->times().over) {
      drop(each);
      continue;
    }
    change(each, [&] { shelf_.set(each, each.proven, each.proven); });
    each.of.store(slip::era::before, std::memory_order_relaxed);
    each.asked_for.store(false, std::memory_order_relaxed);
  }
}

void cache::on_known_changed(const std::function<bool(const std::string& name)>& is_known, instant now) {
  for (slip* s = newest_; s != nullptr;) {
    slip& each = *std::exchange(s, s->older);
    const known_answer* const what = each.what.load(std::memory_order_relaxed);
    const bool was_fixed = what != nullptr && fixed(*what), hides = is_known(std::string(each.name()));
    if (!was_fixed && !hides) continue;
    if (each.proven == nullptr || now >= each.proven->times().over) {
      drop(each);
      continue;
    }
    change(each, [&] { shelf_.set(each, hides ? nullptr : each.proven, each.proven); });
    each.of.store(slip::era::before, std::memory_order_relaxed);
    each.asked_for.store(false, std::memory_order_relaxed);
  }
}

void cache::doubt(const subject& about) {
  slip* const s = shelf_.find(about.name, about.family);
  if (s == nullptr) return;
  if (s->proven == nullptr) drop(*s);
  else change(*s, [&] { shelf_.set(*s, nullptr, s->proven); });
}

bool cache::forget(std::string_view name) {
  bool known = false;
  for (const uint32_t family : {0u, 4u, 6u}) {
    slip* const s = shelf_.find(name, family);
    if (s == nullptr) continue;
    changed_ = changed_ || s->proven != nullptr;
    known = true;
    drop(*s);
  }
  return known;
}

void cache::clear() {
  changed_ = changed_ || count_ > 0;
  while (newest_ != nullptr) drop(*newest_);
}

void cache::each(instant now, const std::function<void(const sight&)>& take) const {
  for (const slip* s = newest_; s != nullptr; s = s->older) {
    const known_answer* const what = s->what.load(std::memory_order_relaxed);
    const known_answer* const known = what != nullptr ? what : s->proven;
    if (known == nullptr) continue;
    const slip::era of = s->of.load(std::memory_order_relaxed);
    take({s->about(), what != nullptr ? use_of(*known, of, now) : use::nothing, of != slip::era::now, known->unpack(texts_), known->times().until});
  }
}

void cache::each_proven(instant now, const std::function<bool(const proof&)>& take) const {
  for (const slip* s = newest_; s != nullptr; s = s->older) {
    if (s->proven == nullptr || now >= s->proven->times().over) continue;
    const proof p{s->about(), s->proven->unpack(texts_), s->proven->times().until - s->proven->learned()};
    if (!take(p)) return;
  }
}

bool cache::restore(const proof& p, instant now) {
  const known_answer::term t = term_of(p.about, p.what, p.life);
  if (now >= t.over || p.what.status != THARSIS_OK || !p.what.trusted) return false;
  slip& s = at(p.about);
  if (s.what.load(std::memory_order_relaxed) != nullptr) return false;
  store(s, known_answer::pack(p.what, t, texts_), true);
  s.of.store(slip::era::before, std::memory_order_relaxed);
  unordered_.push_back(p.about);
  trim();
  return true;
}

void cache::order_new(const orderer& how) {
  for (const subject& about : std::exchange(unordered_, {}))
    if (slip* const s = shelf_.find(about.name, about.family)) order(*s, how);
}

void cache::order_all(const orderer& how, const tharsis_address* touched) {
  for (slip* s = newest_; s != nullptr; s = s->older) {
    const known_answer* const what = s->what.load(std::memory_order_relaxed);
    if (what == nullptr) continue;
    bool has = touched == nullptr;
    for (size_t i = 0; !has && i < what->count(); ++i) has = same_ip(what->at(i).address, *touched);
    if (has) order(*s, how);
  }
}

void cache::order(slip& s, const orderer& how) {
  const known_answer* what = s.what.load(std::memory_order_relaxed);
  if (what == nullptr || what->count() == 0) return;
  std::vector<tharsis_address> list;
  for (size_t i = 0; i < what->count(); ++i) list.push_back(what->at(i).address);
  const std::vector<known_address> ordered = how(list);
  bool same = ordered.size() == what->usable();
  for (size_t i = 0; same && i < ordered.size(); ++i) same = ordered[i].at == list[i];
  if (!same) {
    answer a = what->unpack(texts_);
    a.addresses = addresses_of(ordered);
    const known_answer* const block = known_answer::pack(a, what->times(), texts_).release();
    const known_answer* const proven = s.proven == what ? block : s.proven;
    change(s, [&] { shelf_.set(s, block, proven); });
    what = block;
  }
  what->tell(ordered);
}

slip& cache::at(const subject& about) {
  if (slip* const s = shelf_.find(about.name, about.family)) return *s;
  slip& s = shelf_.add(about.name, about.family);
  ++count_;
  bytes_ += shelf::weight(s);
  link(s);
  return s;
}

void cache::touch(slip& s, instant now) {
  s.used.store(seconds(now), std::memory_order_relaxed);
  s.placed = seconds(now);
  unlink(s);
  link(s);
}

void cache::link(slip& s) {
  s.newer = nullptr;
  s.older = newest_;
  (newest_ != nullptr ? newest_->newer : oldest_) = &s;
  newest_ = &s;
}

void cache::unlink(slip& s) {
  (s.newer != nullptr ? s.newer->older : newest_) = s.older;
  (s.older != nullptr ? s.older->newer : oldest_) = s.newer;
}

void cache::drop(slip& s) {
  unlink(s);
  --count_;
  bytes_ -= shelf::weight(s);
  shelf_.remove(s);
}

// Who only looks leaves a mark and no order: one that was looked at since it came to its place has another turn.
void cache::trim() {
  for (size_t turns = 16; count_ > 1 && (count_ > settings_.entries || bytes_ > settings_.memory);) {
    slip& last = *oldest_;
    const uint32_t used = last.used.load(std::memory_order_relaxed);
    if (turns == 0 || used == last.placed) {
      drop(last);
      continue;
    }
    --turns;
    last.placed = used;
    unlink(last);
    link(last);
  }
}

}  // namespace tharsis::dns

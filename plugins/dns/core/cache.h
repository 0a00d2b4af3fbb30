// What is remembered of names, and for how long it is good for what. An answer holds for its life; in the last part of that,
// whoever uses it has it looked up again. Once over it is stale: given, and marked, where nothing newer comes in time or at all,
// within bounds. What a trusted server said is kept beside what was said since, and no stranger takes its place.
//
// Bounded by names and bytes, the longest unused goes first. Pure; one owner decides, any thread may look (peek()).
#pragma once
#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "plugins/dns/core/answer.h"
#include "plugins/dns/core/settings.h"
#include "plugins/dns/core/shelf.h"

namespace tharsis::dns {

class cache {
 public:
  // What is known is good for:
  enum class use : uint8_t {
    nothing,  // There is nothing.
    fresh,    // Everything.
    refresh,  // Everything, but it is to be looked up again.
    stale,    // Nothing, unless a newer one does not come in time.
  };
  struct found {
    use as = use::nothing;
    answer what{};
  };

  explicit cache(const settings::cache_settings& s) : settings_(s), shelf_(std::min(s.entries, s.memory / 256)) {}
  cache(const cache&) = delete;

  found find(const subject& about, instant now);
  // The end of a lookup. Answers what is to be told: the answer itself, or an older one that is better, marked as stale where its
  // time is over. With `proofs`, what servers or the system said and nobody proved is no answer where something proven is known.
  answer put(const subject& about, answer what, instant now, bool proofs);
  // It holds as told, and no network and no server changes it: what the profile says.
  void fix(const subject& about, answer what, const known_answer::term& times);
  // Traffic takes another way: kept is what trusted servers said, to be looked up again at its next use; and what is fixed.
  void on_network(instant now);
  // What is fixed may be something else now: it is forgotten. The same of names of which `is_known` says that they are to be fixed, of
  // which nothing is read until they are asked for.
  void on_known_changed(const std::function<bool(const std::string& name)>& is_known, instant now);
  // What was said last of it is not true; what a trusted server said before is kept behind it, as above.
  void doubt(const subject& about);
  // False: it was not known.
  bool forget(std::string_view name);
  void clear();

  // A proven answer, for the next start and from the last one.
  struct proof {
    subject about;
    answer what;    // `learned` is its time.
    duration life;  // From then on.
  };
  // All that is remembered of a name, to be shown; the last used first.
  struct sight {
    subject about;
    use as;          // Nothing: it is over, or it is kept behind what is looked up next.
    bool of_before;  // It is of a start or a network of before.
    answer what;
    instant until;   // It holds up to here; never: as long as the profile is this one.
  };
  void each(instant now, const std::function<void(const sight&)>& take) const;
  // The last used first, those that are over left out; false from `take` ends it.
  void each_proven(instant now, const std::function<bool(const proof&)>& take) const;
  // Where nothing newer is known. False: it is over, or newer is known.
  bool restore(const proof& p, instant now);
  // What is proven is another than when this was asked last.
  bool take_changed() { return std::exchange(changed_, false); }

  // The addresses of names that were put since the last time, or of all that have one like `touched`, in another order, and with what is
  // known of each; those that it leaves out are not given for now.
  using orderer = std::function<std::vector<known_address>(std::vector<tharsis_address>)>;
  void order_new(const orderer& order);
  void order_all(const orderer& order, const tharsis_address* touched = nullptr);

  // A look without a lock. `take` is called with what may be given, inside, at most once. [any thread]
  struct glance {
    use as = use::nothing;
    bool tell = false;  // The owner is to look it up again, and nobody has told it yet.
  };
  template <class Take>
  glance peek(std::string_view name, uint32_t family, instant now, Take take) const {
    const reader_gate::pass inside(shelf_.gate());
    const slip* const s = shelf_.find(name, family);
    const known_answer* const known = s == nullptr ? nullptr : s->what.load(std::memory_order_seq_cst);
    glance g;
    if (known == nullptr || (g.as = use_of(*known, s->of.load(std::memory_order_relaxed), now)) == use::nothing) return {};
    if (const uint32_t second = seconds(now); s->used.load(std::memory_order_relaxed) != second) s->used.store(second, std::memory_order_relaxed);
    g.tell = g.as != use::fresh && !s->asked_for.load(std::memory_order_relaxed) && !s->asked_for.exchange(true, std::memory_order_relaxed);
    take(*known, now >= known->times().until || known->stale());
    return g;
  }
  const text_pool& texts() const { return texts_; }
  // For answers that are packed but not remembered. [owner]
  text_pool& texts_for_owner() { return texts_; }
  uint64_t readings() const { return shelf_.gate().readings(); }

  size_t size() const { return count_; }
  size_t bytes() const { return bytes_; }
  void sweep() { shelf_.sweep(); }

 private:
  static use use_of(const known_answer& known, slip::era of, instant now) {
    const bool of_before = of == slip::era::before;
    if (now < known.times().until) return of_before || now >= known.times().refresh_from ? use::refresh : use::fresh;
    if (now >= known.times().over) return use::nothing;
    return of_before ? use::refresh : use::stale;
  }
  static uint32_t seconds(instant now) { return static_cast<uint32_t>(nanoseconds(now) / 1'000'000'000); }

  duration life_of(const answer& what, bool failed) const;
  known_answer::term term_of(const subject& about, const answer& what, duration life) const;
  const known_answer* better(const slip* s, const answer& what, instant now, bool proofs) const;
  answer again(slip& s, const known_answer& known, answer what, instant now);
  void store(slip& s, known_answer::owned fresh, bool proven);
  slip& at(const subject& about);
  void touch(slip& s, instant now);
  void link(slip& s);
  void unlink(slip& s);
  void drop(slip& s);
  void trim();
  void order(slip& s, const orderer& how);
  template <class Change>
  void change(slip& s, Change what);

  const settings::cache_settings settings_;
  text_pool texts_;
  shelf shelf_;
  slip* newest_ = nullptr;
  slip* oldest_ = nullptr;
  std::vector<subject> unordered_;
  size_t count_ = 0, bytes_ = 0;
  bool changed_ = false;
};

}  // namespace tharsis::dns

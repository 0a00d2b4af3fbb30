#include "plugins/dns/found_answer.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "sdk/pure/views.h"

namespace tharsis::dns {
namespace {

constexpr size_t found_size_first = offsetof(tharsis_dns_found, verdict) + sizeof(tharsis_text);
constexpr size_t candidate_size_first = offsetof(tharsis_dns_candidate, stale) + sizeof(int32_t);

// Callers may have been compiled with a shorter candidate, or a longer one.
void put(tharsis_dns_found& into, size_t i, tharsis_dns_candidate c) {
  c.size = std::min<uint32_t>(into.candidate_size, sizeof c);
  std::memcpy(reinterpret_cast<uint8_t*>(into.candidates) + i * into.candidate_size, &c, c.size);
}

}  // namespace

bool can_take(const tharsis_dns_found* into) {
  return into != nullptr && into->size >= found_size_first && (into->room == 0 || (into->candidates != nullptr && into->candidate_size >= candidate_size_first));
}

void clear_found(tharsis_dns_found& into) {
  into.count = 0;
  into.source = THARSIS_DNS_CACHED;
  into.known = into.stale = 0;
  into.left = 0;
  into.verdict = {};
}

void fill_found(tharsis_dns_found& into, const known_answer& known, const text_pool& texts, bool stale, instant now) {
  into.count = known.usable();
  into.source = known.source();
  into.known = 1;
  into.stale = stale;
  const instant until = known.times().until;
  into.left = until == never ? INT64_MAX : std::max(duration::zero(), until - now).count();
  into.verdict = text_of(known.verdict(texts));
  const size_t shown = std::min<size_t>(known.usable(), into.room);
  for (size_t i = 0; i < shown; ++i) {
    const known_answer::one one = known.at(i);
    tharsis_dns_candidate c{};
    c.proven = one.proven;
    c.address = one.address;
    c.source = text_of(texts.text(one.source));
    c.why = text_of(texts.text(one.why));
    c.age = (now - known.learned()).count();
    c.stale = stale;
    put(into, i, c);
  }
}

void fill_literal(tharsis_dns_found& into, const tharsis_address& address) {
  clear_found(into);
  into.count = 1;
  into.source = THARSIS_DNS_LITERAL;
  into.known = 1;
  into.left = INT64_MAX;
  into.verdict = text_of("proven");
  if (into.room == 0) return;
  tharsis_dns_candidate c{};
  c.proven = 1;
  c.address = address;
  c.source = text_of("literal");
  c.why = text_of("it is an address");
  put(into, 0, c);
}

}  // namespace tharsis::dns

#include "plugins/dns/found_answer.h"

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "sdk/pure/views.h"

namespace tharsis::dns {
namespace {

constexpr size_t found_size_first = offsetof(tharsis_dns_found, verdict) + sizeof(tharsis_text);
constexpr size_t candidate_size_first = offsetof(tharsis_dns_candidate, stale) + sizeof(int32_t);

// Callers may have been compiled with a shorter candidate, or a longer one; most have the same, which is written where it lies.
template <class Write>
void put(tharsis_dns_found& into, size_t i, Write write) {
  auto* const place = reinterpret_cast<uint8_t*>(into.candidates) + i * into.candidate_size;
  if (into.candidate_size >= sizeof(tharsis_dns_candidate)) return write(*reinterpret_cast<tharsis_dns_candidate*>(place));
  tharsis_dns_candidate whole{};
  write(whole);
  whole.size = into.candidate_size;
  std::memcpy(place, &whole, into.candidate_size);
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
  const int64_t age = (now - known.learned()).count();
  for (size_t i = 0; i < shown; ++i)
    put(into, i, [&](tharsis_dns_candidate& c) {
      const known_answer::one one = known.at(i);
      c.size = sizeof c;
      c.proven = one.proven;
      c.address = one.address;
      c.source = text_of(texts.text(one.source));
      c.why = text_of(texts.text(one.why));
      c.age = age;
      c.stale = stale;
      c.reserved = 0;
      c.connect = one.connect.count();
      c.avoided = one.avoided;
      c.reserved_2 = 0;
      c.alpn = {};
      c.ech = {};
    });
}

void fill_literal(tharsis_dns_found& into, const tharsis_address& address) {
  clear_found(into);
  into.count = 1;
  into.source = THARSIS_DNS_LITERAL;
  into.known = 1;
  into.left = INT64_MAX;
  into.verdict = text_of("proven");
  if (into.room == 0) return;
  put(into, 0, [&](tharsis_dns_candidate& c) {
    c = {};
    c.size = sizeof c;
    c.proven = 1;
    c.address = address;
    c.source = text_of("literal");
    c.why = text_of("it is an address");
  });
}

}  // namespace tharsis::dns

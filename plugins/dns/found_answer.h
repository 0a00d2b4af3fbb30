// What is remembered, in the terms of lookup() and in its caller's memory. No allocation.
#pragma once
#include "plugins/dns/core/known_answer.h"
#include "sdk/abi/dns.h"

namespace tharsis::dns {

// Has it sizes, and room where it says so?
bool can_take(const tharsis_dns_found* into);
// Nothing is known.
void clear_found(tharsis_dns_found& into);
// `stale`: its time is over.
void fill_found(tharsis_dns_found& into, const known_answer& known, const text_pool& texts, bool stale, instant now);
// An address that was asked for as a name.
void fill_literal(tharsis_dns_found& into, const tharsis_address& address);

}  // namespace tharsis::dns

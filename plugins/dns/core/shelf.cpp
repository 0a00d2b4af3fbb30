#include "plugins/dns/core/shelf.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>
#include <utility>

namespace tharsis::dns {
namespace {

constexpr size_t heads_min = 16, heads_max = size_t{1} << 20;

size_t heads_for(size_t names) { return std::bit_ceil(std::clamp(names, heads_min, heads_max)); }

uint64_t stirred(uint64_t x) {
  x *= 0x9E3779B97F4A7C15u;
  return x ^ x >> 32;
}

}  // namespace

shelf::shelf(size_t names)
    : mask_(static_cast<uint32_t>(heads_for(names) - 1)), heads_(std::make_unique<std::atomic<slip*>[]>(heads_for(names))) {}

shelf::~shelf() {
  for (size_t i = 0; i <= mask_; ++i)
    while (slip* const s = heads_[i].load(std::memory_order_relaxed)) remove(*s);
}

// Eight octets at a time. Who chooses names to make chains long gets a slow name of his own, nothing else: the shelf is small.
uint32_t shelf::hash_of(std::string_view name, uint32_t family) {
  uint64_t sum = stirred(name.size() << 4 | family);
  while (name.size() >= 8) {
    uint64_t part = 0;
    std::memcpy(&part, name.data(), 8);
    sum = stirred(sum ^ part);
    name.remove_prefix(8);
  }
  uint64_t rest = 0;
  std::memcpy(&rest, name.data(), name.size());
  sum = stirred(sum ^ rest);
  return static_cast<uint32_t>(sum ^ sum >> 29);
}

const slip* shelf::find(std::string_view name, uint32_t family) const {
  const uint32_t hash = hash_of(name, family);
  for (const slip* s = head(hash).load(std::memory_order_seq_cst); s != nullptr; s = s->next.load(std::memory_order_seq_cst))
    if (s->hash == hash && s->family == family && s->name() == name) return s;
  return nullptr;
}

slip& shelf::add(std::string_view name, uint32_t family) {
  slip* const s = new (::operator new(sizeof(slip) + name.size())) slip;
  std::memcpy(reinterpret_cast<char*>(s + 1), name.data(), name.size());
  s->hash = hash_of(name, family);
  s->family = static_cast<uint8_t>(family);
  s->name_size = static_cast<uint8_t>(name.size());
  std::atomic<slip*>& first = head(s->hash);
  s->next.store(first.load(std::memory_order_relaxed), std::memory_order_relaxed);
  first.store(s, std::memory_order_seq_cst);
  return *s;
}

void shelf::remove(slip& s) {
  std::atomic<slip*>* link = &head(s.hash);
  while (link->load(std::memory_order_relaxed) != &s) link = &link->load(std::memory_order_relaxed)->next;
  link->store(s.next.load(std::memory_order_relaxed), std::memory_order_seq_cst);
  set(s, nullptr, nullptr);
  gate_.retire(&s, &free_slip);
}

void shelf::set(slip& s, const known_answer* what, const known_answer* proven) {
  const known_answer* const old = s.what.exchange(what, std::memory_order_seq_cst);
  const known_answer* const old_proven = std::exchange(s.proven, proven);
  for (const known_answer* gone : {old, old_proven == old ? nullptr : old_proven})
    if (gone != nullptr && gone != what && gone != proven) gate_.retire(gone, &known_answer::destroy);
}

void shelf::free_slip(const void* s) { ::operator delete(const_cast<void*>(s)); }

size_t shelf::weight(const slip& s) {
  constexpr size_t kept_beside = 8, grain = 16;
  const known_answer* const what = s.what.load(std::memory_order_relaxed);
  const size_t own = (sizeof(slip) + s.name_size + kept_beside + grain - 1) / grain * grain;
  return own + sizeof(std::atomic<slip*>) + (what != nullptr ? what->weight() : 0) + (s.proven != nullptr && s.proven != what ? s.proven->weight() : 0);
}

}  // namespace tharsis::dns

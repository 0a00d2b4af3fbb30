#include "plugins/dns/core/known_answer.h"

#include <algorithm>
#include <cstring>
#include <new>

#include "sdk/pure/address.h"

namespace tharsis::dns {
namespace {

constexpr size_t entries_max = 256;
constexpr size_t refused_max = 16;
constexpr size_t reason_max = 1024;

bool same_place(const tharsis_address& a, const tharsis_address& b) { return same_ip(a, b) && a.port == b.port; }

const candidate* candidate_of(const answer& a, const tharsis_address& address) {
  const auto found = std::find_if(a.candidates.begin(), a.candidates.end(), [&](const candidate& c) { return same_place(c.address, address); });
  return found == a.candidates.end() ? nullptr : &*found;
}
bool is_address_of(const answer& a, const candidate& c) {
  return std::any_of(a.addresses.begin(), a.addresses.end(), [&](const auto& address) { return same_place(address, c.address); });
}

}  // namespace

known_answer::packed known_answer::pack_one(const tharsis_address& a, bool proven, std::string_view source, std::string_view why, text_pool& texts) {
  tharsis_address marked = a;
  marked.reserved = proven ? 1 : 0;
  return {marked, texts.number(source), texts.sentence(why)};
}

known_answer::owned known_answer::pack(const answer& a, const term& t, text_pool& texts) {
  const size_t usable = std::min(a.addresses.size(), entries_max);
  const auto rest = a.status != THARSIS_OK ? 0 : static_cast<size_t>(std::count_if(a.candidates.begin(), a.candidates.end(), [&](const candidate& c) { return !is_address_of(a, c); }));
  const size_t count = std::min(usable + rest, entries_max);
  const size_t refused = std::min(a.refused.size(), refused_max);
  const size_t reason = std::min(a.reason.size(), reason_max);
  auto* k = new (::operator new(size_of(count + refused, reason))) known_answer;
  k->term_ = t;
  k->learned_ = a.learned;
  k->status_ = a.status;
  k->usable_ = static_cast<uint16_t>(usable);
  k->count_ = static_cast<uint16_t>(count);
  k->refused_ = static_cast<uint16_t>(refused);
  k->verdict_ = texts.number(a.verdict);
  k->reason_size_ = static_cast<uint16_t>(reason);
  k->source_ = static_cast<uint8_t>(a.source);
  k->trusted_ = a.trusted;
  k->stale_ = a.stale;
  k->no_name_ = a.no_name;
  k->unbelieved_ = a.unbelieved;
  packed* to = k->entries();
  for (size_t i = 0; i < usable; ++i) {
    const candidate* const c = candidate_of(a, a.addresses[i]);
    new (to++) packed(pack_one(a.addresses[i], c != nullptr && c->proven, c != nullptr ? std::string_view(c->source) : "", c != nullptr ? std::string_view(c->why) : "", texts));
  }
  for (size_t i = 0; i < a.candidates.size() && to < k->entries() + count; ++i)
    if (const candidate& c = a.candidates[i]; !is_address_of(a, c)) new (to++) packed(pack_one(c.address, c.proven, c.source, c.why, texts));
  for (size_t i = 0; i < refused; ++i) new (to++) packed(pack_one(a.refused[i].address, false, a.refused[i].source, a.refused[i].why, texts));
  std::memcpy(reinterpret_cast<char*>(to), a.reason.data(), reason);
  return owned(k);
}

void known_answer::destroy(const void* self) { ::operator delete(const_cast<void*>(self)); }

answer known_answer::unpack(const text_pool& texts) const {
  answer a;
  a.status = status_;
  a.source = source_;
  a.learned = learned_;
  a.trusted = trusted_;
  a.stale = stale_;
  a.no_name = no_name_;
  a.unbelieved = unbelieved_;
  a.verdict = verdict(texts);
  a.reason.assign(reason(), reason_size_);
  for (size_t i = 0; i < count_; ++i) {
    const one c = at(i);
    a.addresses.push_back(c.address);
    a.candidates.push_back({c.address, std::string(texts.text(c.source)), c.proven, std::string(texts.text(c.why))});
  }
  for (size_t i = count_; i < size_t{count_} + refused_; ++i) {
    const one c = at(i);
    a.refused.push_back({c.address, std::string(texts.text(c.source)), std::string(texts.text(c.why))});
  }
  return a;
}

void known_answer::tell(const std::vector<known_address>& known) const {
  for (size_t i = 0; i < std::min<size_t>(known.size(), count_); ++i) {
    const int64_t connect = std::chrono::duration_cast<std::chrono::microseconds>(known[i].connect).count();
    entries()[i].told.store(static_cast<uint32_t>(std::clamp<int64_t>(connect, 0, avoided_bit - 1)) | (known[i].avoided ? avoided_bit : 0), std::memory_order_relaxed);
  }
}

size_t known_answer::weight() const {
  constexpr size_t kept_beside = 8, grain = 16;
  return (size_of(size_t{count_} + refused_, reason_size_) + kept_beside + grain - 1) / grain * grain;
}

}  // namespace tharsis::dns

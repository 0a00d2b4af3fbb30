#include "sdk/pure/address_memory.h"

#include <algorithm>

#include "sdk/pure/address.h"

namespace tharsis {
namespace {

uint8_t family_named(std::string_view word) { return word == "4" ? 4 : word == "6" ? 6 : 0; }

}  // namespace

void address_memory::on_network(std::string_view id, uint64_t generation, bool reachable, bool metered) {
  const bool same = generation == generation_ || (!id.empty() && id == network_);
  const bool first = std::exchange(generation_, generation) == 0;
  if (!same && !first) {
    family_ = 0;
    avoided_.clear();
  }
  network_ = id;
  metered_ = metered;
  score_.on_network(network_);
  score_.on_reachable(reachable);
}

// It belongs to the network over which it was dialled, which may be another one by now.
bool address_memory::on_outcome(const outcome& o, instant now) {
  if (o.rest > duration::zero()) score_.ban(o.address, now, std::min(o.rest, rest_max));
  score_.on_network(o.network);
  const bool news = note(o, now);
  score_.on_network(network_);
  return news;
}

bool address_memory::note(const outcome& o, instant now) {
  if (o.status == THARSIS_OK) return score_.on_success(o.address, o.connect, now);
  if (o.status == THARSIS_PENDING) return score_.on_silent(o.address, now);
  return score_.on_failure(o.address, o.status, now);
}

bool address_memory::makes_sense(uint32_t code, std::string_view about) {
  return (code == THARSIS_DNS_FAMILY && family_named(about) != 0) || (code == THARSIS_DNS_AVOID && parse_place(about));
}

// What was said before of the same thing holds no more.
bool address_memory::advise(uint32_t code, std::string_view about, duration life, instant now) {
  if (!makes_sense(code, about)) return false;
  const bool holds = life > duration::zero();
  if (code == THARSIS_DNS_FAMILY) {
    const uint8_t family = family_named(about);
    if (!holds && family != family_) return true;
    family_ = holds ? family : uint8_t{0};
    family_until_ = later(now, life);
    return true;
  }
  const tharsis_address at = *parse_place(about);
  std::erase_if(avoided_, [&](const auto& known) { return known.first == at; });
  if (holds) avoided_.emplace_back(at, later(now, life));
  if (avoided_.size() > avoided_max) avoided_.erase(avoided_.begin());
  return true;
}

instant address_memory::deadline(instant now) const {
  instant first = family_ != 0 && now < family_until_ ? family_until_ : never;
  for (const auto& [a, until] : avoided_)
    if (now < until) first = std::min(first, until);
  return first;
}

bool address_memory::avoided(const tharsis_address& a, instant now) const {
  if (family_ != 0 && family_ != a.family && now < family_until_) return true;
  return std::any_of(avoided_.begin(), avoided_.end(), [&](const auto& known) {
    return now < known.second && (known.first.port == 0 ? same_ip(known.first, a) : known.first == a);
  });
}

std::vector<tharsis_address> address_memory::order(const std::vector<tharsis_address>& list, instant now, bool tried) {
  return put_last(score_.order(list, now, tried), now);
}

bool address_memory::explore(std::vector<tharsis_address>& ordered, instant now, const address_score::chance& random, const address_score::allowed& may) {
  if (metered_) return false;
  const auto end = std::find_if(ordered.begin(), ordered.end(), [&](const tharsis_address& a) { return avoided(a, now); });
  const auto first = ordered.begin() + static_cast<std::ptrdiff_t>(score_.explore({ordered.begin(), end}, now, random, may));
  if (first == ordered.begin()) return false;
  std::rotate(ordered.begin(), first, first + 1);
  return true;
}

std::vector<tharsis_address> address_memory::put_last(std::vector<tharsis_address> list, instant now) const {
  std::stable_partition(list.begin(), list.end(), [&](const tharsis_address& a) { return !avoided(a, now); });
  return list;
}

known_address address_memory::about(const tharsis_address& a, instant now) const { return {a, score_.latency(a), avoided(a, now)}; }

}  // namespace tharsis

#include "plugins/stn/core/remedies.h"

#include <algorithm>
#include <utility>

#include "sdk/pure/views.h"

namespace tharsis::stn {
namespace {

constexpr uint32_t ttl_min_ms = 1000;
constexpr uint32_t segments_min = 536, segments_max = 1460;  // What every IPv4 host takes; Ethernet less nothing.

error invalid(std::string sentence) { return {THARSIS_E_INVALID, "a remedy of stn.heal: " + std::move(sentence)}; }

std::optional<error> wrong_number(const tharsis_stn_remedy& r) {
  const std::string is = ", not " + std::to_string(r.number);
  switch (r.what) {
    case THARSIS_STN_HEAL_SEGMENTS:
      if (r.number >= segments_min && r.number <= segments_max) return {};
      return invalid("segments have 536 to 1460 bytes" + is);
    case THARSIS_STN_HEAL_FAMILY:
      if (r.number == 4 || r.number == 6) return {};
      return invalid("a family is 4 or 6" + is);
    case THARSIS_STN_HEAL_PORT:
      if (r.number >= 1 && r.number <= 65535) return {};
      return invalid("a port is a number from 1 to 65535" + is);
    default:
      if (r.number == 0) return {};
      return invalid("only segments, a family and a port have a number; leave it 0" + is);
  }
}

std::string words_of(const remedy& r) {
  switch (r.what) {
    case THARSIS_STN_HEAL_SEGMENTS: return "segments of " + std::to_string(r.number) + " bytes at most";
    case THARSIS_STN_HEAL_FAMILY: return "IPv" + std::to_string(r.number) + " first";
    case THARSIS_STN_HEAL_ADDRESS: return r.subject() + " last";
    case THARSIS_STN_HEAL_DATAGRAMS: return "no datagrams";
    case THARSIS_STN_HEAL_PORT: return "port " + std::to_string(r.number) + " of " + r.host + " first";
    default: return "no dialling, since somebody has to sign in first";
  }
}

}  // namespace

std::optional<error> mistake_of(const tharsis_stn_remedy& wanted) {
  if (wanted.what == 0 || wanted.what >= THARSIS_STN_HEAL_COUNT)
    return invalid("there is none with the number " + std::to_string(wanted.what) + "; see sdk/abi/stn_heal.h");
  const uint32_t most = wanted.what == THARSIS_STN_HEAL_PORTAL ? THARSIS_STN_HEAL_PORTAL_MAX_MS : THARSIS_STN_HEAL_TTL_MAX_MS;
  if (wanted.ttl_ms < ttl_min_ms || wanted.ttl_ms > most)
    return invalid("it lasts from 1000 to " + std::to_string(most) + " ms, not " + std::to_string(wanted.ttl_ms) + "; repeat it if it is still meant then");
  if (auto wrong = wrong_number(wanted)) return wrong;
  const bool is_address = wanted.address.family == 4 || wanted.address.family == 6;
  if (is_address != (wanted.what == THARSIS_STN_HEAL_ADDRESS))
    return invalid(is_address ? "only one of the kind ADDRESS has an address" : "which address is to be tried last is missing");
  if ((wanted.host.size > 0) != (wanted.what == THARSIS_STN_HEAL_PORT))
    return invalid(wanted.host.size > 0 ? "only one of the kind PORT has a host" : "whose port it is is missing: the host, as the endpoint names it");
  return {};
}

void remedies::apply(remedy r, instant now) {
  r.since = now;
  const auto same = std::find_if(all_.begin(), all_.end(), [&](const remedy& known) { return known.is_for_the_same(r); });
  if (same != all_.end()) {
    const bool other = same->number != r.number;
    if (!other) r.since = same->since;
    *same = std::move(r);
    told_.push_back({*same, other ? uint32_t{THARSIS_STN_HEAL_BEGUN} : uint32_t{THARSIS_STN_HEAL_RENEWED}});
    return;
  }
  if (all_.size() == most) {
    const auto first = std::min_element(all_.begin(), all_.end(), [](const remedy& a, const remedy& b) { return a.until < b.until; });
    end(static_cast<size_t>(first - all_.begin()), THARSIS_STN_HEAL_CROWDED);
  }
  all_.push_back(std::move(r));
  told_.push_back({all_.back(), THARSIS_STN_HEAL_BEGUN});
}

void remedies::undo(uint64_t id) {
  const auto found = std::find_if(all_.begin(), all_.end(), [&](const remedy& r) { return r.id == id; });
  if (found != all_.end()) end(static_cast<size_t>(found - all_.begin()), THARSIS_STN_HEAL_UNDONE);
}

// Who does not know its name takes a network for another one with each generation.
void remedies::on_network(std::string_view id, uint64_t generation) {
  const bool same = generation == generation_ || (!id.empty() && id == network_);
  const bool first = std::exchange(generation_, generation) == 0;
  network_ = id;
  if (same || first) return;
  while (!all_.empty()) end(0, THARSIS_STN_HEAL_MOVED);
}

void remedies::end(size_t index, uint32_t state) {
  told_.push_back({std::move(all_[index]), state});
  all_.erase(all_.begin() + static_cast<std::ptrdiff_t>(index));
}

std::vector<remedies::told> remedies::take_told(instant now) {
  for (size_t i = 0; i < all_.size();)
    if (all_[i].until <= now)
      end(i, THARSIS_STN_HEAL_EXPIRED);
    else
      ++i;
  return std::exchange(told_, {});
}

instant remedies::deadline() const {
  instant first = never;
  for (const remedy& r : all_) first = std::min(first, r.until);
  return first;
}

std::string remedies::words(instant now) const {
  std::string text;
  for (const remedy& r : all_) {
    if (now >= r.until) continue;
    text += (text.empty() ? "" : "; ") + words_of(r) + " for " + std::to_string(milliseconds(r.until - now) / 1000) + " s more";
    if (!r.reason.empty()) text += " (" + r.reason + ")";
  }
  return text;
}

const remedy* remedies::find(uint32_t what, instant now) const {
  const auto found = std::find_if(all_.begin(), all_.end(), [&](const remedy& r) { return r.what == what && now < r.until; });
  return found == all_.end() ? nullptr : &*found;
}

int64_t remedies::number_of(uint32_t what, instant now) const {
  const remedy* const found = find(what, now);
  return found == nullptr ? 0 : found->number;
}

uint16_t remedies::port(std::string_view host, instant now) const {
  for (const remedy& r : all_)
    if (r.what == THARSIS_STN_HEAL_PORT && now < r.until && r.host == host) return static_cast<uint16_t>(r.number);
  return 0;
}

}  // namespace tharsis::stn

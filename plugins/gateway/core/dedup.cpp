#include "plugins/gateway/core/dedup.h"

#include <algorithm>

#include "sdk/pure/views.h"

namespace tharsis::gateway {
namespace {

// FNV-1a over command and body. Two bodies that collide would be taken for one; a client that goes
// looking for such a pair misleads nobody but itself.
uint64_t fingerprint_of(uint32_t command, std::span<const uint8_t> body) {
  uint64_t hash = 0xCBF29CE484222325u;
  const auto mix = [&hash](uint8_t byte) { hash = (hash ^ byte) * 0x100000001B3u; };
  for (int shift = 0; shift < 32; shift += 8) mix(static_cast<uint8_t>(command >> shift));
  for (const uint8_t byte : body) mix(byte);
  return hash;
}

}  // namespace

dedup::ruling dedup::on_request(std::string_view id, std::span<const uint8_t> key, uint32_t command,
                                std::span<const uint8_t> body, asker from, instant now) {
  expire(now);
  client* c = known(id);
  if (c == nullptr) return busy(nullptr, now);
  const std::string name(as_text(key));
  const uint64_t fingerprint = fingerprint_of(command, body);
  if (const auto found = c->by_key.find(name); found != c->by_key.end()) {
    entry& e = *found->second;
    if (e.fingerprint != fingerprint) {
      ++c->counted.refusals;
      return {verdict::conflict, {}};
    }
    if (e.given == never && e.waiting.size() >= askers_max) return {verdict::busy, {}};
    ++c->counted.repeats;
    if (e.given != never) return {verdict::repeat, e.answer};
    e.waiting.push_back(from);
    return {verdict::wait, {}};
  }
  if (!has_room()) return busy(nullptr, now);
  if (!make_room_for_a_key(*c)) return busy(c, now);
  running_.push_back({c, name, fingerprint, {from}, {}});
  c->by_key.emplace(name, std::prev(running_.end()));
  return {verdict::execute, {}};
}

std::vector<asker> dedup::on_answer(std::string_view id, std::span<const uint8_t> key,
                                    std::vector<uint8_t> answer, instant now) {
  const auto owner = clients_.find(std::string(id));
  if (owner == clients_.end()) return {};
  client& c = owner->second;
  const auto found = c.by_key.find(std::string(as_text(key)));
  if (found == c.by_key.end() || found->second->given != never) return {};
  const place e = found->second;
  ++c.counted.executions;
  ++c.counted.keys;
  e->answer = std::move(answer);
  e->given = now;
  answered_.splice(answered_.end(), running_, e);
  c.answered.push_back(e);
  c.bytes += e->size();
  bytes_ += e->size();
  std::vector<asker> waiting = std::move(e->waiting);
  shrink();
  return waiting;
}

void dedup::on_unnamed(std::string_view id) {
  if (client* c = known(id)) ++c->counted.executions;
}

void dedup::forget(std::string_view id) {
  if (const auto found = clients_.find(std::string(id)); found != clients_.end()) erase(found->second);
}

counters dedup::counted(std::string_view id) const {
  const auto found = clients_.find(std::string(id));
  return found == clients_.end() ? counters{} : found->second.counted;
}

// The client, made if it is new and moved to the end of the used ones.
dedup::client* dedup::known(std::string_view id) {
  auto found = clients_.find(std::string(id));
  if (found == clients_.end()) {
    if (!make_room_for_a_client()) return nullptr;
    found = clients_.emplace(std::string(id), client{}).first;
    found->second.id = id;
    found->second.used = used_.insert(used_.end(), &found->second);
  }
  used_.splice(used_.end(), used_, found->second.used);
  return &found->second;
}

// One for whom something is under way must not go: its repeat would be carried out again. Nor one whose answers are promised.
bool dedup::may_go(const client& c) const { return keep_.told ? c.by_key.empty() : c.by_key.size() == c.answered.size(); }

// There is a place when the oldest answer of this client, or of all, has had its time.
dedup::ruling dedup::busy(const client* c, instant now) const {
  ruling r{verdict::busy, {}, {}};
  const bool none = c != nullptr ? c->answered.empty() : answered_.empty();
  if (keep_.told && !none) r.wait = later(c != nullptr ? c->answered.front()->given : answered_.front().given, keep_.time) - now;
  return r;
}

bool dedup::make_room_for_a_client() {
  if (clients_.size() < static_cast<size_t>(keep_.clients)) return true;
  const auto oldest = std::find_if(used_.begin(), used_.end(), [this](const client* c) { return may_go(*c); });
  if (oldest == used_.end()) return false;
  erase(**oldest);
  return true;
}

bool dedup::make_room_for_a_key(client& c) {
  if (c.by_key.size() < static_cast<size_t>(keep_.keys)) return true;
  if (c.answered.empty() || keep_.told) return false;
  drop_oldest(c);
  return true;
}

// The oldest answer of all is the oldest of its client.
void dedup::expire(instant now) {
  while (!answered_.empty() && later(answered_.front().given, keep_.time) <= now)
    drop_oldest(*answered_.front().owner);
}

void dedup::drop_oldest(client& c) {
  const place e = c.answered.front();
  c.answered.pop_front();
  c.by_key.erase(e->key);
  c.bytes -= e->size();
  bytes_ -= e->size();
  answered_.erase(e);
}

// The client that holds most pays for it, not the one that came first. Where that is promised to nobody: then what would be
// more is not carried out, and only what was under way goes beyond.
void dedup::shrink() {
  if (keep_.told) return;
  while (bytes_ > static_cast<uint64_t>(keep_.bytes)) {
    const auto less = [](const client* a, const client* b) { return a->bytes < b->bytes; };
    drop_oldest(**std::max_element(used_.begin(), used_.end(), less));
  }
}

void dedup::erase(client& c) {
  for (const auto& [key, e] : c.by_key) {
    if (e->given != never) bytes_ -= e->size();
    (e->given != never ? answered_ : running_).erase(e);
  }
  used_.erase(c.used);
  clients_.erase(std::string(c.id));
}

}  // namespace tharsis::gateway

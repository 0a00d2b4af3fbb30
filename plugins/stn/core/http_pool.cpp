#include "plugins/stn/core/http_pool.h"

#include <algorithm>

namespace tharsis::stn {

http_pool::connection* http_pool::find(uint64_t id) {
  const auto at = std::find_if(all_.begin(), all_.end(), [&](const connection& c) { return c.id == id; });
  return at == all_.end() ? nullptr : &*at;
}

void http_pool::forget(uint64_t id) {
  std::erase_if(all_, [&](const connection& c) { return c.id == id; });
}

std::optional<uint64_t> http_pool::take(const std::string& origin, instant now) {
  connection* best = nullptr;
  for (connection& c : all_)
    if (!c.busy && c.origin == origin && now < c.until && (best == nullptr || c.used > best->used)) best = &c;
  if (best == nullptr) return std::nullopt;
  reuse(best->id);
  return best->id;
}

void http_pool::reuse(uint64_t id) {
  connection* const c = find(id);
  if (c == nullptr) return;
  c->busy = true;
  c->until = never;
}

uint64_t http_pool::open(const std::string& origin, std::optional<uint64_t>& instead) {
  instead.reset();
  int64_t of_origin = 0;
  const connection* oldest = nullptr;
  for (const connection& c : all_) {
    of_origin += c.origin == origin;
    if (!c.busy && (oldest == nullptr || c.used < oldest->used)) oldest = &c;
  }
  if (of_origin >= settings_.per_origin) return 0;
  if (static_cast<int64_t>(all_.size()) >= settings_.in_all) {
    if (oldest == nullptr) return 0;
    instead = oldest->id;
    forget(*instead);
  }
  all_.push_back({++last_id_, origin, generation_, never, 0, true, {}, false});
  return last_id_;
}

void http_pool::led_to(uint64_t id, const tharsis_address& at, bool others) {
  connection* const c = find(id);
  if (c == nullptr) return;
  c->at = at;
  c->others = others;
}

tharsis_address http_pool::server(uint64_t id) const {
  const auto c = std::find_if(all_.begin(), all_.end(), [&](const connection& o) { return o.id == id; });
  return c == all_.end() ? tharsis_address{} : c->at;
}

bool http_pool::has_others(uint64_t id) const {
  return std::any_of(all_.begin(), all_.end(), [&](const connection& c) { return c.id == id && c.others; });
}

std::vector<uint64_t> http_pool::leave(const tharsis_address& at) {
  std::vector<uint64_t> idle;
  for (connection& c : all_) {
    if (!c.others || !(c.at == at)) continue;
    if (c.busy) c.generation = left;
    else idle.push_back(c.id);
  }
  for (const uint64_t id : idle) forget(id);
  return idle;
}

bool http_pool::put(uint64_t id, instant now, duration at_most) {
  connection* const c = find(id);
  if (c == nullptr) return false;
  const duration kept = std::min(settings_.idle, at_most);
  if (c->generation != generation_ || kept <= duration::zero()) return forget(id), false;
  c->busy = false;
  c->used = ++steps_;
  c->until = later(now, kept);
  return true;
}

void http_pool::closed(uint64_t id) { forget(id); }

std::vector<uint64_t> http_pool::expire(instant now) {
  std::vector<uint64_t> over;
  for (const connection& c : all_)
    if (!c.busy && now >= c.until) over.push_back(c.id);
  for (const uint64_t id : over) forget(id);
  return over;
}

instant http_pool::deadline() const {
  instant first = never;
  for (const connection& c : all_)
    if (!c.busy) first = std::min(first, c.until);
  return first;
}

std::vector<uint64_t> http_pool::on_network() {
  ++generation_;
  std::vector<uint64_t> idle;
  for (const connection& c : all_)
    if (!c.busy) idle.push_back(c.id);
  for (const uint64_t id : idle) forget(id);
  return idle;
}

size_t http_pool::idle() const {
  return static_cast<size_t>(std::count_if(all_.begin(), all_.end(), [](const connection& c) { return !c.busy; }));
}

}  // namespace tharsis::stn

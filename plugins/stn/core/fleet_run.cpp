#include "plugins/stn/core/fleet_run.h"

#include <algorithm>

namespace tharsis::stn {
namespace {

std::vector<fleet_server> built(const fleet_scenario& s) {
  std::vector<fleet_server> all;
  for (const fleet_group& g : s.groups) all.insert(all.end(), static_cast<size_t>(g.servers), fleet_server(g));
  return all;
}

size_t count_of(const fleet_scenario& s) {
  size_t all = 0;
  for (const fleet_group& g : s.groups) all += static_cast<size_t>(g.servers);
  return all;
}

bool ends_connections(fleet_deed d) { return d == fleet_deed::fail || d == fleet_deed::vanish || d == fleet_deed::drain; }

}  // namespace

fleet_run::fleet_run(const fleet_scenario& s, const fleet_policy& p, uint64_t seed)
    : scenario_(s), world_{s, p, built(s), fleet_tally(count_of(s), begin)}, chance_(seed) {
  uint16_t first = 0;
  for (const fleet_group& g : s.groups) {
    group_begins_.push_back(first);
    first = static_cast<uint16_t>(first + g.servers);
  }
  group_begins_.push_back(first);
  spans_.resize(span_of(begin + s.length) + 1);
  const auto count = static_cast<uint32_t>(s.clients);
  const uint64_t clients_seed = chance_.next();
  planned_.assign(count, never);
  for (uint32_t i = 0; i < count; ++i) {
    clients_.emplace_back(world_, i, clients_seed, static_cast<uint16_t>(i % first), begin);
    plan(i);
  }
}

void fleet_run::advance(duration to) {
  const instant until = begin + to;
  for (;;) {
    const instant event = next_event_ < scenario_.events.size() ? begin + scenario_.events[next_event_].at : never;
    const instant client = next_wake();
    const instant next = std::min({event, client, next_sample_});
    if (next > until) break;
    now_ = next;
    if (next == next_sample_) {
      world_.tally.sample();
      next_sample_ += 1s;
    } else if (next == event) {
      happen(next_event_++);
    } else {
      const wake w = queue_.top();
      queue_.pop();
      if (planned_[w.client] != w.at) continue;
      planned_[w.client] = never;
      clients_[w.client].on_wake(world_, now_);
      plan(w.client);
    }
  }
  now_ = until;
}

void fleet_run::plan(uint32_t client) {
  const instant at = std::max(clients_[client].wake(now_), now_);
  if (at == planned_[client]) return;
  planned_[client] = at;
  if (at == never || span_of(at) >= spans_.size()) return;
  if (span_of(at) <= span_) queue_.push({at, client});
  else spans_[span_of(at)].push_back({at, client});
}

instant fleet_run::next_wake() {
  while (queue_.empty() && span_ + 1 < spans_.size()) {
    for (const wake& w : spans_[++span_]) queue_.push(w);
    spans_[span_] = {};
  }
  return queue_.empty() ? never : queue_.top().at;
}

size_t fleet_run::open_servers() const {
  return static_cast<size_t>(std::count_if(world_.servers.begin(), world_.servers.end(), [](const fleet_server& s) { return s.open(); }));
}

void fleet_run::happen(size_t event) {
  const fleet_event& e = scenario_.events[event];
  const uint16_t first = group_begins_[e.group];
  const uint16_t last = e.servers > 0 ? static_cast<uint16_t>(first + e.servers) : group_begins_[e.group + 1];
  int64_t affected = 0;
  for (uint16_t s = first; s < last; ++s) {
    affected += world_.tally.on(s);
    world_.servers[s].on_deed(e, now_);
  }
  if (!ends_connections(e.deed)) return;
  strike(e, world_.tally.begin_incident(event, affected, open_servers(), now_), first, last);
}

void fleet_run::strike(const fleet_event& e, uint16_t incident, uint16_t first, uint16_t last) {
  for (uint32_t i = 0; i < clients_.size(); ++i) {
    fleet_client& c = clients_[i];
    if (c.is() != fleet_client::state::up || c.server() < first || c.server() >= last) continue;
    if (e.deed == fleet_deed::vanish) {
      c.on_silent_end(incident);
      continue;
    }
    c.on_word_of_end(incident, now_ + (e.deed == fleet_deed::drain ? chance_.up_to(e.over) : duration::zero()));
    plan(i);
  }
  if (e.deed == fleet_deed::drain) return;
  for (uint16_t s = first; s < last; ++s) world_.tally.on_death(s);
}

}  // namespace tharsis::stn

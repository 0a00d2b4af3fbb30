#include "plugins/stn/core/overload_run.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "sdk/pure/json.h"

namespace tharsis::stn {
namespace {

// So many seconds in a row show that it was not chance.
constexpr size_t calm_seconds = 10;
constexpr double well = 0.95;
// A refusal costs a server this part of a task's work.
constexpr int64_t refusal_part = 20;

std::string padded(std::string text, size_t width) {
  if (text.size() < width) text.insert(0, width - text.size(), ' ');
  return text;
}
std::string per_cent(double share) { return std::to_string(std::llround(100 * share)) + " %"; }

double mean_of(const std::vector<float>& all, size_t from, size_t to) {
  double sum = 0;
  for (size_t i = from; i < to; ++i) sum += all[i];
  return to > from ? sum / static_cast<double>(to - from) : 0;
}

}  // namespace

// Numbers are servers.
inline std::string server_text(uint32_t number) { return "server " + std::to_string(number); }

overload_policy our_overload_policy(const task_settings& tasks, const breaker_settings& breaker) { return {"tharsis", tasks, breaker, {}}; }

overload_policy naive_overload_policy() {
  overload_policy p{"naive retries", {}, {}, 2s};
  p.tasks.budget.use = p.tasks.rest.use = p.breaker.use = false;
  return p;
}

overload_policy budgeted_overload_policy(const budget_settings& budget) {
  overload_policy p = naive_overload_policy();
  p.name = "naive with budget";
  p.tasks.budget = budget;
  return p;
}

overload_policy mars_overload_policy() {
  overload_policy p{"Mars' constants", {}, {}, 12s};
  p.tasks.budget.use = p.tasks.rest.use = p.breaker.use = false;
  p.tasks.timeout = 40s;
  p.tasks.retries = 1;
  return p;
}

overload_run::overload_run(const overload_scenario& s, const overload_policy& p, uint64_t seed)
    : scenario_(s), policy_(p), patience_(p.patience > duration::zero() ? p.patience : answer_times(p.tasks.answer_times).of(100, 0, {}).first_byte),
      chance_(seed), servers_(static_cast<size_t>(s.servers)) {
  const size_t seconds = static_cast<size_t>(s.length / 1s) + 1;
  good_.resize(seconds), bad_.resize(seconds), requests_.resize(seconds);
  for (uint32_t i = 0; i < static_cast<uint32_t>(s.clients); ++i) {
    clients_.emplace_back(p);
    plan(next_task(begin_), i, step::begin);
  }
}

// As long as the servers can bear `load` per cent.
duration overload_run::each(instant now) const {
  const duration well_each = scenario_.between * scenario_.load * scenario_.servers / scenario_.clients / 100;
  const bool slow = now - begin_ >= scenario_.slow_at && now - begin_ < scenario_.slow_at + scenario_.slow_for;
  return slow ? well_each * scenario_.factor : well_each;
}

void overload_run::plan(instant at, uint32_t number, step what, uint16_t server) { queue_.push({at, number, clients_[number].attempt, what, server}); }

overload_result overload_run::run() {
  while (!queue_.empty() && queue_.top().at - begin_ < scenario_.length) {
    const event e = queue_.top();
    queue_.pop();
    on(e);
  }
  overload_result r;
  r.policy = policy_.name;
  const double per_second = static_cast<double>(scenario_.clients) / std::chrono::duration<double>(scenario_.between).count();
  const size_t seconds = good_.size() - 1, slow = static_cast<size_t>(scenario_.slow_at / 1s), well_again = slow + static_cast<size_t>(scenario_.slow_for / 1s);
  for (size_t i = 0; i < seconds; ++i) {
    const auto ended = static_cast<float>(good_[i] + bad_[i]);
    r.answered.push_back(ended > 0 ? static_cast<float>(good_[i]) / ended : 1.0F);
    r.sent.push_back(static_cast<float>(requests_[i] / per_second));
  }
  r.before = mean_of(r.answered, 0, slow);
  r.during = mean_of(r.answered, slow, well_again);
  r.at_end = mean_of(r.answered, seconds - std::min<size_t>(60, seconds), seconds);
  r.worst_load = *std::max_element(r.sent.begin(), r.sent.end()) * static_cast<double>(scenario_.load) / 100;
  for (size_t i = well_again, calm = 0; i < seconds; ++i) {
    calm = r.answered[i] >= well ? calm + 1 : 0;
    if (calm < calm_seconds) continue;
    r.recovered = (i + 1 - calm_seconds - well_again) * 1s;
    break;
  }
  return r;
}

void overload_run::on(const event& e) {
  client& c = clients_[e.client];
  if (e.what == step::begin) return begin_task(e.client, e.at);
  if (e.attempt != c.attempt || c.deadline == never) return;  // Nobody waits for that any more.
  switch (e.what) {
    case step::begin: return;
    case step::send: return send(e.client, e.at);
    case step::answer:
      c.servers.on_success(e.server, e.at);
      return end_task(e.client, true, e.at);
    case step::refuse:
      c.rest.on_busy(e.server, scenario_.retry_after, chance_.next(), e.at);
      c.servers.on_failure(e.server, "it had too much to do", scenario_.retry_after, chance_.next(), e.at);
      return send_again(e.client, e.at);
    case step::give_up: return send_again(e.client, e.at);
  }
}

instant overload_run::next_task(instant now) {
  const double wait = -std::log(1 - chance_.share()) * static_cast<double>(scenario_.between.count());
  return later(now, duration(static_cast<int64_t>(wait) + 1));
}

void overload_run::begin_task(uint32_t number, instant now) {
  client& c = clients_[number];
  plan(next_task(now), number, step::begin);
  if (c.deadline != never) return;  // It has one that is not over.
  c.deadline = later(now, policy_.tasks.timeout);
  c.sends = 0;
  send(number, now);
}

// Its own server, unless that is to be left alone.
uint16_t overload_run::choose(client& c, uint32_t number, instant now) {
  std::vector<uint32_t> ring;
  for (uint32_t i = 0; i < servers_.size(); ++i) ring.push_back((number + i) % static_cast<uint32_t>(servers_.size()));
  c.servers.sift(ring, [](uint32_t s) { return s; }, now);
  return static_cast<uint16_t>(ring.front());
}

void overload_run::send(uint32_t number, instant now) {
  client& c = clients_[number];
  if (now >= c.deadline) return end_task(number, false, now);
  const uint16_t to = choose(c, number, now);
  ++c.attempt;
  if (const instant until = c.rest.until(to); until > now) {
    if (until >= c.deadline) return end_task(number, false, now);
    return plan(until, number, step::send);
  }
  if (c.sends++ == 0) c.budget.on_first(now);
  ++requests_[std::min(second_of(now), requests_.size() - 1)];
  server& s = servers_[to];
  const instant arrives = now + scenario_.round_trip / 2;
  s.free_at = std::max(s.free_at, arrives);
  if ((s.free_at - arrives) / each(arrives) >= scenario_.open_most) {
    s.free_at += each(arrives) / refusal_part;
    return plan(arrives + scenario_.round_trip / 2, number, step::refuse, to);
  }
  s.free_at += each(s.free_at);
  const instant back = s.free_at + scenario_.round_trip / 2, patience = std::min(later(now, patience_), c.deadline);
  if (back <= patience) plan(back, number, step::answer, to);
  else plan(patience, number, step::give_up, to);
}

void overload_run::send_again(uint32_t number, instant now) {
  client& c = clients_[number];
  if (now >= c.deadline || c.sends > policy_.tasks.retries || !c.budget.take(now)) return end_task(number, false, now);
  send(number, now);
}

void overload_run::end_task(uint32_t number, bool answered, instant now) {
  clients_[number].deadline = never;
  ++(answered ? good_ : bad_)[std::min(second_of(now), good_.size() - 1)];
}

std::string overload_table(const overload_scenario& s, const std::vector<overload_result>& all) {
  std::string text = std::to_string(s.clients) + " clients, " + std::to_string(s.servers) + " servers at " + std::to_string(s.load) + " % of what they can do; after " +
                     std::to_string(s.slow_at / 1s) + " s they are " + std::to_string(s.factor) + " times slower, for " + std::to_string(s.slow_for / 1s) + " s\n" +
                     "                      answered in time                       requests    95 % again\n" +
                     "                      before    slow   last minute   in the worst second         after\n";
  for (const overload_result& r : all)
    text += "  " + r.policy + std::string(r.policy.size() < 18 ? 18 - r.policy.size() : 1, ' ') + padded(per_cent(r.before), 8) + padded(per_cent(r.during), 8) +
            padded(per_cent(r.at_end), 14) + padded(per_cent(r.worst_load) + " of capacity", 22) +
            padded(r.recovers() ? std::to_string(r.recovered / 1s) + " s" : "never", 14) + "\n";
  return text;
}

std::string overload_json(const overload_scenario& s, uint64_t seed, const std::vector<overload_result>& all) {
  std::string list;
  for (const overload_result& r : all) {
    json_object o;
    o.add("policy", r.policy);
    o.add("before", r.before).add("during", r.during).add("at_end", r.at_end).add("worst_load", r.worst_load);
    if (r.recovers()) o.add("recovered_ms", milliseconds(r.recovered));
    else o.add_raw("recovered_ms", "null");
    list += (list.empty() ? "" : ",") + o.text();
  }
  json_object top;
  top.add("clients", s.clients).add("servers", s.servers).add("seed", static_cast<int64_t>(seed)).add_raw("policies", "[" + list + "]");
  return top.text();
}

}  // namespace tharsis::stn

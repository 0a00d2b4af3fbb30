#include "plugins/stn/shortlink.h"

#include <algorithm>

#include "sdk/pure/hex_text.h"
#include "sdk/pure/views.h"

namespace tharsis::stn {
namespace {

ending end_of_stopping() { return {THARSIS_E_CANCELLED, THARSIS_STN_STOPPING, "stn is stopping"}; }
ending cancelled() { return {THARSIS_E_CANCELLED, THARSIS_STN_CANCELLED, "the task was cancelled"}; }
ending failed(const error& e) {
  return {e.status, static_cast<uint32_t>(e.status == THARSIS_E_TIMEOUT ? THARSIS_STN_NO_TIME : THARSIS_STN_NO_ANSWER), e.text};
}

// A name that stands already keeps its value: what comes first is stronger.
void add_missing(http1::field_list& to, const http1::field_list& from) {
  for (const http1::field& f : from)
    if (http1::find(to, f.name) == nullptr) to.push_back(f);
}

}  // namespace

// A task that has its turn.
struct shortlink::running {
  running(strand& place, std::unique_ptr<request> r) : of(std::move(r)), woken(place), work(place) {}
  std::unique_ptr<request> of;  // Null once it is answered.
  instant began{};              // The attempt of now.
  int64_t attempts = 0;
  size_t host = 0;
  http_call_times times{};
  http_call* call = nullptr;  // While it is under way.
  error failure{THARSIS_OK, {}};
  bool sent = false;
  signal woken;   // Ends a pause.
  task_set work;  // Its one task; gone first.
};

shortlink::shortlink(strand& place, const host& tables, http_surroundings around, const short_link_settings& s, taker t)
    : place_(place),
      settings_(s),
      taker_(std::move(t)),
      dialler_(place, tables, around, s.http, "short_links." + s.name),
      connections_(place, dialler_.as_function(), s.http.pool),
      hosts_(s.endpoints.size(), s.fallback.size()),
      news_(place),
      work_(place) {}

shortlink::~shortlink() = default;

void shortlink::start() { work_.spawn(look_after()); }

void shortlink::on_network(const tharsis_network_state& now) {
  const uint64_t before = std::exchange(generation_, now.generation);
  if (before == 0 || before == now.generation) return;
  hurry(true);
}

void shortlink::hurry(bool anew) {
  if (anew) connections_.on_network();
  for (const auto& [id, r] : running_) r->woken.raise();
}

void shortlink::submit(std::unique_ptr<request> r) {
  if (ending_) return give_back(std::move(r), end_of_stopping());
  const place_in_line line = line_of(*r);
  deadlines_.emplace(r->deadline, line);
  waiting_.emplace(line, std::move(r));
  begin_what_may();
  news_.raise();
}

void shortlink::begin_what_may() {
  while (!waiting_.empty() && !ending_ && static_cast<int64_t>(running_.size()) < settings_.parallel) {
    auto next = waiting_.extract(waiting_.begin());
    deadlines_.erase({next.mapped()->deadline, next.key()});
    const uint64_t id = next.mapped()->id;
    running& r = *running_.emplace(id, std::make_unique<running>(place_, std::move(next.mapped()))).first->second;
    r.work.spawn(carry(&r));
  }
}

bool shortlink::cancel(uint64_t id) {
  const auto at = running_.find(id);
  if (at != running_.end() && at->second->of) {
    finish(*at->second, cancelled());
    running_.erase(at);
    begin_what_may();
    return true;
  }
  const auto waits = std::find_if(waiting_.begin(), waiting_.end(), [&](const auto& w) { return w.second->id == id; });
  if (waits == waiting_.end()) return false;
  auto node = waiting_.extract(waits);
  deadlines_.erase({node.mapped()->deadline, node.key()});
  give_back(std::move(node.mapped()), cancelled());
  return true;
}

void shortlink::end_tasks(const ending& why, std::string_view user) {
  const auto meant = [&](const request& r) { return user.empty() || r.user == user; };
  std::vector<std::unique_ptr<request>> unsent;
  for (auto at = waiting_.begin(); at != waiting_.end();) {
    const auto here = at++;
    if (!meant(*here->second)) continue;
    deadlines_.erase({here->second->deadline, here->first});
    unsent.push_back(std::move(here->second));
    waiting_.erase(here);
  }
  for (auto& r : unsent) give_back(std::move(r), why);
  for (auto at = running_.begin(); at != running_.end();) {
    const auto here = at++;
    if (!here->second->of || !meant(*here->second->of)) continue;
    finish(*here->second, why);
    running_.erase(here);
  }
  begin_what_may();
}

void shortlink::send_again(const std::string& user) {
  std::vector<std::unique_ptr<request>> again;
  for (auto at = running_.begin(); at != running_.end();) {
    const auto here = at++;
    running& r = *here->second;
    if (!r.of || r.of->user != user || r.of->key.empty()) continue;
    again.push_back(std::move(r.of));
    running_.erase(here);
  }
  for (auto& r : again) submit(std::move(r));
  begin_what_may();
}

int64_t shortlink::attempts_of(const request& r) const { return std::min(settings_.attempts, r.retries + 1); }

const url& shortlink::host_of(size_t i) const {
  return i < settings_.endpoints.size() ? settings_.endpoints[i] : settings_.fallback[i - settings_.endpoints.size()];
}

http_ask shortlink::ask_of(const request& r, size_t host) const {
  http_ask a;
  a.method = "POST";
  a.to = host_of(host);
  a.to.target = r.http.path;
  a.fields = r.http.headers;
  if (!r.key.empty()) add_missing(a.fields, {{"Idempotency-Key", hex_text(r.key)}});
  add_missing(a.fields, settings_.headers);
  add_missing(a.fields, {{"Accept", "*/*"}, {"Cache-Control", "no-cache"}, {"Content-Type", "application/octet-stream"}, {"User-Agent", "Tharsis"},
                         {"Connection", settings_.keep_alive ? "keep-alive" : "close"}});
  a.body = as_text(r.body);
  a.decode = false;
  a.repeatable = !r.key.empty();
  a.answer_max = static_cast<uint64_t>(settings_.http.answer_max);
  a.connect = settings_.http.connect_timeout;
  a.idle = std::max(r.server_time, r.http.long_poll ? settings_.long_poll_timeout : settings_.answer_timeout);
  a.deadline = r.deadline;
  return a;
}

// Attempt after attempt, until one of them is the last. Ends with the answer.
task<void> shortlink::carry(running* r) {
  for (;;) {
    r->began = place_.now();
    r->host = hosts_.pick(++r->attempts);
    http_call call(place_, connections_, ask_of(*r->of, r->host));
    r->call = &call;
    co_await attempt(r, &call);
    r->call = nullptr;
    if (!r->of) break;
    if (!r->sent) hosts_.on_unreachable(r->host);
    const bool last = r->attempts >= attempts_of(*r->of) || !may_follow(r->failure.status, r->sent, !r->of->key.empty());
    if (last) {
      finish(*r, failed(r->failure));
      break;
    }
    const bool time_left = co_await rest_before(r);
    if (!time_left) {
      finish(*r, {THARSIS_E_TIMEOUT, THARSIS_STN_NO_TIME, "no time was left for another attempt; the last one: " + r->failure.text});
      break;
    }
  }
  news_.raise();
}

// One request and what came of it: an answer, or r->failure.
task<void> shortlink::attempt(running* r, http_call* call) {
  const auto head = co_await call->answer();
  result<std::string> body = head ? result<std::string>(std::string()) : head.failure();
  if (head) body = co_await call->read_all(static_cast<uint64_t>(settings_.http.answer_max));
  r->sent = call->sent();
  r->of->sends += call->sent();
  if (!body) {
    r->failure = body.failure();
    r->times = call->times();
    co_return;
  }
  r->of->http.status = static_cast<uint32_t>(head->status);
  const tharsis_status status = status_of_answer(head->status);
  if (status == THARSIS_OK) co_return finish(*r, {THARSIS_OK, THARSIS_STN_ANSWERED, {}}, as_bytes(*body));
  std::string said = host_of(r->host).origin() + " answered with the status " + std::to_string(head->status) + " " + std::string(http1::reason_of(head->status));
  finish(*r, {status, THARSIS_STN_HTTP_STATUS, std::move(said)}, as_bytes(*body));
}

// False: the deadline comes first.
task<bool> shortlink::rest_before(running* r) {
  const instant again = later(place_.now(), settings_.pause);
  if (again >= r->of->deadline) co_return false;
  r->woken.clear();
  co_await r->woken.wait(again);
  co_return place_.now() < r->of->deadline;
}

void shortlink::finish(running& r, ending how, std::span<const uint8_t> body) {
  request& of = *r.of;
  if (r.call != nullptr) r.times = r.call->times();
  of.times.queued = r.times.queued;
  of.times.connect = r.times.connect;
  of.times.first_byte = r.times.first_byte;
  of.times.rest = r.times.rest;
  const duration told = of.times.queued + of.times.connect + of.times.first_byte + of.times.rest;
  of.times.lost = {};  // A task that is sent anew has times of its own.
  const duration others = place_.now() - of.since - told;
  (r.attempts > 1 ? of.times.lost : of.times.queued) += others;  // Attempts that came to nothing; or its turn.
  answer a;
  a.of = std::move(r.of);
  a.status = how.status;
  a.body = body;
  a.reason = std::move(how.reason);
  a.why = how.why;
  taker_(std::move(a));
}

void shortlink::give_back(std::unique_ptr<request> r, ending how) {
  r->times = {};
  r->times.queued = place_.now() - r->since;
  answer a;
  a.of = std::move(r);
  a.status = how.status;
  a.reason = std::move(how.reason);
  a.why = how.why;
  taker_(std::move(a));
}

// Frees what is answered, lets the next begin, and ends what waits for too long.
task<void> shortlink::look_after() {
  while (!ending_) {
    std::erase_if(running_, [](const auto& r) { return !r.second->of; });
    begin_what_may();
    while (!deadlines_.empty() && deadlines_.begin()->first <= place_.now()) {
      auto node = waiting_.extract(deadlines_.begin()->second);
      deadlines_.erase(deadlines_.begin());
      give_back(std::move(node.mapped()), {THARSIS_E_TIMEOUT, THARSIS_STN_NO_TIME,
                                           "the task did not get its turn on the short link '" + settings_.name + "' before its deadline"});
    }
    co_await news_.wait(deadlines_.empty() ? never : deadlines_.begin()->first);
  }
}

void shortlink::stop() {
  ending_ = true;
  deadlines_.clear();
  for (auto& [line, r] : std::exchange(waiting_, {})) give_back(std::move(r), end_of_stopping());
  for (const auto& [id, r] : running_)
    if (r->of) finish(*r, end_of_stopping());
  running_.clear();
  connections_.close();
  news_.raise();
}

// Nothing is under way any more: what was is cut, as a task that is given up is.
task<void> shortlink::wait_stopped(instant) {
  work_.clear();
  co_return;
}

}  // namespace tharsis::stn

#include "plugins/stn/shortlink.h"

#include <algorithm>

#include "plugins/stn/core/request_frame.h"
#include "plugins/stn/core/wait_text.h"
#include "sdk/abi/stn_server.h"
#include "sdk/async/any_number.h"
#include "sdk/pure/hex_text.h"
#include "sdk/pure/retry_after.h"
#include "sdk/pure/views.h"

namespace tharsis::stn {
namespace {

ending end_of_stopping() { return {THARSIS_E_CANCELLED, THARSIS_STN_STOPPING, "stn is stopping"}; }
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
  running(strand& place, request& r) : of(&r), woken(place), work(place) {}
  request* of;      // The queue's; null once it has left this.
  bool acts = false;  // Its own coroutine ends it.
  int64_t attempts = 0;
  size_t host = 0;
  http_call_times times{};
  http_call* call = nullptr;  // While it is under way.
  error failure{THARSIS_OK, {}};
  bool sent = false;
  bool busy = false;  // The host wants to be asked later, and will be.
  signal woken;   // Ends a pause.
  task_set work;  // Its one task; gone first.
};

shortlink::shortlink(strand& place, const host& tables, http_surroundings around, codec_shelf& codecs, const short_link_settings& s, size_t number,
                     taker t, asker ask, const short_care& care)
    : place_(place),
      settings_(s),
      number_(number),
      taker_(std::move(t)),
      asker_(std::move(ask)),
      dialler_(place, tables, around, s.http, "short_links." + s.name),
      connections_(place, dialler_.as_function(), s.http.pool, s.http.versions),
      codec_(codecs, s.name, s.codec),
      hosts_(s.endpoints.size(), s.fallback.size()),
      care_(care),
      servers_(place, tables, around.servers, {.rest = {.use = false}, .left_alone = care.left_alone, .who = s.name, .tell = care.tell}),
      rests_(care.rest),
      breakers_(care.breaker),
      chance_(any_number(*tables.random)),
      queue_(s.name, phases_, {.no_budget = care.no_budget}, {}, "short link"),
      news_(place),
      work_(place) {
  queue_.spare(care.rest, care.budget, chance_.next());
}

shortlink::~shortlink() = default;

void shortlink::start() {
  work_.spawn(look_after());
  codec_.open([this] { on_codec(); });
  on_codec();
}

void shortlink::on_codec() {
  queue_.on_trouble(codec_.trouble().text);
  move_on();
}

void shortlink::on_network(const tharsis_network_state& now) {
  const uint64_t before = std::exchange(generation_, now.generation);
  const bool moved = before != 0 && before != now.generation;
  queue_.on_network(now.type == THARSIS_NETWORK_NONE, now.type == THARSIS_NETWORK_CELLULAR, place_.now());
  if (moved) return hurry(true);
  move_on();
}

void shortlink::hurry(bool anew) {
  if (anew) connections_.on_network();
  for (const auto& [id, r] : running_) r->woken.raise();
  queue_.revive(place_.now());
  move_on();
}

void shortlink::submit(std::unique_ptr<request> r) {
  if (ending_) {
    r->times = {};
    r->times.queued = place_.now() - r->since;
    const ending why = end_of_stopping();
    return taker_({std::move(r), why.status, {}, why.reason, why.why});
  }
  queue_.submit(std::move(r), place_.now());
  news_.raise();  // Its deadline may be the next.
  move_on();
}

// Until nothing more happens by itself: who may begin begins, who makes bodies is asked, who has an answer gets it.
void shortlink::move_on() {
  for (;;) {
    begin_what_may();
    for (encode_wish& wish : queue_.take_wishes()) {
      wish.short_link = number_;
      asker_(wish);
    }
    for (const spared_server& s : queue_.take_spared()) tell(s.what, {}, s.command, s.reason, s.wait);
    if (!queue_.has_answers()) return;
    for (answer& a : queue_.take_answers()) hand_on(std::move(a));
  }
}

void shortlink::begin_what_may() {
  while (codec_.table() != nullptr && !ending_ && static_cast<int64_t>(running_.size()) < settings_.parallel) {
    request* const next = queue_.send_next(place_.now());
    if (next == nullptr) return;
    running& r = *running_.emplace(next->id, std::make_unique<running>(place_, *next)).first->second;
    r.work.spawn(carry(&r));
  }
}

bool shortlink::cancel(uint64_t id) {
  const bool was_here = queue_.cancel(id, place_.now());
  if (was_here) move_on();
  return was_here;
}

void shortlink::on_encoded(uint64_t id, uint32_t connection, result<std::vector<uint8_t>> body, uint32_t why) {
  queue_.on_encoded(id, connection, std::move(body), place_.now(), why);
  move_on();
}

void shortlink::on_order_free(uint64_t order) {
  queue_.on_order_free(order, place_.now());
  move_on();
}

void shortlink::end_tasks(const ending& why, std::string_view user) {
  queue_.end(why, place_.now(), user);
  move_on();
}

void shortlink::send_again(const std::string& user) {
  queue_.send_again(user, place_.now());
  std::erase_if(running_, [](const auto& r) { return r.second->of->at != stage::sent; });
  move_on();
}

// One that was parked had all its tries; each time something looks better it has one more.
int64_t shortlink::attempts_of(const request& r) const { return r.was_parked ? 1 : std::min(settings_.attempts, r.retries + 1); }

const url& shortlink::host_of(size_t i) const {
  return i < settings_.endpoints.size() ? settings_.endpoints[i] : settings_.fallback[i - settings_.endpoints.size()];
}

result<http_ask> shortlink::ask_of(const request& r, size_t host) const {
  if (codec_.table() == nullptr) return codec_.trouble();
  auto body = encode_short(*codec_.table(), frame_of_request(r), encode_max);
  if (!body) return body.failure();
  http_ask a;
  a.method = "POST";
  a.to = host_of(host);
  a.to.target = r.http.path;
  a.fields = r.http.headers;
  if (!r.key.empty()) add_missing(a.fields, {{"Idempotency-Key", hex_text(r.key)}});
  add_missing(a.fields, settings_.headers);
  add_missing(a.fields, {{"Accept", "*/*"}, {"Cache-Control", "no-cache"}, {"Content-Type", "application/octet-stream"}, {"User-Agent", "Tharsis"},
                         {"Connection", settings_.keep_alive ? "keep-alive" : "close"}});
  a.body = as_text(*body);
  a.decode = false;
  a.repeatable = !r.key.empty();
  a.answer_max = static_cast<uint64_t>(settings_.http.answer_max);
  a.connect = settings_.http.connect_timeout;
  a.idle = std::max(r.server_time, r.http.long_poll ? settings_.long_poll_timeout : settings_.answer_timeout);
  a.deadline = r.deadline;
  return a;
}

// Attempt after attempt, until one of them is the last. Ends with the answer, or with the task parked.
task<void> shortlink::carry(running* r) {
  for (;;) {
    r->host = pick_host(++r->attempts);
    const bool may_ask = co_await wait_for_host(r);
    if (!may_ask) co_return finish(*r, {THARSIS_E_BUSY, THARSIS_STN_BUSY, host_of(r->host).origin() + " has too much to do, and the task does not wait until it may be asked again"});
    auto ask = ask_of(*r->of, r->host);
    if (!ask) co_return finish(*r, {ask.status(), THARSIS_STN_NOT_CARRIED, ask.failure().text});
    http_call call(place_, connections_, std::move(*ask), &servers_);
    r->call = &call;
    co_await attempt(r, &call);
    r->call = nullptr;
    if (r->of == nullptr) co_return;
    if (!r->sent) hosts_.on_unreachable(r->host);
    if (!r->busy && !may_follow(r->failure.status, r->sent, !r->of->key.empty())) co_return finish(*r, failed(r->failure));
    if (r->attempts >= attempts_of(*r->of)) co_return give_up(*r);
    if (!queue_.spend(*r->of, place_.now()))
      co_return finish(*r, {THARSIS_E_BUSY, THARSIS_STN_NO_BUDGET, r->failure.text + "; it is not sent again, since tasks.budget allows no more repetitions now"});
    if (std::exchange(r->busy, false)) continue;
    const bool time_left = co_await rest_before(r);
    if (!time_left)
      co_return finish(*r, {THARSIS_E_TIMEOUT, THARSIS_STN_NO_TIME, "no time was left for another attempt; the last one: " + r->failure.text});
  }
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
    if (r->sent) on_host_failure(r->host, r->failure.text, {});
    co_return;
  }
  if (is_overload(head->status)) on_host_failure(r->host, "it answered with the status " + std::to_string(head->status), busy_for(*head, seconds_now()).value_or(duration()));
  else breakers_.on_success(host_of(r->host).origin(), place_.now());
  r->of->http.status = static_cast<uint32_t>(head->status);
  const tharsis_status status = status_of_answer(head->status);
  if (status != THARSIS_OK) {
    const duration spared = spare_host(*r, *head);
    if (r->busy) co_return;
    std::string said = host_of(r->host).origin() + " answered with the status " + std::to_string(head->status) + " " + std::string(http1::reason_of(head->status));
    if (spared > duration::zero()) said += ", and is not asked for " + wait_text(spared);
    co_return finish(*r, {status, THARSIS_STN_HTTP_STATUS, std::move(said)}, as_bytes(*body));
  }
  result<std::vector<uint8_t>> read = codec_.trouble();
  if (codec_.table() != nullptr) read = decode_short(*codec_.table(), frame_of_request(*r->of), as_bytes(*body), static_cast<size_t>(settings_.http.answer_max));
  if (!read) co_return finish(*r, {read.status(), THARSIS_STN_NOT_CARRIED, read.failure().text});
  finish(*r, {THARSIS_OK, THARSIS_STN_ANSWERED, {}}, *read);
}

// Those that are to be left alone, or asked later, give way to others for as long; where all are, the first one is waited for.
size_t shortlink::pick_host(int64_t attempt) {
  std::vector<size_t> hosts = hosts_.order(attempt);
  const instant now = place_.now();
  breakers_.sift(hosts, [this](size_t h) { return host_of(h).origin(); }, now);
  const auto ready = std::find_if(hosts.begin(), hosts.end(), [&](size_t h) { return rests_.until(host_of(h).origin()) <= now; });
  return ready == hosts.end() ? hosts.front() : *ready;
}

// False: the task's time is over before, or it does not wait for such a thing.
task<bool> shortlink::wait_for_host(running* r) {
  for (;;) {
    const instant until = rests_.until(host_of(r->host).origin());
    if (until <= place_.now()) co_return place_.now() < r->of->deadline;
    if (until >= r->of->deadline || r->of->has(THARSIS_STN_IMPATIENT)) co_return false;
    r->woken.clear();
    co_await r->woken.wait(until);
  }
}

// A host that has too much to do is spared for as long as it says; how long that is. The task is sent again then, where that
// can do no harm: it has a key, or was turned away before anything was done (429).
duration shortlink::spare_host(running& r, const http1::response_head& head) {
  const auto told = busy_for(head, seconds_now());
  if (!told) return {};
  const std::string origin = host_of(r.host).origin();
  const instant now = place_.now(), until = rests_.on_busy(origin, *told, chance_.next(), now);
  if (until <= now) return {};
  care_.busy.add();
  std::string reason = origin + " has too much to do (" + std::to_string(head.status) + "), and is not asked for " + wait_text(until - now);
  tell(THARSIS_STN_SERVER_BUSY, origin, 0, reason, until - now);
  const bool harmless = !r.of->key.empty() || head.status == 429;
  r.busy = harmless && until < r.of->deadline && !r.of->has(THARSIS_STN_IMPATIENT) && r.attempts < attempts_of(*r.of);
  if (r.busy) r.failure = {THARSIS_E_BUSY, std::move(reason)};
  return until - now;
}

void shortlink::on_host_failure(size_t host, const std::string& why, duration at_least) {
  const std::string origin = host_of(host).origin();
  if (!breakers_.on_failure(origin, why, std::min(at_least, care_.rest.most), chance_.next(), place_.now())) return;
  care_.left_alone.add();
  tell(THARSIS_STN_SERVER_LEFT_ALONE, origin, 0, breakers_.words(origin, place_.now()), breakers_.left_alone_for(origin, place_.now()));
}

void shortlink::tell(uint32_t what, const std::string& host, uint32_t command, const std::string& reason, duration wait) {
  if (care_.tell) care_.tell({settings_.name, host, reason, what, command, wait});
}

// False: the deadline comes first.
task<bool> shortlink::rest_before(running* r) {
  const instant again = later(place_.now(), settings_.pause);
  if (again >= r->of->deadline) co_return false;
  r->woken.clear();
  co_await r->woken.wait(again);
  co_return place_.now() < r->of->deadline;
}

// By its own coroutine, which is about to return.
void shortlink::finish(running& r, const ending& how, std::span<const uint8_t> body) {
  r.acts = true;
  queue_.on_end(*r.of, how, body, place_.now());
  move_on();
}

void shortlink::give_up(running& r) {
  r.acts = true;
  queue_.on_tries_over(*r.of, failed(r.failure), place_.now());
  if (r.of->at == stage::parked) let_go(r);
  move_on();
}

void shortlink::let_go(running& r) {
  auto node = running_.extract(std::exchange(r.of, nullptr)->id);
  if (!r.acts) return;
  over_.push_back(std::move(node.mapped()));
  news_.raise();
}

void shortlink::hand_on(answer a) {
  if (const auto at = running_.find(a.of->id); at != running_.end()) {
    running& r = *at->second;
    if (r.call != nullptr) r.times = r.call->times();
    task_times& t = a.of->times;
    t.queued = r.times.queued;
    t.connect = r.times.connect;
    t.first_byte = r.times.first_byte;
    t.rest = r.times.rest;
    t.lost = {};  // A task that is sent anew has times of its own.
    const duration others = place_.now() - a.of->since - (t.queued + t.connect + t.first_byte + t.rest);
    (r.attempts > 1 || a.of->was_parked ? t.lost : t.queued) += others;  // Attempts that came to nothing; or its turn.
    let_go(r);
  }
  taker_(std::move(a));
}

// Frees what is over, and ends what waits for too long.
task<void> shortlink::look_after() {
  while (!ending_) {
    over_.clear();
    queue_.on_deadline(place_.now());
    move_on();
    co_await news_.wait(queue_.deadline());
  }
}

void shortlink::stop() {
  ending_ = true;
  queue_.end(end_of_stopping(), place_.now());
  move_on();
  connections_.close();
  news_.raise();
}

// Nothing is under way any more: what was is cut, as a task that is given up is.
task<void> shortlink::wait_stopped(instant) {
  work_.clear();
  over_.clear();
  co_return;
}

}  // namespace tharsis::stn

#include "plugins/stn/http_service.h"

#include <algorithm>
#include <utility>

#include "sdk/pure/views.h"

namespace tharsis::stn {
namespace {

constexpr const char* why_stopped = "stn is stopping";
// So much of a request's body is asked for at once.
constexpr size_t room_max = 64 * 1024;
// So much of an answer's body may be on its way to who asked for it.
constexpr size_t window = 256 * 1024;
constexpr int64_t jars_max = 64;
constexpr uint32_t known_call_flags = THARSIS_HTTP_RAW | THARSIS_HTTP_REPEATABLE | THARSIS_HTTP_DOWNGRADE | THARSIS_HTTP_NO_REDIRECT | THARSIS_HTTP_IMPATIENT;

duration or_else(uint32_t asked_ms, duration otherwise) { return asked_ms > 0 ? duration(std::chrono::milliseconds(asked_ms)) : otherwise; }

error wrong_request(std::string text) { return {THARSIS_E_INVALID, std::move(text)}; }

}  // namespace

struct http_service::open_call final : http_body {
  open_call(http_service& s, std::unique_ptr<http_order> o) : owner(s), order(std::move(o)), room(s.place_), work(s.place_) {}

  // Of the request's body.
  piece next(std::span<const uint8_t>& bytes, signal& listener) override;
  void forget() override { woken = nullptr; }
  // What send() brought. False: that was not asked for.
  bool on_sent(std::vector<uint8_t> bytes, bool is_last);

  http_service& owner;
  const std::unique_ptr<http_order> order;
  bool ended = false;
  http_call* talk = nullptr;  // While there is one.
  uint32_t http_status = 0;
  // The request's body: a piece that waits to be taken, and the one that is being sent.
  std::vector<uint8_t> waiting, taken;
  bool asked = false, last = false, unwanted = false;
  size_t room_given = 0;
  uint64_t body_given = 0;
  signal* woken = nullptr;
  // The answer's.
  size_t on_their_way = 0;
  bool held = false;
  uint64_t resumed_at = 0;  // By http_resumes, the last time.
  signal room;
  task_set work;  // Its one task; gone first.
};

http_body::piece http_service::open_call::next(std::span<const uint8_t>& bytes, signal& listener) {
  woken = &listener;
  if (!waiting.empty()) {
    taken = std::exchange(waiting, {});
    bytes = taken;
    return piece::bytes;
  }
  const uint64_t left = order->ask.size.value_or(UINT64_MAX) - body_given;
  if (last || left == 0) return piece::end;
  if (!std::exchange(asked, true)) {
    http_delivery d(http_delivery::about::room, order->id, order->from);
    d.room = room_given = static_cast<size_t>(std::min<uint64_t>(left, room_max));
    owner.outbox_.send(order->from.strand, std::move(d));
  }
  return piece::none;
}

bool http_service::open_call::on_sent(std::vector<uint8_t> bytes, bool is_last) {
  if (unwanted) return true;
  if (!asked || bytes.size() > room_given || (bytes.empty() && !is_last)) return false;
  asked = false;
  last = is_last;
  body_given += bytes.size();
  waiting = std::move(bytes);
  if (woken != nullptr) woken->raise(stream::nudged);
  return true;
}

http_service::http_service(strand& place, const host& tables, resolver& names, path_book& paths, breakers& servers, http_care::terms care, const http_settings& s)
    : place_(place),
      host_(tables),
      settings_(s),
      dialler_(place, tables, {names, proxies_, sessions_, paths, servers}, s, "stn.http"),
      connections_(place, dialler_.as_function(), s.pool, s.versions),
      care_(place, tables, servers, std::move(care)),
      table_{sizeof(tharsis_http), this,
             [](void* self, const tharsis_http_request* request, tharsis_handle* call, tharsis_error* error) {
               return static_cast<http_service*>(self)->submit(*request, call, error);
             },
             [](void* self, tharsis_handle call, tharsis_bytes piece, int32_t last) {
               http_letter l{last != 0 ? http_letter::about::last_piece : http_letter::about::piece, call};
               l.bytes.assign(view(piece).begin(), view(piece).end());
               static_cast<http_service*>(self)->inbox_.send(std::move(l));
             },
             [](void* self, tharsis_handle call) {
               auto& service = *static_cast<http_service*>(self);
               http_letter l{http_letter::about::resume, call};
               l.resumes = service.resumes_->fetch_add(1) + 1;
               service.inbox_.send(std::move(l));
             },
             [](void* self, tharsis_handle call) { static_cast<http_service*>(self)->inbox_.send({http_letter::about::cancel, call}); },
             [](void* self, tharsis_handle* jar, tharsis_error* error) { return static_cast<http_service*>(self)->open_jar(jar, error); },
             [](void* self, tharsis_handle jar) { static_cast<http_service*>(self)->inbox_.send({http_letter::about::jar_closed, jar}); }},
      inbox_(*tables.loop, &http_service::on_letter, this),
      door_(std::make_shared<http_back_door>(inbox_)),
      outbox_(place),
      network_(*tables.network),
      reap_(place),
      work_(place) {}

http_service::~http_service() { door_->close(); }

void http_service::start() {
  network_.open([this](const tharsis_network_state& now) {
    proxies_.on_network(view(now.proxy), now.generation);
    const uint64_t before = std::exchange(generation_, now.generation);
    if (before != 0 && before != now.generation) connections_.on_network();
  });
  work_.spawn(reap());
}

void http_service::stop() {
  stopping_ = true;
  inbox_.drain();
  network_.close();
  for (const auto& [id, call] : calls_) end(*call, THARSIS_E_CANCELLED, {}, why_stopped);
  calls_.clear();
  connections_.close();
  work_.clear();
}

result<std::unique_ptr<http_order>> http_service::order_of(const tharsis_http_request& asked) const {
  if (asked.done == nullptr) return wrong_request("an HTTP request needs a `done` that is called at its end");
  if ((asked.flags & ~known_call_flags) != 0) return wrong_request("an HTTP request's flags are THARSIS_HTTP_*, or 0");
  auto to = parse_url(view(asked.url));
  if (!to) return to.failure();
  auto order = std::make_unique<http_order>();
  http_ask& ask = order->ask;
  ask.to = std::move(*to);
  if (asked.method.size > 0) ask.method = view(asked.method);
  if (ask.method == "CONNECT") return wrong_request("CONNECT makes a tunnel, which is no HTTP request");
  for (size_t i = 0; i < asked.field_count; ++i) {
    const std::string_view name = view(asked.fields[i].name);
    if (http1::same_name(name, "Content-Length") || http1::same_name(name, "Transfer-Encoding"))
      return wrong_request(std::string(name) + " is set by the HTTP client itself; leave it out");
    ask.fields.push_back({std::string(name), std::string(view(asked.fields[i].value))});
  }
  if (const auto writable = http1::write_head(http1::request_head{ask.method, ask.to.target, ask.fields}); !writable) return writable.failure();
  if (asked.on_room == nullptr) ask.body = as_text(view(asked.body));
  else if (asked.body_size >= 0) ask.size = static_cast<uint64_t>(asked.body_size);
  ask.decode = (asked.flags & THARSIS_HTTP_RAW) == 0;
  ask.repeatable = (asked.flags & THARSIS_HTTP_REPEATABLE) != 0;
  ask.downgrade = (asked.flags & THARSIS_HTTP_DOWNGRADE) != 0;
  ask.waits = (asked.flags & THARSIS_HTTP_IMPATIENT) == 0;
  ask.repeats = ask.waits ? settings_.repeats : 0;
  ask.redirects = (asked.flags & THARSIS_HTTP_NO_REDIRECT) != 0 ? 0 : settings_.redirects;
  if (asked.answer_max > 0) ask.answer_max = asked.answer_max;
  else if (asked.on_piece == nullptr) ask.answer_max = static_cast<uint64_t>(settings_.answer_max);
  ask.inflated_max = static_cast<uint64_t>(settings_.inflated_max);
  ask.connect = or_else(asked.connect_timeout_ms, settings_.connect_timeout);
  ask.idle = or_else(asked.idle_timeout_ms, settings_.idle_timeout);
  ask.deadline = later(place_.now(), or_else(asked.total_timeout_ms, settings_.total_timeout));
  order->jar = asked.jar;
  return order;
}

tharsis_status http_service::submit(const tharsis_http_request& asked, tharsis_handle* id, tharsis_error* error) {
  auto order = order_of(asked);
  if (!order) return fail(error, order.failure());
  const tharsis_handle strand = host_.loop->current(host_.loop->self);
  if (strand == 0) return fail(error, THARSIS_E_INVALID, "HTTP calls are started on a strand, where their answers can go");
  if (stopping_) return fail(error, THARSIS_E_GONE, why_stopped);
  if (open_.fetch_add(1) >= settings_.calls_max) {
    --open_;
    return fail(error, THARSIS_E_BUSY, std::to_string(settings_.calls_max) + " HTTP calls are open already (stn.http.calls_max); try again after one has ended");
  }
  http_order& o = **order;
  o.id = ++last_id_;
  o.from = {strand, asked.context, asked.on_head, asked.on_piece, asked.on_room, asked.done};
  const tharsis_handle number = o.id;
  if (id != nullptr) *id = number;  // Before the answer can come on another thread.
  http_letter l{http_letter::about::order, number, std::move(*order)};
  if (inbox_.send(std::move(l)) == THARSIS_OK) return THARSIS_OK;
  --open_;
  return fail(error, THARSIS_E_GONE, "stn has stopped");
}

tharsis_status http_service::open_jar(tharsis_handle* jar, tharsis_error* error) {
  if (stopping_) return fail(error, THARSIS_E_GONE, why_stopped);
  if (jars_open_.fetch_add(1) >= jars_max) {
    --jars_open_;
    return fail(error, THARSIS_E_BUSY, std::to_string(jars_max) + " jars are open already; close one");
  }
  *jar = ++last_id_;
  return inbox_.send({http_letter::about::jar_opened, *jar}) == THARSIS_OK ? THARSIS_OK : fail(error, THARSIS_E_GONE, "stn has stopped");
}

void http_service::on_letter(void* context, http_letter l) {
  auto& self = *static_cast<http_service*>(context);
  using about = http_letter::about;
  if (l.what == about::order) return self.accept(std::move(l.order));
  if (l.what == about::jar_opened) return void(self.jars_.emplace(l.id, std::make_shared<cookie_jar>()));
  if (l.what == about::jar_closed) return void(self.jars_open_ -= static_cast<int64_t>(self.jars_.erase(l.id)));
  const auto found = self.calls_.find(l.id);
  if (found == self.calls_.end() || found->second->ended) return;
  open_call& call = *found->second;
  if (l.what == about::cancel) {
    self.end(call, THARSIS_E_CANCELLED, {}, "the call was cancelled");
    self.calls_.erase(found);
  } else if (l.what == about::piece || l.what == about::last_piece) {
    if (call.on_sent(std::move(l.bytes), l.what == about::last_piece)) return;
    self.end(call, THARSIS_E_INVALID, {}, "send() did not bring what on_room had asked for");
    self.calls_.erase(found);
  } else {
    call.on_their_way -= l.count;
    if (l.what == about::resume) call.resumed_at = std::max(call.resumed_at, l.resumes);
    if (l.what == about::held) call.held = call.resumed_at <= l.resumes;
    else if (l.what == about::resume) call.held = false;
    call.room.raise();
  }
}

void http_service::accept(std::unique_ptr<http_order> order) {
  const tharsis_handle id = order->id;
  const auto jar = jars_.find(order->jar);
  const bool lost_jar = order->jar != 0 && jar == jars_.end();
  if (jar != jars_.end()) order->ask.jar = jar->second;
  open_call& call = *calls_.emplace(id, std::make_unique<open_call>(*this, std::move(order))).first->second;
  if (stopping_ || lost_jar) {
    if (stopping_) end(call, THARSIS_E_CANCELLED, {}, why_stopped);
    else end(call, THARSIS_E_GONE, {}, "the jar of the call is closed");
    calls_.erase(id);
    return;
  }
  if (call.order->from.on_room != nullptr) call.order->ask.pieces = &call;
  call.work.spawn(serve(&call));
}

task<void> http_service::serve(open_call* call) {
  http_call talk(place_, connections_, std::move(call->order->ask), &care_);  // Texts go; the numbers in it stay what they are.
  call->talk = &talk;
  co_await pass_on(call, &talk);
  call->talk = nullptr;
  over_.push_back(call->order->id);
  reap_.raise();
}

task<void> http_service::pass_on(open_call* call, http_call* talk) {
  const auto head = co_await talk->answer();
  if (!head) co_return end(*call, head.status(), {}, head.failure().text);
  tell_head(*call, *talk, *head);
  if (call->order->from.on_piece == nullptr) {
    auto body = co_await talk->read_all(call->order->ask.answer_max);
    if (!body) co_return end(*call, body.status(), {}, body.failure().text);
    co_return end(*call, THARSIS_OK, std::move(*body), {});
  }
  for (;;) {
    const auto bytes = co_await talk->read();
    if (!bytes) co_return end(*call, bytes.status(), {}, bytes.failure().text);
    if (bytes->empty()) co_return end(*call, THARSIS_OK, {}, {});
    http_delivery d(http_delivery::about::piece, call->order->id, call->order->from);
    d.back = door_;
    d.resumes = resumes_;
    d.bytes.assign(bytes->begin(), bytes->end());
    call->on_their_way += d.bytes.size();
    outbox_.send(call->order->from.strand, std::move(d));
    while (call->held || call->on_their_way >= window) {
      if (place_.now() >= call->order->ask.deadline)
        co_return end(*call, THARSIS_E_TIMEOUT, {}, "the answer was not taken before the deadline");
      co_await call->room.wait(call->order->ask.deadline);
    }
  }
}

void http_service::tell_head(open_call& call, http_call& talk, const http1::response_head& head) {
  call.unwanted = true;
  call.http_status = static_cast<uint32_t>(head.status);
  if (call.order->from.on_head == nullptr) return;
  http_delivery d(http_delivery::about::head, call.order->id, call.order->from);
  d.http_status = call.http_status;
  d.version = talk.version();
  d.text = talk.where().text();
  d.fields = head.fields;
  if (const auto length = talk.length()) d.length = static_cast<int64_t>(std::min<uint64_t>(*length, INT64_MAX));
  outbox_.send(call.order->from.strand, std::move(d));
}

void http_service::end(open_call& call, tharsis_status status, std::string body, std::string reason) {
  if (std::exchange(call.ended, true)) return;
  --open_;
  http_delivery d(http_delivery::about::end, call.order->id, call.order->from);
  d.status = status;
  d.http_status = call.http_status;
  d.bytes.assign(body.begin(), body.end());
  d.text = std::move(reason);
  if (call.talk != nullptr) {
    d.times = call.talk->times();
    d.redirects = static_cast<uint32_t>(call.talk->redirected());
  }
  outbox_.send(call.order->from.strand, std::move(d));
}

// A task cannot free itself.
task<void> http_service::reap() {
  for (;;) {
    for (const tharsis_handle id : std::exchange(over_, {})) calls_.erase(id);
    co_await reap_.wait();
  }
}

}  // namespace tharsis::stn

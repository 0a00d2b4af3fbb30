#include "plugins/gateway/task_door.h"

#include <utility>
#include <variant>

#include "plugins/gateway/core/task_rules.h"
#include "sdk/pure/address.h"
#include "sdk/pure/views.h"

namespace tharsis::gateway {

// One request, for the exchange a connection of its own.
struct task_door::visit {
  visit(task_door& d, const std::string& client, const std::string& from) : door(d), id(d.around_.number()), answered(d.around_.place) {
    door.visits_.emplace(id, this);
    door.around_.shared.on_visit(id, client, from);
  }
  visit(const visit&) = delete;
  ~visit() {
    door.visits_.erase(id);
    door.around_.shared.on_close(id);
    if (door.draining_) door.around_.left();
  }
  task_door& door;
  const uint64_t id;
  std::optional<delivery> what;
  signal answered;
};

task_door::task_door(task_door_surroundings around, const listen_place& where, std::optional<tls_context> tls)
    : around_(std::move(around)), where_(where), tls_(std::move(tls)), listener_(around_.place, *around_.tables.net), connections_(around_.place) {}

error task_door::open() {
  tharsis_error reason = no_error();
  const tharsis_status s = listener_.listen(where_.address, &reason);
  if (s == THARSIS_OK) return fine();
  const std::string what = "cannot take tasks on " + around_.numbers.http.listen + ": ";
  if (s == THARSIS_E_IN_USE) return {s, what + "the port is taken. Stop what uses it, or set gateway.http.listen to another port (0: any free one)"};
  return {s, what + reason.text};
}

task<void> task_door::run() {
  while (!stopping_) {
    while (auto wire = listener_.open() ? listener_.accept() : nullptr)  // Who finds no place is not heard.
      if (connections_.size() < static_cast<size_t>(around_.numbers.http.connections)) connections_.spawn(serve(std::move(wire)));
    co_await listener_.events().wait();
  }
  listener_.close();
  connections_.clear();
}

void task_door::stop() {
  stopping_ = true;
  listener_.events().raise(stream::nudged);
}

void task_door::drain() {
  draining_ = true;
  listener_.close();
}

void task_door::deliver(const delivery& d) {
  const auto found = visits_.find(d.connection);
  if (found == visits_.end() || found->second->what) return;
  found->second->what = d;
  found->second->answered.raise();
}

std::string task_door::endpoint_text() const { return std::string(where_.tls ? "https://" : "http://") + to_text(listener_.address()); }

task<void> task_door::serve(std::unique_ptr<tcp_stream> wire) {
  std::unique_ptr<stream> bytes;
  if (tls_) {
    auto secured = co_await tls_accept(around_.place, std::move(wire), *tls_, later(around_.place.now(), around_.numbers.limits.handshake_timeout));
    if (!secured) co_return;
    bytes = std::move(*secured);
  } else {
    bytes = std::move(wire);
  }
  http1_server_settings s;
  s.limits.body = mars::body_size_max;
  const http1_handler handler = [this](http1_exchange& x) { return handle(x); };
  co_await serve_http1(around_.place, std::move(bytes), handler, s);
}

// Nothing is taken then, and nothing said.
task<void> task_door::outlast_outage() {
  signal silence(around_.place);
  while (around_.shared.out(around_.place.now())) co_await silence.wait(around_.shared.planned().deadline(around_.place.now()));
}

task<void> task_door::handle(http1_exchange& x) {
  auto understood = understand_task(x.request().method, x.path(), x.request().fields);
  if (const auto* refused = std::get_if<http_refusal>(&understood)) {
    co_await x.answer(refused->status, refused->sentence);
    co_return;
  }
  http_task& asked = std::get<http_task>(understood);
  auto body = co_await x.read_all(mars::body_size_max);
  if (!body) co_return;
  strand& place = around_.place;
  co_await outlast_outage();
  visit mine(*this, asked.client, ip_text(x.peer()));
  mars::frame request{asked.command, 1, {body->begin(), body->end()}, std::move(asked.key), {}};
  const std::string line = around_.shared.on_request(mine.id, std::move(request), place.now());
  if (!line.empty()) around_.tables.info("a task over HTTP from " + to_text(x.peer()) + " " + line);
  around_.route();
  while (!mine.what) co_await mine.answered.wait();
  co_await outlast_outage();
  const mars::frame& answer = *mine.what->what;
  http1::response_head head = head_of(*mine.what);
  if (draining_) head.fields.push_back({"Connection", "close"});
  std::string bytes = answer.refusal.empty() ? std::string(as_text(answer.body)) : answer.refusal + "\n";
  co_await x.answer(std::move(head), std::move(bytes));
}

http1::response_head task_door::head_of(const delivery& d) {
  http1::response_head head;
  const bool refused = !d.what->refusal.empty();
  head.status = !refused ? 200 : d.paced ? 429 : d.later ? 503 : 409;
  head.fields.push_back({"Content-Type", refused ? "text/plain; charset=utf-8" : "application/octet-stream"});
  if (d.what->retry_after_ms > 0) head.fields.push_back({"Retry-After", std::to_string((d.what->retry_after_ms + 999) / 1000)});
  return head;
}

}  // namespace tharsis::gateway

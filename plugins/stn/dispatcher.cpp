#include "plugins/stn/dispatcher.h"

#include <array>

#include "sdk/async/blocking.h"

namespace tharsis::stn {
namespace {

// By it the server knows this instance again on its next connection: 32 hexadecimal digits.
std::string make_client_id(const tharsis_random& random) {
  std::array<uint8_t, 16> bytes{};
  random.fill(random.self, bytes.data(), bytes.size());
  std::string text;
  for (const uint8_t b : bytes)
    for (const int digit : {b >> 4, b & 15}) text += "0123456789abcdef"[digit];
  return text;
}

std::vector<uint8_t> copy(tharsis_bytes b) {
  const auto bytes = view(b);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

dispatcher::dispatcher(strand& place, const host& tables, const settings& s, const link_events& events)
    : place_(place),
      host_(tables),
      settings_(s),
      counts_(tables),
      names_(place, *tables.net, tables.registry),
      client_id_(make_client_id(*tables.random)),
      inbox_(*tables.loop, &dispatcher::on_letter, this),
      outbox_(*tables.loop),
      network_(*tables.network) {
  for (const link_settings& l : s.links)
    links_.push_back(std::make_unique<longlink>(place, tables, names_, l, client_id_, events, counts_, *this));
}

void dispatcher::start() {
  network_.open([this](const tharsis_network_state& now) {
    for (const auto& link : links_) link->on_network(now);
  });
  for (const auto& link : links_) link->start();
}

tharsis_status dispatcher::check(const tharsis_stn_task& task, size_t& link, tharsis_error* error) const {
  const std::string_view wanted = task.link.size == 0 ? "main" : view(task.link);
  if (task.done == nullptr)
    return fail(error, THARSIS_E_INVALID, "a task needs a `done` that is called with its answer");
  if (task.command == 0 || task.command == mars::command_noop)
    return fail(error, THARSIS_E_INVALID, "a task's command must not be 0, nor 6, which is the heartbeat's");
  if (task.body.size > static_cast<size_t>(settings_.tasks.body_max))
    return fail(error, THARSIS_E_INVALID,
                "the body has " + std::to_string(task.body.size) + " bytes; tasks.body_max allows " +
                    std::to_string(settings_.tasks.body_max));
  if (task.key.size > mars::key_size_max)
    return fail(error, THARSIS_E_INVALID,
                "the key has " + std::to_string(task.key.size) + " bytes, at most " +
                    std::to_string(mars::key_size_max) + " are allowed");
  for (link = 0; link < links_.size() && links_[link]->name() != wanted; ++link) {
  }
  if (link == links_.size())
    return fail(
        error, THARSIS_E_NOT_FOUND,
        "there is no link '" + std::string(wanted) + "'; the profile names its links under stn.links");
  return THARSIS_OK;
}

tharsis_status dispatcher::submit(const tharsis_stn_task& task, tharsis_handle* id, tharsis_error* error) {
  caller from{0, host_.loop->current(host_.loop->self), task.context, task.done,
              instant_from(host_.loop->now(host_.loop->self))};
  if (const tharsis_status s = check(task, from.link, error); s != THARSIS_OK) return counts_.tasks_refused.add(), s;
  if (from.strand == 0)
    return refuse(error, THARSIS_E_INVALID, "tasks are started on a strand, where their answers can go");
  if (stopping_) return refuse(error, THARSIS_E_GONE, "stn is stopping");
  if (open_.fetch_add(1) >= settings_.tasks.waiting_max) {
    --open_;
    return refuse(error, THARSIS_E_BUSY,
                  std::to_string(settings_.tasks.waiting_max) +
                      " tasks wait already (tasks.waiting_max); try again after an answer");
  }
  const duration timeout =
      task.timeout_ms > 0 ? std::chrono::milliseconds(task.timeout_ms) : settings_.tasks.timeout;
  const tharsis_handle number = ++last_id_;
  if (id != nullptr) *id = number;  // Before the answer can come on another thread.
  const instant deadline = later(from.since, timeout);
  if (inbox_.send({number, from, {number, task.command, copy(task.body), copy(task.key), deadline}}) ==
      THARSIS_OK)
    return THARSIS_OK;
  --open_;
  return refuse(error, THARSIS_E_GONE, "stn has stopped");
}

tharsis_status dispatcher::refuse(tharsis_error* error, tharsis_status status, const std::string& reason) const {
  counts_.tasks_refused.add();
  return fail(error, status, reason);
}

void dispatcher::cancel(tharsis_handle id) { inbox_.send({id, std::nullopt, {}}); }

void dispatcher::on_letter(void* context, letter l) {
  auto& self = *static_cast<dispatcher*>(context);
  if (!l.from) {
    const auto found = self.callers_.find(l.id);
    if (found != self.callers_.end()) self.links_[found->second.link]->cancel(l.id);
    return;
  }
  self.callers_.emplace(l.id, *l.from);
  self.counts_.tasks_accepted.add();
  self.counts_.tasks_open.add(1);
  if (self.stopping_)
    self.take({l.id, THARSIS_E_CANCELLED, {}, "stn is stopping"});
  else
    self.links_[l.from->link]->submit(std::move(l.asked));
}

void dispatcher::take(answer a) {
  const auto found = callers_.find(a.id);
  const caller to = found->second;
  callers_.erase(found);
  --open_;
  counts_.on_answer(a.status, place_.now() - to.since);
  outbox_.send(to.strand, {to, std::move(a)});  // Where nobody is any more, nobody hears it.
}

void dispatcher::delivery::deliver() const {
  const bool ok = what.status == THARSIS_OK;
  to.done(to.context, what.id, what.status, ok ? bytes_of(what.body) : tharsis_bytes{}, text_of(what.reason));
}

link_totals dispatcher::totals() const {
  link_totals sum;
  for (const auto& link : links_) {
    sum.connects += link->totals().connects;
    sum.bytes_sent += link->totals().bytes_sent;
    sum.bytes_received += link->totals().bytes_received;
  }
  return sum;
}

task<void> dispatcher::stop() {
  stopping_ = true;
  inbox_.drain();
  network_.close();
  for (const auto& link : links_) link->stop();
  const instant deadline = later(place_.now(), 2 * farewell);
  for (const auto& link : links_) co_await link->wait_stopped(deadline);
  co_await blocking_over(place_);
}

}  // namespace tharsis::stn

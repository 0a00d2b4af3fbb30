#include "plugins/stn/dispatcher.h"

#include <array>

#include "plugins/stn/core/network_status.h"
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

dispatcher::dispatcher(strand& place, const host& tables, const settings& s, const link_events& events, std::string memory,
                       std::string book)
    : place_(place),
      host_(tables),
      settings_(s),
      counts_(tables),
      names_(place, *tables.net, tables.registry),
      client_id_(make_client_id(*tables.random)),
      memory_(place, tables, std::move(memory)),
      book_(place, tables, std::move(book)),
      auth_(tables),
      inbox_(*tables.loop, &dispatcher::on_letter, this),
      outbox_(place),
      network_(*tables.network),
      own_strand_(tables.loop->current(tables.loop->self)) {
  for (const link_settings& l : s.links)
    links_.push_back(std::make_unique<longlink>(
        link_surroundings{place, host_, names_, client_id_, events, counts_, memory_, book_, auth_, *this}, l));
}

void dispatcher::start() {
  network_.open([this](const tharsis_network_state& now) {
    network_there_ = now.type != THARSIS_NETWORK_NONE;
    for (const auto& link : links_) link->on_network(now);
  });
  memory_.open([this] {
    for (const auto& link : links_) link->recall();
  });
  auth_.open([this] {
    for (const auto& link : links_) link->on_auth_provider();
  });
  for (const auto& link : links_) link->start();
  book_.open([this] { return report(); });
}

tharsis_status dispatcher::check(const tharsis_stn_task& task, size_t& link, tharsis_error* error) const {
  const std::string_view wanted = task.link.size == 0 ? "main" : view(task.link);
  if (task.done == nullptr)
    return fail(error, THARSIS_E_INVALID, "a task needs a `done` that is called with its answer");
  if ((task.flags & ~uint32_t{THARSIS_STN_SEND_ONLY}) != 0)
    return fail(error, THARSIS_E_INVALID, "a task's flags are THARSIS_STN_SEND_ONLY, or 0");
  if (task.priority < THARSIS_STN_PRIORITY_MIN || task.priority > THARSIS_STN_PRIORITY_MAX)
    return fail(error, THARSIS_E_INVALID, "a task's priority is -2 to 3, not " + std::to_string(task.priority));
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
  size_t link = 0;
  if (const tharsis_status s = check(task, link, error); s != THARSIS_OK) return counts_.tasks_refused.add(), s;
  const tharsis_handle strand = host_.loop->current(host_.loop->self);
  if (strand == 0)
    return refuse(error, THARSIS_E_INVALID, "tasks are started on a strand, where their answers can go");
  if (stopping_) return refuse(error, THARSIS_E_GONE, "stn is stopping");
  if (open_.fetch_add(1) >= settings_.tasks.waiting_max) {
    --open_;
    return refuse(error, THARSIS_E_BUSY,
                  std::to_string(settings_.tasks.waiting_max) +
                      " tasks wait already (tasks.waiting_max); try again after an answer");
  }
  auto r = std::make_unique<request>();
  r->id = ++last_id_;
  r->command = task.command;
  r->priority = task.priority;
  r->send_only = (task.flags & THARSIS_STN_SEND_ONLY) != 0;
  r->body = copy(task.body);
  r->key = copy(task.key);
  r->since = instant_from(host_.loop->now(host_.loop->self));
  r->deadline = later(r->since, task.timeout_ms > 0 ? std::chrono::milliseconds(task.timeout_ms) : settings_.tasks.timeout);
  r->from = {strand, task.context, task.done};
  const tharsis_handle number = r->id;
  if (id != nullptr) *id = number;  // Before the answer can come on another thread.
  if (strand == own_strand_) return accept(std::move(r), link), THARSIS_OK;
  if (inbox_.send({number, std::move(r), link}) == THARSIS_OK) return THARSIS_OK;
  --open_;
  return refuse(error, THARSIS_E_GONE, "stn has stopped");
}

tharsis_status dispatcher::refuse(tharsis_error* error, tharsis_status status, const std::string& reason) const {
  counts_.tasks_refused.add();
  return fail(error, status, reason);
}

void dispatcher::cancel(tharsis_handle id) { inbox_.send({id, nullptr, 0}); }

void dispatcher::on_letter(void* context, letter l) {
  auto& self = *static_cast<dispatcher*>(context);
  if (l.asked) return self.accept(std::move(l.asked), l.link);
  for (const auto& link : self.links_)
    if (link->cancel(l.id)) return;
}

void dispatcher::accept(std::unique_ptr<request> r, size_t link) {
  counts_.tasks_accepted.add();
  counts_.tasks_open.add(1);
  if (stopping_)
    take({std::move(r), THARSIS_E_CANCELLED, {}, "stn is stopping"});
  else
    links_[link]->submit(std::move(r));
}

void dispatcher::take(answer a) {
  --open_;
  counts_.on_answer(a.status, place_.now() - a.of->since);
  if (a.of->from.strand == own_strand_) return tell(*a.of, a.status, a.body, a.reason);
  const tharsis_handle to = a.of->from.strand;
  // Where nobody is any more, nobody hears it.
  outbox_.send(to, {std::move(a.of), a.status, {a.body.begin(), a.body.end()}, std::move(a.reason)});
}

void dispatcher::delivery::deliver() const { tell(*of, status, body, reason); }

void dispatcher::tell(const request& r, tharsis_status status, std::span<const uint8_t> body, std::string_view reason) {
  const task_times& t = r.times;
  const tharsis_stn_times times{sizeof times, 0, t.queued.count(), t.resolve.count(), t.connect.count(), t.tls.count(),
                                t.prove.count(), t.first_byte.count(), t.rest.count(), t.lost.count()};
  const tharsis_stn_result result{sizeof result, status, r.sends, 0, bytes_of(body), text_of(reason), &times};
  r.from.done(r.from.context, r.id, &result);
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

links_report dispatcher::report() const {
  links_report r;
  network_status overall;
  for (const auto& link : links_) {
    r.links.push_back(link->snapshot());
    overall.add(link->state(), link->why(), link->failures());
  }
  r.network = overall.value(network_there_);
  return r;
}

task<void> dispatcher::stop() {
  stopping_ = true;
  inbox_.drain();
  network_.close();
  auth_.close();
  for (const auto& link : links_) link->stop();
  const instant deadline = later(place_.now(), 2 * farewell);
  for (const auto& link : links_) co_await link->wait_stopped(deadline);
  co_await memory_.close(deadline);
  co_await book_.close(deadline);
  co_await blocking_over(place_);
}

}  // namespace tharsis::stn

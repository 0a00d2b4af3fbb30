#include "plugins/stn/send_command.h"

#include <algorithm>
#include <utility>

#include "plugins/stn/configuration.h"
#include "plugins/stn/core/send_report.h"
#include "sdk/async/blocking.h"
#include "sdk/async/file_reader.h"

namespace tharsis::stn {
namespace {

// What is left until then, at least one.
uint32_t milliseconds_until(instant deadline, instant now) {
  const int64_t left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now).count();
  return static_cast<uint32_t>(std::max<int64_t>(left, 1));
}

}  // namespace

void send_command::run(const command_call& call) {
  call_ = call;
  auto line = parse_send_arguments(call.words());
  if (!line) return call_->refuse(line.failure().text);
  line_ = std::move(*line);
  if (line_.help) {
    call_->print(send_help());
    return call_->finish(0);
  }
  auto s = read_settings(host_, line_, {call.absolute(line_.ca), call.absolute(line_.certificate), call.absolute(line_.key)});
  if (!s) return call_->refuse(s.failure().text);
  if (const int64_t k = line_.plan.in_flight; line_.plan.rate == 0 && k > s->tasks.waiting_max)
    return call_->refuse("stn send: --in-flight " + std::to_string(k) + " is more than may wait; add --set tasks.waiting_max=" + std::to_string(k));
  settings_ = std::move(*s);
  work_.spawn(work());
}

namespace {

// A system may let a long wait end a thousandth later than was asked, 65 ms in 65 s, and each task is measured from its due
// time: the last tenth of a second is waited for by itself.
instant wake_for(instant due, instant now) { return due == never || due - now <= 200ms ? due : due - 100ms; }

}  // namespace

task<void> send_command::work() {
  const bool readable = co_await read_body();
  if (!readable) co_return;
  host_.random->fill(host_.random->self, key_.data(), key_.size() / 2);
  schedule_.emplace(line_.plan, place_.now());
  const std::string folder(view(host_.paths->data(host_.paths->self)));
  // What is learned of networks and servers is remembered; the outbox and the report are the application's own.
  tasks_.emplace(place_, host_, *settings_, events_,
                 dispatcher::kept{folder + "/intervals", {}, {}, folder + "/segments", folder + "/lanes"});
  tasks_->start();
  while (!schedule_->over()) {
    issue();
    co_await news_.wait(wake_for(schedule_->due(), place_.now()));
  }
  report(false);
}

task<bool> send_command::read_body() {
  const auto most = static_cast<uint64_t>(settings_->tasks.body_max);
  if (line_.body) {
    body_ = *line_.body;
  } else {
    const tharsis_files* const files = host_.files;
    const auto read = [files, most, path = call_->absolute(*line_.body_file)] {
      return read_whole(files, path, most, "the body of a task");
    };
    auto text = co_await blocking(place_, read);
    if (!text || !*text) {
      call_->refuse("stn send: --body-file: " + (text ? text->failure().text : "the host has no thread free to read it"));
      co_return false;
    }
    body_ = std::move(**text);
  }
  if (body_.size() > most) call_->refuse("stn send: the body has " + std::to_string(body_.size()) + " bytes, at most " + std::to_string(most) + " are allowed");
  co_return body_.size() <= most;
}

// All that are due.
void send_command::issue() {
  while (const auto turn = schedule_->take(place_.now())) submit(*turn);
}

void send_command::submit(const send_schedule::turn& turn) {
  for (size_t i = 0; i < 8; ++i) key_[8 + i] = static_cast<uint8_t>(turn.number >> (56 - 8 * i));
  tharsis_stn_task t{};
  t.size = sizeof t;
  t.command = line_.command;
  t.timeout_ms = milliseconds_until(turn.deadline, place_.now());
  t.body = bytes_of(as_bytes(body_));
  if (line_.keys) t.key = bytes_of(key_);
  if (free_.empty()) free_.push_back(&open_.emplace_back());
  open_task* const open = free_.back();
  *open = {this, turn.number};
  t.context = open;
  t.done = on_done;
  tharsis_error why = no_error();
  const tharsis_status status = tasks_->submit(t, nullptr, &why);
  if (status == THARSIS_OK) free_.pop_back();
  else on_outcome(turn.number, status, {}, why.text);
}

void send_command::on_done(void* context, tharsis_handle, const tharsis_stn_result* result) {
  auto* const open = static_cast<open_task*>(context);
  send_command& self = *open->owner;
  self.free_.push_back(open);
  if (self.given_up_) return;
  self.on_outcome(open->number, result->status, result->body, view(result->reason));
  self.issue();
  if (self.schedule_->over()) self.news_.raise();
}

void send_command::on_outcome(int64_t number, tharsis_status status, tharsis_bytes body, std::string_view reason) {
  const auto counted = schedule_->on_outcome(number, status, place_.now());
  const bool late = status == THARSIS_OK && counted == THARSIS_E_TIMEOUT;
  if (late) trouble_ = "its answer came behind the deadline";
  else if (status != THARSIS_OK) trouble_ = reason;
  if (!line_.hash) return;
  const auto bytes = late ? std::span<const uint8_t>() : view(body);
  order_.on_over(number, {bytes.begin(), bytes.end()});
  for (const auto& next : order_.take()) hash_.add(next);
}

void send_command::report(bool interrupted) {
  if (std::exchange(reported_, true)) return;  // A stop may come between the last line of work() and its end.
  const send_report r = schedule_->report();
  const link_totals moved = tasks_->totals();
  if (!line_.json && call_->colours()) call_->print(report_table(r, moved));
  if (r.failed > 0 && !trouble_.empty())
    call_->complain(std::to_string(r.failed) + " of " + std::to_string(r.sent) + " tasks failed; the last one: " + trouble_);
  const auto sum = line_.hash ? std::optional(hash_.text()) : std::nullopt;
  call_->print(report_json(r, moved, sum));
  call_->finish(interrupted || !schedule_->all_answered() ? 1 : 0);
}

task<void> send_command::stop() {
  if (!work_.empty()) {
    work_.clear();
    given_up_ = true;
    if (schedule_) {
      for (const int64_t number : schedule_->end()) order_.on_over(number, {});
      for (const auto& next : order_.take()) hash_.add(next);
      report(true);
    }
  }
  if (tasks_) co_await tasks_->stop();
  else co_await blocking_over(place_);
}

}  // namespace tharsis::stn

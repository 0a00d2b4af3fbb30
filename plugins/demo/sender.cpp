#include "plugins/demo/sender.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "plugins/demo/core/summary.h"
#include "sdk/async/blocking.h"
#include "sdk/pure/json.h"
#include "sdk/pure/mars_frame.h"
#include "sdk/pure/mars_messages.h"

namespace tharsis::demo {
namespace {

constexpr uint64_t statistics_tag = ~uint64_t{0};
constexpr size_t chunk_size = 64 * 1024;

std::string random_name(const tharsis_random& random) {
  uint8_t bytes[4];
  random.fill(random.self, bytes, sizeof bytes);
  char name[16];
  std::snprintf(name, sizeof name, "%02x%02x%02x%02x", bytes[0], bytes[1], bytes[2], bytes[3]);
  return name;
}

// Calls take(bytes) for each piece of the file, at most `limit` bytes. Blocks.
template <class Take>
error read_pieces(const tharsis_files& files, const std::string& path, uint64_t limit, Take take) {
  tharsis_error reason = no_error();
  tharsis_handle file = 0;
  tharsis_status status = files.open(files.self, text_of(path), THARSIS_FILES_READ, &file, &reason);
  if (status != THARSIS_OK) return error_from(status, reason);
  std::vector<uint8_t> chunk(chunk_size);
  uint64_t at = 0;
  for (size_t count = chunk_size; count == chunk_size && at < limit; at += count) {
    status = files.read(files.self, file, at, chunk.data(), chunk.size(), &count, &reason);
    if (status != THARSIS_OK) break;
    take(as_text(std::span<const uint8_t>(chunk).first(count)));
  }
  files.close(files.self, file);
  return status == THARSIS_OK ? error{THARSIS_OK, {}} : error_from(status, reason);
}

// What the log file has, and the first damage in it; its end, where it is being written, is none. Blocks.
error search_log(const tharsis_log_reader& reader, const std::string& path, log_search& search) {
  const tharsis_text paths = text_of(path);
  tharsis_log_query query{};
  query.size = sizeof query;
  query.paths = {&paths, 1};
  tharsis_error why = no_error();
  tharsis_handle reading = 0;
  tharsis_status status = reader.open(reader.self, &query, &reading, &why);
  if (status != THARSIS_OK) return error_from(status, why);
  error failure{THARSIS_OK, {}};
  for (const tharsis_log_item* item = nullptr; (status = reader.next(reader.self, reading, &item, &why)) == THARSIS_OK && item != nullptr;) {
    if (item->line != nullptr) search.on_line(view(item->line->text));
    else if (item->damage->at_end == 0 && failure.status == THARSIS_OK) failure = {item->damage->status, path + ": " + std::string(view(item->damage->why))};
  }
  reader.close(reader.self, reading);
  return status == THARSIS_OK ? failure : error_from(status, why);
}

// Everything but the plugin's own last part: ${data}.
std::string state_folder(const host& tables) {
  const std::string own(view(tables.paths->data(tables.paths->self)));
  return own.substr(0, own.rfind('/'));
}

}  // namespace

sender::sender(const host& tables, strand& place, settings s)
    : tables_(tables),
      place_(place),
      settings_(std::move(s)),
      run_(random_name(*tables.random)),
      courier_(tables),
      events_(place) {}

task<void> sender::life() {
  courier_.open(&sender::on_answer, this);
  auto text = co_await read_text();
  tharsis_error reason = no_error();
  tharsis_status status = THARSIS_OK;
  if (!text) {
    status = fail(&reason, text.status(), "text: cannot send " + settings_.text + ": " + text.failure().text);
  } else {
    lines_ = std::move(*text);
    tally_ = tally(lines_.size());
    sent_at_.resize(lines_.size());
    status = subscribe_all(&reason);
  }
  if (status != THARSIS_OK) {
    tables_.self->failed(tables_.self->self, &reason);
    co_return;
  }
  tables_.self->ready(tables_.self->self);
  co_await work();
  while (!stopping_) co_await events_.wait();
  co_await close();
  tables_.self->stopped(tables_.self->self);
}

void sender::stop() {
  stopping_ = true;
  events_.raise();
}

task<result<std::vector<std::string>>> sender::read_text() {
  auto read = [files = tables_.files, path = settings_.text]() -> result<std::vector<std::string>> {
    std::string text;
    error failure = read_pieces(*files, path, text_size_max, [&text](std::string_view piece) { text += piece; });
    if (failure.status != THARSIS_OK) return failure;
    return lines_of(text);
  };
  auto lines = co_await blocking(place_, std::move(read));
  if (!lines) co_return error{THARSIS_E_BUSY, "too much blocking work is waiting"};
  co_return std::move(*lines);
}

bool sender::subscribe(const char* topic, tharsis_on_event on_event, tharsis_error* error) {
  tharsis_subscription wish{sizeof wish, THARSIS_DROP_OLDEST, 0, on_event, this};
  tharsis_handle id = 0;
  if (tables_.bus->subscribe(tables_.bus->self, topic, &wish, &id, error) != THARSIS_OK) return false;
  subscriptions_.push_back(id);
  return true;
}

tharsis_status sender::subscribe_all(tharsis_error* error) {
  const bool good = subscribe(THARSIS_STN_LINK_TOPIC, &sender::on_link, error) &&
                    subscribe(THARSIS_STN_PUSH_TOPIC, &sender::on_push, error) &&
                    subscribe(THARSIS_SDT_VERDICT_TOPIC, &sender::on_verdict, error) &&
                    subscribe(THARSIS_XLOG_STATE_TOPIC, &sender::on_log_state, error) &&
                    subscribe(THARSIS_DNS_STATS_TOPIC, &sender::on_dns, error);
  return good ? THARSIS_OK : error->status;
}

task<void> sender::work() {
  began_ = down_since_ = place_.now();
  deadline_ = later(began_, settings_.limit);
  tables_.info("sends " + std::to_string(lines_.size()) + " lines of " + settings_.text + " as run " + run_);
  co_await send_lines();
  while (!tally_.satisfied(settings_.outages) && !time_is_up()) co_await pause(later(place_.now(), progress_interval));
  co_await ask_gateway();
  deadline_ = later(place_.now(), closing_time);
  co_await read_log();
  if (!stopping_) report();
}

task<void> sender::send_lines() {
  instant next = place_.now();
  for (size_t line = 0; line < lines_.size() && !time_is_up();) {
    if (send_line(line)) {
      ++line;
      next = later(next, settings_.pace);
    } else {
      next = later(place_.now(), busy_pause);
    }
    co_await pause(next);
  }
}

// Waits, at least a turn, while the live line goes on; shorter when the time is up.
task<void> sender::pause(instant until) {
  until = std::min(until, deadline_);
  do {
    show_progress();
    co_await events_.wait(std::min(until, later(shown_, progress_interval)));
  } while (place_.now() < until && !stopping_);
}

// False when stn wants to be asked again.
bool sender::send_line(size_t line) {
  const std::vector<uint8_t> body =
      encode(mars::send_message_request{"", "sender", "all", lines_[line], settings_.topic});
  tharsis_error reason = no_error();
  sent_at_[line] = place_.now();
  const tharsis_status status = courier_.send(line, mars::command_send_message, body,
                                              run_ + "-" + std::to_string(line + 1), settings_.task_timeout, &reason);
  if (status == THARSIS_E_BUSY) return false;
  tally_.on_sent();
  if (status != THARSIS_OK) on_line_answer(line, {line, status, {}, reason.text});
  return true;
}

void sender::show_progress() {
  if (tables_.console == nullptr || place_.now() < later(shown_, progress_interval)) return;
  shown_ = place_.now();
  tables_.console->progress(tables_.console->self, text_of(progress_line(tally_, shown_, down_since_)));
}

// Something that changed, on a line of its own; the log has it from its source.
void sender::tell(const std::string& text) {
  if (tables_.console == nullptr) return;
  tables_.console->print(tables_.console->self, text_of(event_line(place_.now() - began_, text)));
}

void sender::on_answer(void* context, const courier::answer& a) {
  auto* self = static_cast<sender*>(context);
  if (a.tag == statistics_tag) {
    self->on_statistics(a);
  } else {
    self->on_line_answer(static_cast<size_t>(a.tag), a);
  }
  self->events_.raise();
}

void sender::on_line_answer(size_t line, const courier::answer& a) {
  std::string failure(a.reason);
  if (a.status == THARSIS_OK) {
    const auto echo = mars::decode<mars::send_message_response>(a.body);
    if (!echo) failure = echo.failure().text;
    else if (echo->err_code != 0) failure = "the server answered: " + echo->err_msg;
    else if (echo->text != lines_[line]) failure = "the server echoed another text";
  } else if (failure.empty()) {
    failure = status_name(a.status);
  }
  tally_.on_answer(line, failure.empty(), failure);
  const std::string mark = task_mark(run_, line);
  if (failure.empty()) {
    tables_.info(mark + "ok in " + std::to_string(milliseconds(place_.now() - sent_at_[line])) + " ms: " +
                 json_text(lines_[line]));
  } else {
    tables_.warning(mark + "failed: " + failure);
  }
}

task<void> sender::ask_gateway() {
  deadline_ = std::max(deadline_, later(place_.now(), closing_time));
  while (!tally_.server.known && !time_is_up()) {
    tharsis_error reason = no_error();
    const duration wait = std::min<duration>(statistics_timeout, deadline_ - place_.now());
    if (courier_.send(statistics_tag, mars::command_statistics, {}, "", wait, &reason) != THARSIS_OK) {
      tally_.server.failure = reason.text;
      co_await pause(later(place_.now(), busy_pause));
      continue;
    }
    tally_.server.failure.clear();
    while (!tally_.server.known && tally_.server.failure.empty() && !stopping_) co_await events_.wait();
  }
}

void sender::on_statistics(const courier::answer& a) {
  const auto counted = mars::decode<mars::statistics_response>(a.body);
  if (a.status != THARSIS_OK || !counted) {
    tally_.server.failure = a.status != THARSIS_OK ? std::string(a.reason) : counted.failure().text;
    if (tally_.server.failure.empty()) tally_.server.failure = status_name(a.status);
    return;
  }
  tally_.server.executions = counted->executions;
  tally_.server.keys = counted->keys;
  tally_.server.repeats = counted->repeats;
  tally_.server.known = true;
}

task<void> sender::read_log() {
  flushed_ = false;
  if (tables_.log->flush(tables_.log->self, &sender::on_flushed, this, 0) != THARSIS_OK) flushed_ = true;
  while (!flushed_ && !time_is_up()) co_await events_.wait(deadline_);
  if (stopping_) co_return;
  if (tally_.log.file.empty()) {
    if (tally_.log.failure.empty()) tally_.log.failure = "xlog opened no file";
    co_return;
  }
  struct found {
    error failure;
    log_search search;
  };
  const auto* reader = tables_.bound<tharsis_log_reader>(THARSIS_LOG_READER_ID);
  auto read = [reader, path = tally_.log.file, search = log_search(run_, lines_.size())]() mutable {
    const error failure = search_log(*reader, path, search);
    return found{failure, std::move(search)};
  };
  auto done = co_await blocking(place_, std::move(read));
  tally_.log.failure = !done ? "too much blocking work is waiting" : done->failure.text;
  if (!done) co_return;
  tally_.log.lines = done->search.lines();
  tally_.log.tasks_found = done->search.tasks_found();
}

void sender::report() {
  const bool good = tally_.shortfalls(settings_.outages).empty();
  for (const std::string& sentence : tally_.shortfalls(settings_.outages)) tables_.error("not done: " + sentence);
  if (good) tables_.info("done: " + tally_.json());
  const tharsis_console* console = tables_.console;
  if (console == nullptr) return;
  const surroundings_of_run run{place_.now() - began_, state_folder(tables_), settings_.program, settings_.outages,
                                console->colours(console->self) != 0};
  console->print(console->self, text_of(summary(tally_, run)));
  console->json(console->self, text_of(tally_.json()));
  console->finish(console->self, good ? 0 : 1);
}

task<void> sender::close() {
  for (const tharsis_handle id : subscriptions_) tables_.bus->unsubscribe(tables_.bus->self, id);
  courier_.cancel_all();
  while (courier_.waiting() > 0 || !flushed_) co_await events_.wait();
}

void sender::on_link(void* context, const tharsis_event* event) {
  auto* self = static_cast<sender*>(context);
  const auto* link = static_cast<const tharsis_stn_link*>(event->payload);
  const bool was_up = self->tally_.link_up();
  if (link->state == THARSIS_STN_UP) {
    self->tally_.on_link_up(link->connects, duration(link->gap));
    if (!was_up) self->tell("link up");
  } else {
    self->tally_.on_link_down(std::string(view(link->reason)));
    if (was_up) self->down_since_ = self->place_.now();
    if (was_up) self->tell("link down: " + self->tally_.link_reason);
  }
  self->events_.raise();
}

void sender::on_push(void* context, const tharsis_event* event) {
  auto* self = static_cast<sender*>(context);
  const auto* push = static_cast<const tharsis_stn_push*>(event->payload);
  if (push->command == mars::command_push && mars::decode<mars::message_push>(view(push->body)))
    self->tally_.on_push();
  self->events_.raise();
}

void sender::on_verdict(void* context, const tharsis_event* event) {
  auto* self = static_cast<sender*>(context);
  const auto* verdict = static_cast<const tharsis_sdt_verdict*>(event->payload);
  if (verdict->code == THARSIS_SDT_FINE) return;
  const std::string before = self->tally_.headline;
  self->tally_.on_verdict(std::string(view(verdict->headline)));
  if (self->tally_.headline != before) self->tell("sdt: " + self->tally_.headline);
  self->events_.raise();
}

void sender::on_log_state(void* context, const tharsis_event* event) {
  auto* self = static_cast<sender*>(context);
  const auto* state = static_cast<const tharsis_xlog_state*>(event->payload);
  if (state->file.size > 0) self->tally_.log.file = view(state->file);
  self->tally_.log.failure = view(state->reason);
}

void sender::on_dns(void* context, const tharsis_event* event) {
  auto* self = static_cast<sender*>(context);
  const auto* s = static_cast<const tharsis_dns_stats*>(event->payload);
  self->tally_.dns = {s->queries, s->literal, s->pinned, s->cached, s->system, s->failed};
}

void sender::on_flushed(void* context, tharsis_handle) {
  auto* self = static_cast<sender*>(context);
  self->flushed_ = true;
  self->events_.raise();
}

}  // namespace tharsis::demo

#include "plugins/xlog/shipper.h"

#include <utility>

#include "sdk/async/any_number.h"
#include "sdk/async/blocking.h"
#include "sdk/pure/whole_number.h"

namespace tharsis::xlog {
namespace {

// "Retry-After: 120"; a date is not taken: clocks differ.
std::optional<duration> retry_after_of(const http1::field_list& fields) {
  const auto seconds = whole_number<uint32_t>(http1::value_of(fields, "Retry-After"));
  return seconds ? std::optional<duration>(std::chrono::seconds(*seconds)) : std::nullopt;
}

std::string_view type_of(const ship_request& r) { return r.method == "POST" ? "application/octet-stream" : "text/plain"; }

std::string base_of(std::string target) {
  target = target.substr(0, target.find('?'));
  while (target.ends_with('/')) target.pop_back();
  return target;
}

}  // namespace

shipper::shipper(const host& h, strand& place, ship_place to)
    : host_(h),
      place_(place),
      to_(std::move(to)),
      names_(place, *h.net, h.registry),
      endpoint_(place, to_.to, dial_with(place, *h.net, names_, to_.trust)),
      news_(place),
      under_way_(place) {}

task<shipper::outcome> shipper::run(std::vector<found_log> logs, ship_selection wanted, ship_numbers numbers, bool dry, std::function<void(std::string)> told) {
  std::vector<ship_file> files = known_files(logs, wanted);
  shipment s(to_.source, std::move(files), numbers, any_number(*host_.random), place_.now(), dry);
  for (;;) {
    const error stopped{THARSIS_E_CANCELLED, "stopped; what the receiver took stays there, and the same call later goes on"};
    if (*stop_) s.give_up(stopped);
    shipment::step step = s.next(place_.now());
    if (std::holds_alternative<shipment::over>(step)) break;
    if (told) told(s.progress());
    co_await take_step(s, std::move(step), logs, wanted);
  }
  open_.reset();
  remember(logs, wanted, s.settled());
  co_return outcome{s.counts(), s.outcome(), s.failures(), s.wishes()};
}

std::vector<ship_file> shipper::known_files(const std::vector<found_log>& logs, const ship_selection& wanted) const {
  std::vector<ship_file> files;
  for (const found_log& log : logs) {
    files.push_back(log.file);
    const auto before = settled_.find(log.file.name);
    if (before == settled_.end() || log.modified == 0) continue;
    const settled_file& b = before->second;
    const bool same = b.size == log.file.size && b.modified == log.modified && b.being_written == log.being_written && b.wanted == wanted;
    if (same) files.back().settled = b.edition;
  }
  return files;
}

// A run without files only asked something.
void shipper::remember(const std::vector<found_log>& logs, const ship_selection& wanted, const std::vector<std::string>& settled) {
  if (logs.empty()) return;
  std::map<std::string, settled_file> now;
  for (size_t i = 0; i < logs.size(); ++i)
    if (!settled[i].empty()) now.emplace(logs[i].file.name, settled_file{logs[i].file.size, logs[i].modified, logs[i].being_written, wanted, settled[i]});
  settled_ = std::move(now);
}

task<void> shipper::take_step(shipment& s, shipment::step step, const std::vector<found_log>& logs, const ship_selection& wanted) {
  if (const auto* wait = std::get_if<shipment::wait>(&step)) {
    co_await news_.wait(wait->until);
  } else if (const auto* plan = std::get_if<shipment::plan>(&step)) {
    open_ = std::make_shared<shipped_log>(host_.files, logs[plan->file]);
    const auto job = [log = open_, note = plan->note, wanted, stop = stop_] { return log->plan(note, wanted, *stop); };
    const auto made = co_await blocking(place_, job);
    const result<shipping::manifest> busy = error{THARSIS_E_BUSY, "the host has no thread free to read it"};
    s.on_plan(made ? *made : busy);
  } else if (const auto* load = std::get_if<shipment::load>(&step)) {
    const auto job = [log = open_, which = load->pieces] { return log->pieces(which); };
    auto read = co_await blocking(place_, job);
    const result<std::string> busy = error{THARSIS_E_BUSY, "the host has no thread free to read it"};
    s.on_pieces(read ? std::move(*read) : busy);
  } else if (const auto* what = std::get_if<shipment::ask>(&step)) {
    co_await ask(s, *what);
  }
}

// stop() does not wait for an answer.
task<void> shipper::ask(shipment& s, shipment::ask what) {
  answer_.reset();
  under_way_.spawn(fetch(what.request, what.until));
  while (!answer_ && !*stop_) co_await news_.wait();
  under_way_.clear();
  if (!answer_) co_return;
  if (!*answer_) {
    s.on_no_answer(answer_->failure(), place_.now());
    co_return;
  }
  const http1_answer& got = **answer_;
  const ship_answer answer{got.head.status, got.body, retry_after_of(got.head.fields)};
  s.on_answer(answer, place_.now());
}

task<void> shipper::fetch(const ship_request* what, instant until) {
  auto got = co_await exchange(what, until);
  answer_.emplace(std::move(got));
  news_.raise();
}

task<result<http1_answer>> shipper::exchange(const ship_request* what, instant until) {
  http1_request request;
  request.head.method = what->method;
  request.head.target = base_of(to_.to.target) + what->target;
  request.head.fields.push_back({"Content-Type", std::string(type_of(*what))});
  if (!to_.token.empty()) request.head.fields.push_back({"Authorization", "Bearer " + to_.token});
  request.body = what->body;
  request.repeatable = true;
  auto got = co_await endpoint_.exchange(std::move(request), what->answer_max, until);
  co_return got;
}

task<error> shipper::fulfil(std::string wish, duration most) {
  const ship_request what{"DELETE", "/v1/wishes/" + to_.source + "/" + wish, {}, 64 << 10};
  const auto got = co_await exchange(&what, later(place_.now(), most));
  if (!got) co_return got.failure();
  const error refused{THARSIS_E_REFUSED, "it answered " + std::to_string(got->head.status)};
  co_return got->head.status == 200 || got->head.status == 404 ? fine() : refused;
}

}  // namespace tharsis::xlog

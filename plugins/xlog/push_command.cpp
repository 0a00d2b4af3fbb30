#include "plugins/xlog/push_command.h"

#include <functional>
#include <utility>

#include "plugins/xlog/core/progress_text.h"
#include "plugins/xlog/ship_target.h"
#include "sdk/async/blocking.h"
#include "sdk/pure/harmless.h"
#include "sdk/pure/json.h"

namespace tharsis::xlog {

int push_command::complain(int code, const std::string& text) const {
  call_.complain("xlog push: " + harmless(text));
  return code;
}

task<void> push_command::run() {
  const int code = co_await work();
  call_.finish(code);
}

task<int> push_command::work() {
  auto asked = parse_push_arguments(call_.words(), place_.wall());
  if (!asked) {
    call_.complain(asked.failure().text);
    co_return 2;
  }
  if (asked->help) {
    call_.print(push_help);
    co_return 0;
  }
  ship_settings s = has_;
  s.to = asked->to;
  if (!asked->source.empty()) s.source = asked->source;
  if (!asked->token_file.empty()) s.token.clear(), s.token_file = call_.absolute(asked->token_file);
  if (!asked->ca.empty()) s.ca = call_.absolute(asked->ca);
  const auto job = [files = host_.files, s] { return open_target(files, s, "--ca"); };
  auto made = co_await blocking(place_, job);
  if (!made) co_return complain(1, "the host has no thread free; try again");
  if (!*made) co_return complain(2, made->failure().text);
  const int code = co_await ship(std::move(*asked), std::move(**made));
  co_return code;
}

task<int> push_command::ship(push_arguments asked, ship_place to) {
  std::vector<std::pair<std::string, std::string>> paths;
  for (const std::string& p : asked.paths) paths.emplace_back(call_.absolute(p), p);
  const auto look = [files = host_.files, paths, since = asked.wanted.since] { return find_logs(files, paths, since); };
  auto found = co_await blocking(place_, look);
  if (!found) co_return complain(1, "the host has no thread free; try again");
  for (const std::string& c : found->complaints) complain(1, c);
  if (found->all.empty() && !found->complaints.empty()) co_return 2;
  ship_numbers numbers = has_.numbers;
  if (asked.rate) numbers.rate = *asked.rate;
  if (asked.deadline) numbers.deadline = *asked.deadline;
  shipper_ = std::make_unique<shipper>(host_, place_, std::move(to));
  if (stopping_) shipper_->stop();
  std::function<void(std::string)> told;
  progress_pace pace(nanoseconds(place_.now()));
  if (call_.live({}))
    told = [this, &pace](std::string line) {
      if (pace.is_due(nanoseconds(place_.now()))) call_.live("xlog push: " + harmless(line));
    };
  const shipper::outcome o = co_await shipper_->run(std::move(found->all), asked.wanted, numbers, asked.dry, told);
  call_.live({});
  co_return report(asked, o, found->complaints.size());
}

int push_command::report(const push_arguments& asked, const shipper::outcome& o, size_t complaints) const {
  const shipment::totals& n = o.counts;
  for (const std::string& f : o.failures) complain(1, f);
  if (o.failure.status != THARSIS_OK) complain(1, o.failure.text);
  const bool all = o.failure.status == THARSIS_OK && o.failures.empty() && complaints == 0;
  if (asked.json) {
    call_.print(json_object()
                    .add("to", asked.to.origin())
                    .add("complete", all)
                    .add("files", n.files)
                    .add("known", n.known)
                    .add("unselected", n.unselected)
                    .add("failed", n.failed)
                    .add("bytes", n.bytes)
                    .add("requests", n.requests)
                    .add("retries", n.retries)
                    .add("reason", o.failure.text)
                    .text() + "\n");
  } else {
    const std::string what = asked.dry ? " would be offered" : " shipped";
    call_.print(std::to_string(n.files) + (n.files == 1 ? " file" : " files") + what + ", " + std::to_string(n.known) + " already there" +
                (n.unselected > 0 ? ", " + std::to_string(n.unselected) + " with nothing selected" : "") + "; " + std::to_string(n.bytes) + " bytes" +
                (asked.dry ? " at most" : " in " + std::to_string(n.requests) + " requests") + "\n");
  }
  return all ? 0 : 1;
}

}  // namespace tharsis::xlog

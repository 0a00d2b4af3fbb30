#include "plugins/stn/listen_command.h"

#include <utility>

#include "plugins/stn/configuration.h"
#include "plugins/stn/core/push_text.h"
#include "sdk/async/blocking.h"
#include "sdk/pure/option_values.h"

namespace tharsis::stn {
namespace {

std::string listen_help() {
  return "tharsis stn listen ENDPOINT... [OPTION]...\n"
         "  Opens one long link, keeps it up, and prints each push: its command, its size, and its body as text, or in hexadecimal\n"
         "  where it is none. What becomes of the link is told on stderr. Each ENDPOINT is tcps://host:port or tcp://host:port; a\n"
         "  later one is tried when the one before fails.\n"
         "  --count N           end after so many pushes\n"
         "  --for TIME          end after so long, like 10s; without both: Ctrl-C\n"
         "  --json              a JSON object for each push: command, bytes, body (hexadecimal), text where it is text\n" +
         std::string(link_line_help) +
         "  Exit codes: 0 it ended as was asked, or the link was up when it was interrupted; 1 it was not; 2 the command is wrong.\n";
}

}  // namespace

void listen_command::run(const command_call& call) {
  call_ = call;
  link_line line("stn listen");
  option_words known(line.command_name);
  read_link_line(known, line);
  known.flag("--json", json_).value("--count", take_whole(count_, 1, INT64_MAX)).value("--for", take_wait(lasts_));
  if (const error wrong = known.read(call.words()); wrong.status != THARSIS_OK) return call_->refuse(wrong.text);
  if (known.help()) {
    call_->print(listen_help());
    return finish(0);
  }
  if (const error wrong = mistake_in_link_line(known, line); wrong.status != THARSIS_OK) return call_->refuse(wrong.text);
  auto s = read_settings(host_, line, {call.absolute(line.ca), call.absolute(line.certificate), call.absolute(line.key)});
  if (!s) return call_->refuse(s.failure().text);
  settings_ = std::move(*s);
  events_.declare();
  events_.lend(this);
  work_.spawn(work());
}

task<void> listen_command::work() {
  tasks_.emplace(place_, host_, *settings_, events_);
  tasks_->start();
  const instant until = lasts_ > duration::zero() ? later(place_.now(), lasts_) : never;
  while (!finished_ && place_.now() < until) co_await over_.wait(until);
  finish(heard_ < count_ ? 1 : 0);
}

void listen_command::on_state(const link_state& s) {
  up_ = s.state == THARSIS_STN_UP;
  if (s.state == THARSIS_STN_CONNECTING || finished_) return;
  const std::string who = s.endpoint + (s.address.empty() ? "" : " (" + s.address + ")");
  call_->complain(up_ ? "link up: " + who : "link down: " + who + ": " + s.reason);
}

void listen_command::on_push(const std::string&, const push& p) {
  if (finished_) return;
  call_->print(json_ ? push_json(p) : push_line(p));
  if (++heard_ == count_) finish(0);
}

void listen_command::finish(int code) {
  if (std::exchange(finished_, true)) return;
  call_->finish(code);
  over_.raise();
}

task<void> listen_command::stop() {
  work_.clear();
  if (tasks_) {
    finish(up_ ? 0 : 1);
    co_await tasks_->stop();
  } else {
    co_await blocking_over(place_);
  }
}

}  // namespace tharsis::stn

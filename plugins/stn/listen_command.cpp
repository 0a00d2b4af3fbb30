#include "plugins/stn/listen_command.h"

#include <utility>

#include "plugins/stn/configuration.h"
#include "plugins/stn/core/push_text.h"
#include "sdk/async/blocking.h"
#include "sdk/pure/option_values.h"

namespace tharsis::stn {
namespace {

constexpr std::string_view listen_help =
    "tharsis stn listen ENDPOINT... [OPTION]...\n"
    "  Opens one long link, keeps it up, and prints each push: its command, its size, and its body as text, or in hexadecimal\n"
    "  where it is none. What becomes of the link is told on stderr. Each ENDPOINT is tcps://host:port or tcp://host:port; a\n"
    "  later one is tried when the one before fails.\n"
    "  --count N           end after so many pushes\n"
    "  --for TIME          end after so long, like 10s; without both: Ctrl-C\n"
    "  --user NAME         say hello as NAME; without it a ping's pong proves that the server is there\n"
    "  --codec NAME        how messages stand on the wire: mars (the default), length-prefixed, or a plugin's; then --plugins\n"
    "                      DIR where that plugin is, unless it lies beside the others\n"
    "  --ca FILE           trust the authority in this PEM file, and no other\n"
    "  --plain             tcp:// may leave this machine, unencrypted\n"
    "  --client-version N  stands in every frame (200)\n"
    "  --json              a JSON object for each push: command, bytes, body (hexadecimal), text where it is text\n"
    "  --set KEY=VALUE     a setting of stn, like links.main.codec_settings.prefix=2\n"
    "  Exit codes: 0 it ended as was asked, or the link was up when it was interrupted; 1 it was not; 2 the command is wrong.";

}  // namespace

void listen_command::run(const command_call& call) {
  call_ = call;
  auto line = read(call);
  if (!line) return call_->refuse(line.failure().text);
  if (line->help) {
    call_->print(listen_help);
    return finish(0);
  }
  auto s = read_settings(host_, *line, {call.absolute(line->ca), call.absolute(line->certificate), call.absolute(line->key)});
  if (!s) return call_->refuse(s.failure().text);
  settings_ = std::move(*s);
  events_.declare();
  events_.lend(this);
  work_.spawn(work());
}

result<send_arguments> listen_command::read(const command_call& call) {
  send_arguments line;
  line.command_name = "stn listen";
  const auto take_text = [](std::optional<std::string>& to) { return [&to](const std::string& text) { return to = text, std::string(); }; };
  option_words known(line.command_name);
  known.flag("--json", json_).flag("--plain", line.plain).value("--ca", line.ca);
  known.value("--user", take_text(line.user)).value("--codec", take_text(line.codec));
  known.value("--client-version", [&line](const std::string& text) {
    uint32_t version = 0;
    std::string why = take_whole(version, 0, UINT32_MAX)(text);
    if (why.empty()) line.client_version = version;
    return why;
  });
  known.value("--count", take_whole(count_, 1, INT64_MAX)).value("--for", take_wait(lasts_));
  known.words("an endpoint", [&line](const std::string& word) -> std::string {
    const auto e = parse_endpoint(word);
    if (!e || (e->scheme != "tcp" && e->scheme != "tcps")) return "'" + word + "' is no endpoint like tcps://im.example.com:443, or tcp://";
    line.endpoints.push_back(*e);
    return {};
  });
  const error wrong = known.read(call.words());
  if (wrong.status != THARSIS_OK) return wrong;
  line.help = known.help();
  if (!line.help && line.endpoints.empty()) return known.wrong_see_help("name at least one endpoint, like tcps://im.example.com:443.");
  return line;
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

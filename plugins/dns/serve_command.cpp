#include "plugins/dns/serve_command.h"

#include <utility>

#include "plugins/dns/server_keys.h"
#include "sdk/pure/json.h"

namespace tharsis::dns {

void serve_command::run(const command_call& call) {
  call_ = call;
  auto line = parse_serve_line(call.words());
  if (!line) return call_->refuse(line.failure().text);
  line_ = std::move(*line);
  if (line_.help) {
    call_->print(serve_help);
    return finish(0);
  }
  if (!line_.servers.empty()) settings_.servers = line_.servers;
  settings_.mode = line_.mode.value_or(settings_.mode);
  if (!line_.ca.empty()) settings_.tls = {call.absolute(line_.ca), false};
  if (settings_.believes_nobody()) return call_->refuse("dns serve: --mode strict believes only servers of tls:// and https://; name one with --server");
  line_.own.certificate = call.absolute(line_.own.certificate);
  line_.own.key = call.absolute(line_.own.key);
  work_.spawn(work());
}

task<void> serve_command::work() {
  error wrong = co_await read_server_keys(place_, host_.files, *call_, settings_.servers);
  if (wrong.status == THARSIS_OK) {
    names_.emplace(host_, place_, settings_, state_folder(folder_, true));
    if (source_ != nullptr) names_->use(*source_);
    names_->open(0);
    server_.emplace(host_, place_, settings_, line_.own, *names_->table(), names_->opinion());
    if (source_ != nullptr) server_->use(*source_);
    server_->use(names_->health());
    wrong = co_await server_->open();
  }
  if (wrong.status != THARSIS_OK) {
    call_->complain("dns serve: " + wrong.text);
    finish(1);
    co_return;
  }
  std::string all, json;
  for (const std::string& place : server_->places()) {
    all += (all.empty() ? "answers names on " : " and ") + place;
    json += (json.empty() ? "" : ",") + json_text(place);
  }
  call_->print(line_.json ? json_object().add_raw("listening", "[" + json + "]").text() : all);
  if (line_.lasts == duration::zero()) co_return;
  co_await over_.wait(later(place_.now(), line_.lasts));
  finish(0);
}

void serve_command::finish(int code) {
  if (!std::exchange(finished_, true)) call_->finish(code);
}

void serve_command::stop() {
  if (!call_) return;
  work_.clear();
  if (server_) server_->close();
  if (names_) names_->close();
  finish(0);
}

}  // namespace tharsis::dns

#include "plugins/gateway/serve_command.h"

#include <utility>

#include "sdk/pure/json.h"

namespace tharsis::gateway {

void serve_command::run(const command_call& call) {
  call_ = call;
  auto line = parse_serve_arguments(call.words());
  if (!line) return call_->refuse(line.failure().text);
  line_ = std::move(*line);
  if (line_.help) {
    call_->print(serve_help);
    return finish(0);
  }
  settings s = settings_;
  line_.apply(s);
  s.logs = {};
  if (line_.streams) s.streams.folder = call.absolute_folder(*line_.streams);
  if (const auto frames = open_frames(s); !frames) return call_->refuse("stn serve: " + frames.failure().text);
  const auto where = place_to_listen(s.listen, "stn serve", "tcp", s);
  if (!where) return call_->refuse(where.failure().text);
  if (!s.http.listen.empty())
    if (const auto there = place_to_listen(s.http.listen, "stn serve --http", "http", s); !there) return call_->refuse(there.failure().text);
  server_owner owner;
  owner.ready = [this](const std::string& endpoint) { on_ready(endpoint); };
  owner.failed = [this](const error& why) {
    over_already_ = true;
    call_->complain("stn serve: " + why.text);
    finish(1);
  };
  owner.stopped = [this] { tables_.self->stopped(tables_.self->self); };
  over_already_ = false;
  server_.emplace(tables_, place_, std::move(s), *where, std::nullopt, std::move(owner), line_.identity ? call.absolute(*line_.identity) : std::string());
  work_.spawn(server_->life());
}

void serve_command::on_ready(const std::string& endpoint) {
  const std::string codec = line_.codec.value_or(settings_.codec), ca = server_->certificate();
  const std::string http = server_->http_endpoint();
  if (line_.json) {
    json_object all;
    all.add("listening", endpoint).add("codec", codec).add("ca", ca);
    if (!http.empty()) all.add("http", http);
    call_->print(all.text());
  } else {
    call_->print("listens on " + endpoint + " for codec " + codec + (http.empty() ? "" : ", on " + http + " for short links") +
                 (ca.empty() ? "" : "; clients trust " + ca + " (--ca)"));
  }
  if (line_.lasts > duration::zero()) work_.spawn(end_after(line_.lasts));
}

task<void> serve_command::end_after(duration lasts) {
  co_await over_.wait(later(place_.now(), lasts));
  finish(0);
}

void serve_command::finish(int code) {
  if (!std::exchange(finished_, true)) call_->finish(code);
}

tharsis_status serve_command::stop() {
  if (call_) finish(0);
  over_.raise();
  if (over_already_) return THARSIS_OK;
  server_->stop();
  return THARSIS_PENDING;
}

}  // namespace tharsis::gateway

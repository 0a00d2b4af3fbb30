#include "plugins/stn/live_connection.h"

namespace tharsis::stn {

std::optional<loss> live_connection::begin(heartbeat& rhythm, session_tasks& tasks, instant prove_by) {
  auto frames = around_.codec.begin();
  if (!frames) return loss(THARSIS_STN_WHY_CODEC, frames.failure());
  const link_settings& s = around_.settings;
  if (s.auth.when != auth_settings::use::off && around_.auth.there() && frames->carries(THARSIS_STN_CARRIES_HELLO))
    exchange_ = std::make_shared<auth_exchange>(s.auth);
  rhythm.on_connected(around_.place.wall());
  talk_ = std::make_unique<session>(s, std::move(*frames), around_.client_id, rhythm, tasks, prove_by, exchange_.get(), &around_.counted, around_.known);
  return std::nullopt;
}

void live_connection::take_over(owner& by, heartbeat& rhythm, session_tasks& tasks) {
  owner_ = &by;
  rhythm.on_connected(around_.place.wall());
  talk_->take_over(rhythm, tasks, around_.place.now());
}

bool live_connection::is_ready() const {
  const bool asks = exchange_ && exchange_->running();
  return talk_ != nullptr && talk_->up() && talk_->failure().status == THARSIS_OK && !asks;
}

// Before every wait: only a read that found nothing is told of more.
std::optional<loss> live_connection::receive() {
  if (talk_->failure().status != THARSIS_OK) return talk_->failure();
  more_ = false;
  std::optional<loss> why;
  for (size_t total = 0, count = 0; total < read_turn && !why; total += count) {
    const tharsis_status status = wire_->read(talk_->room(read_piece), count);
    if (status == THARSIS_PENDING) break;
    if (status != THARSIS_OK)
      why = broken(status);
    else if (count == 0)
      why = loss(THARSIS_STN_WHY_REMOTE_CLOSED, THARSIS_E_RESET, "the server at " + to_text(wire_->peer()) + " ended the connection");
    else if (talk_->on_received(count, around_.place.now()) != THARSIS_OK)
      why = talk_->failure();
    owner_->on_read(status == THARSIS_OK ? count : 0);
    more_ = total + count >= read_turn;
  }
  if (talk_->up())
    around_.known = true;
  else if (why)
    around_.known = false;
  return why;
}

std::vector<push> live_connection::take_pushes() {
  std::vector<push> all = talk_->take_pushes();
  for (push& p : all) {
    p.connection = number_;
    p.made_at = made_at_;
  }
  return all;
}

// Asks the application what it has to be asked, and goes on with what it, or the server, has said.
std::optional<loss> live_connection::follow_auth() {
  if (!exchange_) return std::nullopt;
  while (const auto q = exchange_->take_question()) {
    owner_->on_question();
    const tharsis_handle asked = around_.auth.ask(around_.settings.name, around_.user(), *q, *this);
    question_ = exchange_->running() && !exchange_->waits_for_server() ? asked : 0;
  }
  return talk_->on_auth(around_.place.now()) == THARSIS_OK ? std::nullopt : std::optional(talk_->failure());
}

void live_connection::on_word(auth_word w) {
  question_ = 0;
  exchange_->on_word(std::move(w));
  nudge();
}

std::optional<loss> live_connection::judge() {
  const instant now = around_.place.now();
  if (now < talk_->deadline()) return std::nullopt;
  return talk_->on_deadline(now, wire_->unsent() + wire_->unconfirmed()) == THARSIS_OK ? std::nullopt : std::optional(talk_->failure());
}

// Until nothing more is to be sent, or the system takes no more. A stream may join what is written in one turn, so a small
// frame that is to go by itself has a turn of its own.
std::optional<loss> live_connection::send() {
  wire_->events().clear(stream::nudged);  // What it tells of is looked at now.
  const instant now = around_.place.now();
  if (talk_->take_companion(output_, now)) {
    more_ = true;
    owner_->on_output(output_.size());
    return write();
  }
  for (size_t total = 0; total < write_turn;) {
    const size_t unsent = wire_->unsent();
    const bool apart = talk_->goes_apart();
    talk_->take_output(output_, unsent < write_window && !apart ? write_window - unsent : 0, now);
    owner_->on_output(output_.size());
    if (output_.empty()) return std::nullopt;
    total += output_.size();
    if (auto why = write()) return why;
    talk_->on_written(now);
    if (apart) break;  // TLS puts together what is written in one turn.
  }
  more_ = true;
  return std::nullopt;
}

std::optional<loss> live_connection::write() {
  const tharsis_status status = wire_->write(output_);
  output_.clear();
  if (output_.capacity() > output_kept) output_ = {};
  return status == THARSIS_OK ? std::nullopt : std::optional(broken(status));
}

loss live_connection::broken(tharsis_status status) const {
  std::string text = wire_->failure();
  if (text.empty() && status == THARSIS_E_RESET)
    text = "the connection to " + to_text(wire_->peer()) + " was cut, by the server or by something between";
  if (text.empty())
    text = "the connection to " + to_text(wire_->peer()) + " broke: " + std::string(status_name(status));
  return {status == THARSIS_E_RESET ? uint32_t{THARSIS_STN_WHY_RESET} : uint32_t{THARSIS_STN_WHY_BROKEN}, status, std::move(text)};
}

}  // namespace tharsis::stn

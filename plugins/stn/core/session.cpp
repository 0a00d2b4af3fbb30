#include "plugins/stn/core/session.h"

#include "plugins/stn/core/foreign_text.h"
#include "sdk/pure/mars_messages.h"

namespace tharsis::stn {
namespace {

std::string wait_text(duration d) { return std::to_string(milliseconds(d)) + " ms"; }

}  // namespace

session::session(const link_settings& s, const std::string& client_id, heartbeat& rhythm, task_queue& tasks,
                 instant prove_by, auth_exchange* auth)
    : settings_(s),
      rhythm_(rhythm),
      tasks_(tasks),
      prove_by_(prove_by),
      auth_(auth),
      silence_(s.answer_timeout),
      reader_(s.client_version) {
  if (!s.user.empty())
    send_hello(client_id);
  else if (auth_ != nullptr)
    auth_->begin();
  else
    send_ping();
}

tharsis_status session::on_received(size_t count, instant now) {
  if (failure_.status != THARSIS_OK) return failure_.status;
  if (up_) rhythm_.on_bytes(now);
  silence_.on_bytes(now);
  upload_.on_bytes();
  const tharsis_status read = reader_.on_received(count);
  mars::frame_view f;
  while (reader_.take(f))
    if (const tharsis_status status = on_frame(f, now); status != THARSIS_OK) return status;
  if (const auto begun = reader_.pending_sequence()) tasks_.on_answer_begun(*begun, now);
  if (read != THARSIS_OK)
    return fail(THARSIS_STN_WHY_DECODE, read, "the server's bytes are no frames of Mars: " + reader_.failure().text);
  if (tasks_.sent() == 0) silence_.on_calm();
  return THARSIS_OK;
}

tharsis_status session::on_frame(const mars::frame_view& f, instant now) {
  if (f.command == mars::command_noop) {  // Whatever its sequence: so does Mars.
    doubted_until_ = never;
    if (up_)
      rhythm_.on_pong(now);
    else if (settings_.user.empty())
      on_proved(now);
  } else if (f.sequence == mars::sequence_push) {
    pushes_.push_back({f.command, {f.body.begin(), f.body.end()}});
  } else if (f.sequence == mars::sequence_identify && auth_ != nullptr && auth_->waits_for_server()) {
    auth_->on_answer(f.body, f.refusal);
    return on_auth(now);
  } else if (f.sequence == mars::sequence_identify && !up_ && !settings_.user.empty() && !helloed_) {
    return on_hello(f, now);
  } else {
    tasks_.on_answer(f, now);
  }
  return THARSIS_OK;
}

tharsis_status session::on_hello(const mars::frame_view& f, instant now) {
  if (!f.refusal.empty())
    return fail(THARSIS_STN_WHY_HELLO_REFUSED, THARSIS_E_DENIED,
                "the server refused the hello of user '" + settings_.user + "': " + foreign_text(f.refusal));
  const auto response = mars::decode<mars::hello_response>(f.body);
  if (!response)
    return fail(THARSIS_STN_WHY_DECODE, THARSIS_E_PROTOCOL,
                "the server's answer to the hello means nothing: " + response.failure().text);
  if (response->retcode != 0)
    return fail(THARSIS_STN_WHY_HELLO_REFUSED, THARSIS_E_DENIED,
                "the server refused the hello of user '" + settings_.user + "' with code " +
                    std::to_string(response->retcode) +
                    (response->errmsg.empty() ? "" : ": " + foreign_text(response->errmsg)));
  helloed_ = true;
  on_proved(now);
  return THARSIS_OK;
}

// The server is the server; who we are may come next.
void session::on_proved(instant now) {
  if (up_) return;
  if (auth_ != nullptr && !auth_->begun()) return auth_->begin();
  if (auth_ == nullptr || auth_->ready()) come_up(now);
}

tharsis_status session::on_auth(instant now) {
  if (failure_.status != THARSIS_OK) return failure_.status;
  if (const auto& why = auth_->failure()) return fail(why->why, why->status, why->text);
  if (!auth_->running()) auth_until_ = never;
  if (up_ || !auth_->ready()) return THARSIS_OK;
  if (helloed_ || auth_->accepted())
    come_up(now);
  else if (!std::exchange(pinged_, true))
    send_ping();  // The server has said nothing yet.
  return THARSIS_OK;
}

void session::come_up(instant now) {
  up_ = true;
  rhythm_.on_up(now);
}

tharsis_status session::on_doubt(instant now) {
  if (failure_.status != THARSIS_OK) return failure_.status;
  if (!up_) return fail(THARSIS_STN_WHY_NETWORK_CHANGED, THARSIS_E_NETWORK, "the network changed before the server had answered");
  if (rhythm_.on_doubt(now)) send_ping();
  doubted_until_ = later(now, settings_.doubt_timeout);
  return THARSIS_OK;
}

tharsis_status session::on_deadline(instant now, size_t unconfirmed) {
  if (failure_.status != THARSIS_OK) return failure_.status;
  if (now < deadline()) return THARSIS_OK;
  if (auth_ != nullptr && auth_->running() && now >= std::min(auth_until_, up_ ? never : prove_by_)) {
    auth_->on_timeout();
    return on_auth(now);
  }
  if (!up_)
    return fail(THARSIS_STN_WHY_UNPROVED, THARSIS_E_TIMEOUT, std::string("the server took the connection and did not answer the ") +
                                       (settings_.user.empty() ? "ping" : "hello") + " in time");
  if (tasks_.sent() == 0) silence_.on_calm();
  if (upload_.on_look(unconfirmed)) {
    rhythm_.on_upload(now);
    silence_.on_upload(now);
    if (doubted_until_ != never) doubted_until_ = later(now, settings_.doubt_timeout);
  }
  if (now >= doubted_until_)
    return fail(THARSIS_STN_WHY_DOUBT, THARSIS_E_TIMEOUT, "a ping was not answered within " + wait_text(settings_.doubt_timeout) +
                                       " after the network had changed or the machine had slept");
  switch (rhythm_.on_deadline(now)) {
    case heartbeat::action::wait:
      break;
    case heartbeat::action::send_ping:
      send_ping();
      if (auth_ != nullptr && auth_->wants_next()) {
        auth_->begin();
        auth_until_ = later(now, settings_.connect_timeout);
      }
      break;
    case heartbeat::action::give_up:
      return fail(THARSIS_STN_WHY_PONG_MISSED, THARSIS_E_TIMEOUT,
                  "a ping was not answered within " + wait_text(settings_.heartbeat.pong_timeout));
  }
  if (tasks_.on_slow(now) && rhythm_.on_doubt(now)) send_ping();
  switch (silence_.on_deadline(now)) {
    case silence::action::wait:
      break;
    case silence::action::probe:
      if (rhythm_.on_doubt(now)) send_ping();
      break;
    case silence::action::give_up:
      return fail(THARSIS_STN_WHY_SILENCE, THARSIS_E_TIMEOUT, "nothing came back for " + wait_text(settings_.answer_timeout) +
                                         " although requests and a ping were sent");
  }
  return THARSIS_OK;
}

instant session::deadline() const {
  return up_ ? std::min({rhythm_.deadline(), silence_.deadline(), doubted_until_, auth_until_, tasks_.slow_deadline()}) : prove_by_;
}

void session::take_output(std::vector<uint8_t>& out, size_t room, instant now) {
  const size_t before = out.size();
  out.insert(out.end(), output_.begin(), output_.end());
  output_.clear();
  if (const auto message = auth_ != nullptr ? auth_->take_message() : std::nullopt)
    mars::append_frame(out, mars::frame{message->command, mars::sequence_identify, message->body, {}, {}}, settings_.client_version);
  while (up_ && out.size() - before < room && tasks_.write_next(out, settings_.client_version, now)) silence_.on_sent(now);
  upload_.on_written(out.size() - before);
}

void session::send_hello(const std::string& client_id) {
  const mars::hello_request hello{settings_.user, client_id, {}};
  mars::append_frame(output_, mars::frame{mars::command_hello, mars::sequence_identify, mars::encode(hello), {}, {}},
                     settings_.client_version);
}

void session::send_ping() {
  mars::append_frame(output_, mars::frame{mars::command_noop, mars::sequence_noop, {}, {}, {}},
                     settings_.client_version);
}

tharsis_status session::fail(uint32_t why, tharsis_status status, std::string text) {
  failure_ = {why, status, std::move(text)};
  return status;
}

}  // namespace tharsis::stn

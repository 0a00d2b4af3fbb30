#include "plugins/stn/core/session.h"

#include "plugins/stn/core/foreign_text.h"
#include "plugins/stn/core/wait_text.h"
#include "sdk/pure/mars_messages.h"
#include "sdk/pure/views.h"

namespace tharsis::stn {
session::session(const link_settings& s, framing frames, const std::string& client_id, heartbeat& rhythm, session_tasks& tasks,
                 instant prove_by, auth_exchange* auth, traffic* counted, bool known)
    : settings_(s),
      rhythm_(&rhythm),
      tasks_(&tasks),
      prove_by_(prove_by),
      auth_(auth),
      counted_(counted),
      silence_(s.answer_timeout),
      frames_(std::move(frames)),
      known_(known) {
  if (!s.user.empty())
    send_hello(client_id);
  else if (auth_ != nullptr)
    auth_->begin();
  else
    send_ping();
}

void session::take_over(heartbeat& rhythm, session_tasks& tasks, instant now) {
  (void)rhythm.on_server_wish(rhythm_->server_wish());
  rhythm_ = &rhythm;
  tasks_ = &tasks;
  rhythm_->on_up(now);
  on_settings();
}

std::span<uint8_t> session::room(size_t size) {
  whole_.clear();
  return frames_->room(size);
}

tharsis_status session::on_received(size_t count, instant now) {
  if (failure_.status != THARSIS_OK) return failure_.status;
  if (up_) rhythm_->on_bytes(now);
  silence_.on_bytes(now);
  upload_.on_bytes();
  frames_->on_received(count);
  tharsis_stn_frame f;
  tharsis_status read;
  for (size_t there = frames_->pending(); (read = frames_->take(f)) == THARSIS_OK; there = frames_->pending()) {
    tally(f, there - frames_->pending());
    if (const tharsis_status status = on_frame(f, now); status != THARSIS_OK) return status;
  }
  if (const auto begun = frames_->pending_sequence()) tasks_->on_answer_begun(*begun, now);
  if (read == THARSIS_E_INTERNAL) return fail(THARSIS_STN_WHY_CODEC, read, frames_->failure().text);
  if (read != THARSIS_PENDING)
    return fail(THARSIS_STN_WHY_DECODE, read, "the server's bytes are no frames of codec '" + std::string(frames_->name()) + "': " + frames_->failure().text);
  if (tasks_->sent() == 0) silence_.on_calm();
  return THARSIS_OK;
}

void session::tally(const tharsis_stn_frame& f, size_t bytes) {
  if (counted_ == nullptr) return;
  switch (f.kind) {
    case THARSIS_STN_FRAME_ANSWER:
    case THARSIS_STN_FRAME_PIECE: return counted_->on_received(traffic_class::tasks, bytes);
    case THARSIS_STN_FRAME_PUSH: return counted_->on_received(traffic_class::pushes, bytes);
    case THARSIS_STN_FRAME_WELCOME: return counted_->on_received(traffic_class::hello, bytes);
    case THARSIS_STN_FRAME_PONG: return counted_->on_received(traffic_class::heartbeats, bytes);
    case THARSIS_STN_FRAME_HELLO: return counted_->on_sent(traffic_class::hello, bytes);
    case THARSIS_STN_FRAME_PING: return counted_->on_sent(traffic_class::heartbeats, bytes);
    default: return;  // A request: where it is written.
  }
}

tharsis_status session::on_frame(const tharsis_stn_frame& f, instant now) {
  switch (f.kind) {
    case THARSIS_STN_FRAME_ANSWER: return on_answer(f, now);
    case THARSIS_STN_FRAME_PIECE: return on_piece(f, now);
    case THARSIS_STN_FRAME_PUSH: {
      const auto body = view(f.body);
      pushes_.push_back({f.command, {body.begin(), body.end()}});
      return THARSIS_OK;
    }
    case THARSIS_STN_FRAME_WELCOME: return on_welcome(f, now);
    case THARSIS_STN_FRAME_MOVE: {
      const auto body = view(f.body);
      move_.emplace(body.begin(), body.end());
      return THARSIS_OK;
    }
    default:  // A pong.
      doubted_until_ = never;
      if (up_)
        rhythm_->on_pong(now);
      else if (settings_.user.empty())
        on_proved(now);
      return THARSIS_OK;
  }
}

tharsis_status session::on_answer(const tharsis_stn_frame& f, instant now) {
  if (!up_ && f.refusal.size > 0)
    return fail(THARSIS_STN_WHY_UNPROVED, THARSIS_E_DENIED, "the server refused a request that came right behind the hello: " + foreign_text(view(f.refusal)));
  mars::frame_view answer;
  answer.command = f.command;
  answer.sequence = f.sequence;
  answer.body = view(f.body);
  answer.refusal = view(f.refusal);
  answer.retry_after_ms = f.retry_after_ms;
  if (auto begun = pieces_.take(f.sequence)) {
    std::vector<uint8_t>& body = whole_.emplace_back(std::move(*begun));
    body.insert(body.end(), answer.body.begin(), answer.body.end());
    answer.body = body;
  }
  tasks_->on_answer(answer, now);
  return THARSIS_OK;
}

// Nobody's pieces are not kept, and those of open tasks together only so far.
tharsis_status session::on_piece(const tharsis_stn_frame& f, instant now) {
  if (!tasks_->expects(f.sequence)) return THARSIS_OK;
  tasks_->on_answer_begun(f.sequence, now);
  const auto more = view(f.body);
  if (pieces_.size() + more.size() > pieces_max) pieces_.sweep([this](uint32_t sequence) { return tasks_->expects(sequence); });
  if (pieces_.size() + more.size() > pieces_max)
    return fail(THARSIS_STN_WHY_DECODE, THARSIS_E_PROTOCOL, "the server's answers in pieces have more than " + std::to_string(pieces_max) + " bytes, and none of them ends");
  pieces_.add(f.sequence, more);
  return THARSIS_OK;
}

tharsis_status session::on_welcome(const tharsis_stn_frame& f, instant now) {
  if (auth_ != nullptr && auth_->waits_for_server()) {
    auth_->on_answer(view(f.body), view(f.refusal));
    return on_auth(now);
  }
  if (!up_ && !settings_.user.empty() && !helloed_) return on_hello(f, now);
  return on_answer(f, now);  // Of no task: it is counted.
}

void session::on_sign_of_life(instant now) {
  silence_.on_bytes(now);
  if (tasks_->sent() == 0) silence_.on_calm();
}

void session::on_codec_gone(const std::string& sentence) {
  frames_.reset();
  if (failure_.status == THARSIS_OK) fail(THARSIS_STN_WHY_CODEC, THARSIS_E_GONE, sentence);
}

tharsis_status session::on_hello(const tharsis_stn_frame& f, instant now) {
  if (f.refusal.size > 0)
    return fail(THARSIS_STN_WHY_HELLO_REFUSED, THARSIS_E_DENIED,
                "the server refused the hello of user '" + settings_.user + "': " + foreign_text(view(f.refusal)));
  const auto response = mars::decode<mars::hello_response>(view(f.body));
  if (!response)
    return fail(THARSIS_STN_WHY_DECODE, THARSIS_E_PROTOCOL,
                "the server's answer to the hello means nothing: " + response.failure().text);
  if (response->retcode != 0)
    return fail(THARSIS_STN_WHY_HELLO_REFUSED, THARSIS_E_DENIED,
                "the server refused the hello of user '" + settings_.user + "' with code " +
                    std::to_string(response->retcode) +
                    (response->errmsg.empty() ? "" : ": " + foreign_text(response->errmsg)));
  helloed_ = true;
  if (response->heartbeat_ms > 0)
    (void)rhythm_->on_server_wish(std::chrono::milliseconds(response->heartbeat_ms));
  if (response->udp_port > 0 && response->udp_port <= UINT16_MAX && response->udp_id.size() == datagram::id_size) {
    udp_.emplace(udp_offer{static_cast<uint16_t>(response->udp_port), {}});
    std::copy(response->udp_id.begin(), response->udp_id.end(), udp_->id.begin());
  }
  if (settings_.deduplicated && frames_->carries(THARSIS_STN_CARRIES_KEYS)) memory_ = server_memory::told(response->keys_kept_ms, response->keys_memory);
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
  rhythm_->on_up(now);
}

tharsis_status session::on_doubt(instant now) {
  if (failure_.status != THARSIS_OK) return failure_.status;
  if (!up_) return fail(THARSIS_STN_WHY_NETWORK_CHANGED, THARSIS_E_NETWORK, "the network changed before the server had answered");
  if (rhythm_->on_doubt(now)) send_ping();
  doubted_until_ = later(now, settings_.doubt_timeout);
  return failure_.status;
}

// No doubt yet, as far as anybody knows: it has as long as any ping.
tharsis_status session::on_touch(instant now) {
  if (failure_.status == THARSIS_OK && up_ && rhythm_->on_doubt(now)) send_ping();
  return failure_.status;
}

bool session::on_company(instant now) {
  if (failure_.status != THARSIS_OK || !up_ || !rhythm_->on_company(now)) return false;
  send_ping();
  return true;
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
  if (tasks_->sent() == 0) silence_.on_calm();
  if (upload_.on_look(unconfirmed)) {
    rhythm_->on_upload(now);
    silence_.on_upload(now);
    if (doubted_until_ != never) doubted_until_ = later(now, settings_.doubt_timeout);
  }
  if (now >= doubted_until_)
    return fail(THARSIS_STN_WHY_DOUBT, THARSIS_E_TIMEOUT, "a ping was not answered within " + wait_text(settings_.doubt_timeout) +
                                       " after the network had changed or the machine had slept");
  switch (rhythm_->on_deadline(now)) {
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
                  "a ping was not answered within " + wait_text(rhythm_->pong_timeout()));
  }
  if (tasks_->on_slow(now) && rhythm_->on_doubt(now)) send_ping();
  switch (silence_.on_deadline(now)) {
    case silence::action::wait:
      break;
    case silence::action::probe:
      if (rhythm_->on_doubt(now)) send_ping();
      break;
    case silence::action::give_up:
      return fail(THARSIS_STN_WHY_SILENCE, THARSIS_E_TIMEOUT, "nothing came back for " + wait_text(settings_.answer_timeout) +
                                         " although requests and a ping were sent");
  }
  return failure_.status;  // A ping that the codec cannot say.
}

instant session::deadline() const {
  return up_ ? std::min({rhythm_->deadline(), silence_.deadline(), doubted_until_, auth_until_, companion_at_, tasks_->slow_deadline()}) : prove_by_;
}

// Behind a ping that is on its way, too; and behind a hello where the server has taken the same one before. That is as safe:
// the server reads the hello first and knows by it whose keys come; should it be refused this time, the connection ends with
// that, and no answer behind it is read. A refusal that overtakes the hello's answer is none to the task, see on_answer(). Not
// where the application has something of its own to say first.
bool session::may_send() const {
  if (held_) return false;
  return up_ || (settings_.eager && (settings_.user.empty() || known_) && auth_ == nullptr && tasks_->next_is_keyed());
}

void session::take_output(std::vector<uint8_t>& out, size_t room, instant now) {
  if (failure_.status != THARSIS_OK) return;
  const size_t before = out.size();
  if (const auto message = auth_ != nullptr ? auth_->take_message() : std::nullopt) {
    tharsis_stn_frame f = frame_of(THARSIS_STN_FRAME_HELLO);
    f.command = message->command;
    f.body = bytes_of(message->body);
    say(f);
  }
  // Of what waited for the connection the first goes with the proof, in a packet of its own: on a slow line it would be read
  // only when the last is there.
  const bool alone = !up_ && !output_.empty();
  out.insert(out.end(), output_.begin(), output_.end());
  output_.clear();
  for (size_t there = out.size(); may_send() && out.size() - before < room && tasks_->write_next(out, *frames_, now); there = out.size()) {
    if (out.size() == there) continue;  // What went another way asks nothing of this one.
    silence_.on_sent(now);
    if (counted_ != nullptr) counted_->on_sent(tasks_->wrote_again() ? traffic_class::repeated : traffic_class::tasks, out.size() - there);
    if (alone) break;
  }
  upload_.on_written(out.size() - before);
}

void session::on_written(instant now) {
  const int more = up_ ? tasks_->take_companions() : 0;
  if (more == 0) return;
  companions_ = std::max(companions_, more);
  companion_at_ = later(now, companion_pause);  // Requests that follow each other closely are company enough meanwhile.
}

// A ping: its pong does for the answer what it does for the request.
bool session::take_companion(std::vector<uint8_t>& out, instant now) {
  if (now < companion_at_ || failure_.status != THARSIS_OK) return false;
  companion_at_ = --companions_ > 0 ? later(now, companion_pause) : never;
  send_ping();
  upload_.on_written(output_.size());
  out.insert(out.end(), output_.begin(), output_.end());
  output_.clear();
  return failure_.status == THARSIS_OK;
}

void session::send_hello(const std::string& client_id) {
  const auto body = mars::encode(mars::hello_request{settings_.user, client_id, {}});
  tharsis_stn_frame hello = frame_of(THARSIS_STN_FRAME_HELLO);
  hello.command = mars::command_hello;
  hello.body = bytes_of(body);
  say(hello);
}

void session::send_ping() { say(frame_of(THARSIS_STN_FRAME_PING)); }

bool session::keep_awake() {
  if (failure_.status != THARSIS_OK || !frames_->carries(THARSIS_STN_CARRIES_KEEP)) return failure_.status != THARSIS_OK;
  say(frame_of(THARSIS_STN_FRAME_KEEP));
  return true;
}

// What does not depend on a task: a codec that cannot even say this is of no use.
void session::say(const tharsis_stn_frame& f) {
  error why;
  const size_t before = output_.size();
  if (frames_->append(output_, f, why) != THARSIS_OK) fail(THARSIS_STN_WHY_CODEC, why.status, why.text);
  tally(f, output_.size() - before);
}

tharsis_status session::fail(uint32_t why, tharsis_status status, std::string text) {
  failure_ = {why, status, std::move(text)};
  return status;
}

}  // namespace tharsis::stn

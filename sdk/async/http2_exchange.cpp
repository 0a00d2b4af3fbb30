// One exchange on a connection of HTTP/2: as http1_client has it, over the session that all of them share.
#include <algorithm>
#include <utility>

#include "sdk/async/http2_client.h"
#include "sdk/pure/views.h"

namespace tharsis {
namespace {

// More than this of a body does not wait in memory.
constexpr size_t unsent_of_body = 64 * 1024;
// RFC 9110 has clients not wait for "100 Continue" for ever: some servers never say it.
constexpr duration invitation_patience = 1s;

bool says_length(std::string_view method) { return method == "POST" || method == "PUT" || method == "PATCH"; }

}  // namespace

http2_exchange::http2_exchange(std::shared_ptr<http2_client> c) : client_(std::move(c)), events_(client_->place_) {}

http2_exchange::~http2_exchange() {
  if (phase_ == phase::idle) --client_->promised_;
  if (id_ != 0) client_->drop(id_);
}

error http2_exchange::begin(http1::request_head head, std::optional<uint64_t> body, std::string_view first) {
  if (phase_ != phase::idle) return {THARSIS_E_INVALID, "this exchange with " + client_->peer_ + " was begun already; take another"};
  if (!body || first.size() > *body) first = {};
  if (body && (*body > 0 || says_length(head.method))) http1::set(head.fields, "Content-Length", std::to_string(*body));
  const auto id = client_->session_.begin(head, !body || *body > 0);
  if (!id) {
    unprocessed_ = id.status() == THARSIS_E_BUSY;
    return unprocessed_ ? error{THARSIS_E_RESET, id.failure().text} : id.failure();
  }
  phase_ = phase::sending;
  --client_->promised_;
  client_->exchanges_.emplace(id_ = *id, this);
  asked_ = head.method + " " + head.target.substr(0, head.target.find('?'));  // A query may hold secrets.
  keeps_ = !http1::has_word(head.fields, "Connection", "close");
  since_ = client_->place_.now();
  sent_ = body && *body == first.size();
  if (body) to_send_ = *body - first.size();
  if (!first.empty()) client_->session_.write(id_, as_bytes(first), sent_);
  client_->flush();
  return fine();
}

// Takes what has come up to the answer's head.
error http2_exchange::look() {
  while (!early_) {
    const http1::event e = client_->session_.next(id_);
    if (e == http1::event::failed) return die(client_->session_.failure(id_));
    if (e == http1::event::more) break;
    since_ = client_->place_.now();
    const http1::response_head& told = client_->session_.response(id_);
    if (e == http1::event::head) early_ = told;
    else invited_ = invited_ || told.status == 100;
  }
  return fine();
}

task<result<bool>> http2_exchange::invited(instant deadline) {
  if (phase_ != phase::sending) co_return error{THARSIS_E_INVALID, "no request to " + client_->peer_ + " is being sent"};
  const instant patience = std::min(deadline, later(client_->place_.now(), invitation_patience));
  for (;;) {
    if (error e = look(); e.status != THARSIS_OK) co_return std::move(e);
    if (early_ || invited_) co_return invited_;
    if (client_->place_.now() >= deadline) co_return late();
    if (client_->place_.now() >= patience) co_return true;
    co_await events_.wait(patience);
  }
}

task<result<bool>> http2_exchange::write(std::span<const uint8_t> bytes, instant deadline) {
  if (phase_ != phase::sending) co_return error{THARSIS_E_INVALID, "no request to " + client_->peer_ + " is being sent"};
  if (early_) co_return false;
  if (to_send_ && bytes.size() > *to_send_)
    co_return die({THARSIS_E_INVALID, "the body of " + asked_ + " has more bytes than were announced to " + client_->peer_});
  if (!bytes.empty()) {
    if (to_send_) sent_ = (*to_send_ -= bytes.size()) == 0;
    client_->session_.write(id_, bytes, sent_);
    client_->flush();
    since_ = client_->place_.now();
  }
  for (;;) {
    if (error e = look(); e.status != THARSIS_OK) co_return std::move(e);
    if (early_) co_return false;
    if (client_->session_.unsent(id_) <= unsent_of_body) co_return true;
    if (client_->place_.now() >= deadline) co_return late();
    co_await events_.wait(deadline);
  }
}

task<result<http1::response_head>> http2_exchange::head(instant deadline) {
  if (phase_ != phase::sending) co_return error{THARSIS_E_INVALID, "no request to " + client_->peer_ + " waits for an answer"};
  if (error e = look(); e.status != THARSIS_OK) co_return std::move(e);
  if (!early_ && !sent_) {
    if (to_send_) co_return die({THARSIS_E_INVALID, std::to_string(*to_send_) + " bytes of the body of " + asked_ + " are missing"});
    client_->session_.write(id_, {}, sent_ = true);
    client_->flush();
  }
  for (;;) {
    if (error e = look(); e.status != THARSIS_OK) co_return std::move(e);
    if (early_) break;
    if (client_->place_.now() >= deadline) co_return late();
    co_await events_.wait(deadline);
  }
  phase_ = phase::reading;
  co_return *early_;
}

task<result<std::span<const uint8_t>>> http2_exchange::read(instant deadline) {
  if (phase_ != phase::reading) co_return error{THARSIS_E_INVALID, "no answer of " + client_->peer_ + " is being read"};
  for (;;) {
    const http1::event e = client_->session_.next(id_);
    if (e == http1::event::failed) co_return die(client_->session_.failure(id_));
    if (e == http1::event::end) break;
    if (e == http1::event::body) {
      since_ = client_->place_.now();
      client_->flush();  // The peer learns that there is room again.
      co_return client_->session_.piece(id_);
    }
    if (client_->place_.now() >= deadline) co_return late();
    co_await events_.wait(deadline);
  }
  leave();
  co_return std::span<const uint8_t>();
}

void http2_exchange::leave() {
  phase_ = phase::over;
  heard_ = client_->session_.heard(id_);
  unprocessed_ = client_->session_.unprocessed(id_);
  client_->drop(std::exchange(id_, 0));
}

error http2_exchange::die(error why) {
  leave();
  keeps_ = false;
  return why;
}

error http2_exchange::late() {
  std::string text = client_->peer_ + (phase_ == phase::reading ? " did not finish its answer to " : " did not answer ") + asked_ + " before the deadline";
  const uint64_t unsent = client_->session_.unsent(id_) + to_send_.value_or(0);
  if (unsent > 0) text += "; " + std::to_string(unsent) + " bytes of the request had not left";
  client_->doubt(since_);
  return die({THARSIS_E_TIMEOUT, std::move(text)});
}

std::optional<uint64_t> http2_exchange::left() const { return id_ == 0 ? std::nullopt : client_->session_.left(id_); }
bool http2_exchange::heard() const { return id_ == 0 ? heard_ : client_->session_.heard(id_); }
bool http2_exchange::reusable() { return phase_ == phase::over && keeps_ && client_->takes_more(); }

}  // namespace tharsis

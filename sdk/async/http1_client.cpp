#include "sdk/async/http1_client.h"

#include <algorithm>
#include <utility>

#include "sdk/pure/views.h"

namespace tharsis {
namespace {

// More than this is not put on top of what has not left yet.
constexpr size_t unsent_max = 64 * 1024;
// A body of at most this many bytes leaves together with its head.
constexpr size_t joined_max = 16 * 1024;
// RFC 9110 has clients not wait for "100 Continue" for ever: some servers never say it.
constexpr duration continue_patience = 1s;
// From here on an answer means that the rest of the body is of no use to the peer.
constexpr int first_unwanted = 300;


bool carries_a_body(std::string_view method) { return method == "POST" || method == "PUT" || method == "PATCH"; }

}  // namespace

http1_client::http1_client(strand& place, std::unique_ptr<stream> wire, const url& to, http1::limits l, std::optional<proxy> hands_on)
    : place_(place),
      wire_(std::move(wire), http1::message_reader::reads::responses, l),
      host_(to.authority()),
      peer_(to.place()),
      hands_on_(std::move(hands_on)) {}

task<result<http1_answer>> http1_client::exchange(http1_request request, size_t answer_max, instant deadline) {
  co_return co_await exchange_of(&request, answer_max, deadline);
}

task<result<http1_answer>> http1_client::exchange_of(const http1_request* request, size_t answer_max, instant deadline) {
  const lent_body lent{*this};
  http1::request_head asked = request->head;
  if (request->expect_continue) http1::set(asked.fields, "Expect", "100-continue");
  std::string_view body = request->body;
  const std::string_view first = request->expect_continue || body.size() > joined_max ? std::string_view() : body;
  if (const error e = start(std::move(asked), body.size(), first); e.status != THARSIS_OK) co_return e;
  body.remove_prefix(first.size());
  if (request->expect_continue) {
    const auto go = co_await invited(deadline);
    if (!go) co_return go.failure();
    if (!*go) body = {};
  }
  rest_ = body;
  http1_answer answer;
  auto head = co_await this->head(deadline);
  if (!head) co_return head.failure();
  answer.head = std::move(*head);
  if (answer.head.status >= first_unwanted) rest_ = {};
  for (;;) {
    const auto piece = co_await read(deadline);
    if (!piece) co_return piece.failure();
    if (piece->empty()) co_return answer;
    if (piece->size() > answer_max - answer.body.size())
      co_return die(THARSIS_E_PROTOCOL, peer_ + " answered " + asked_ + " with " + std::to_string(answer.head.status) +
                                            " and more than the " + std::to_string(answer_max) + " bytes that are taken");
    answer.body += as_text(*piece);
  }
}

error http1_client::begin(http1::request_head head, std::optional<uint64_t> body, std::string_view first) {
  if (!body || first.size() > *body) first = {};
  return start(std::move(head), body, first);
}

error http1_client::start(http1::request_head head, std::optional<uint64_t> body, std::string_view first) {
  if (phase_ != phase::idle || !keeps_)
    return {THARSIS_E_INVALID, "the connection to " + peer_ + " is in use or done for; take another"};
  if (http1::find(head.fields, "Host") == nullptr) head.fields.insert(head.fields.begin(), {"Host", host_});
  if (!body) http1::set(head.fields, "Transfer-Encoding", "chunked");
  else if (*body > 0 || carries_a_body(head.method)) http1::set(head.fields, "Content-Length", std::to_string(*body));
  asked_ = head.method + " " + head.target.substr(0, head.target.find('?'));  // A query may hold secrets.
  if (hands_on_) {
    head.target = "http://" + host_ + head.target;
    const std::string login = proxy_login(*hands_on_);
    if (!login.empty()) http1::set(head.fields, "Proxy-Authorization", login);
  }
  auto bytes = http1::write_head(head);
  if (!bytes) return bytes.failure();
  chunked_ = !body;
  to_send_ = body.value_or(0) - first.size();
  sent_ = !chunked_ && to_send_ == 0;
  keeps_ = http1::keep_alive(head);
  interims_ = 0;
  early_.reset();
  wire_.forget();
  wire_.reader().expect(head.method);
  phase_ = phase::sending;
  send(as_bytes(*bytes += first));  // A connection that is dead by now shows when the answer is read.
  return fine();
}

bool http1_client::send(std::span<const uint8_t> bytes) {
  if (wire_.write(bytes)) return true;
  keeps_ = false;
  rest_ = {};
  return false;
}

// Gives the wire as much of an exchange's body as it should have.
void http1_client::feed() {
  while (!rest_.empty() && wire_.unsent() < unsent_max) {
    const std::string_view piece = rest_.substr(0, unsent_max);
    if (!send(as_bytes(piece))) return;
    rest_.remove_prefix(piece.size());
    to_send_ -= piece.size();
    sent_ = to_send_ == 0;
  }
}

// The next event, at the latest when the deadline has passed.
task<result<http1::event>> http1_client::next(instant deadline) {
  for (;;) {
    feed();
    const http1::event e = wire_.next();
    if (e == http1::event::failed || (e == http1::event::more && wire_.ended())) co_return lost();
    if (e != http1::event::more) co_return e;
    if (place_.now() >= deadline) co_return late();
    co_await wire_.events().wait(deadline);
  }
}

task<result<bool>> http1_client::invited(instant deadline) {
  const instant patience = std::min(deadline, later(place_.now(), continue_patience));
  while (!early_) {
    const phase before = phase_;
    const auto e = co_await next(patience);
    if (!e && e.status() == THARSIS_E_TIMEOUT && place_.now() < deadline) {
      phase_ = before;
      co_return true;
    }
    if (!e) co_return e.failure();
    if (*e == http1::event::head) {
      early_ = wire_.reader().response();
    } else {
      if (const error wrong = on_interim(); wrong.status != THARSIS_OK) co_return wrong;
      if (wire_.reader().response().status == 100) co_return true;
    }
  }
  co_return false;
}

task<result<bool>> http1_client::write(std::span<const uint8_t> bytes, instant deadline) {
  if (phase_ != phase::sending) co_return error{THARSIS_E_INVALID, "no request to " + peer_ + " is being sent"};
  if (early_) co_return false;
  if (!chunked_ && bytes.size() > to_send_)
    co_return die(THARSIS_E_INVALID, "the body of " + asked_ + " has more bytes than were announced to " + peer_);
  if (!bytes.empty() && chunked_) {
    std::string chunk = http1::chunk_begin(bytes.size());
    chunk += as_text(bytes);
    send(as_bytes(chunk += http1::chunk_end));
  } else if (!bytes.empty()) {
    send(bytes);
    to_send_ -= bytes.size();
    sent_ = to_send_ == 0;
  }
  for (;;) {
    if (const error e = look(); e.status != THARSIS_OK) co_return e;
    if (early_) co_return false;
    if (wire_.unsent() <= unsent_max) co_return true;
    if (place_.now() >= deadline) co_return late();
    co_await wire_.events().wait(deadline);
  }
}

// Takes an answer that has come early.
error http1_client::look() {
  for (;;) {
    switch (wire_.next()) {
      case http1::event::interim:
        if (const error e = on_interim(); e.status != THARSIS_OK) return e;
        break;
      case http1::event::more:
        return wire_.ended() || wire_.broken().status != THARSIS_OK ? lost() : fine();
      case http1::event::failed:
        return lost();
      default:
        early_ = wire_.reader().response();
        return fine();
    }
  }
}

task<result<http1::response_head>> http1_client::head(instant deadline) {
  if (phase_ != phase::sending) co_return error{THARSIS_E_INVALID, "no request to " + peer_ + " waits for an answer"};
  if (!early_ && !sent_ && rest_.empty()) {
    if (!chunked_ && wire_.broken().status == THARSIS_OK)
      co_return die(THARSIS_E_INVALID, std::to_string(to_send_) + " bytes of the body of " + asked_ + " are missing");
    if (chunked_) sent_ = send(as_bytes(http1::last_chunk));
  }
  phase_ = phase::waiting;
  while (!early_) {
    const auto e = co_await next(deadline);
    if (!e) co_return e.failure();
    if (*e == http1::event::head) {
      early_ = wire_.reader().response();
    } else if (const error wrong = on_interim(); wrong.status != THARSIS_OK) {
      co_return wrong;
    }
  }
  if (hands_on_ && early_->status == 407) {
    const error why = login_refused(*hands_on_);
    co_return die(why.status, why.text);
  }
  phase_ = phase::reading;
  keeps_ = keeps_ && wire_.reader().keeps_alive();
  co_return *early_;
}

task<result<std::span<const uint8_t>>> http1_client::read(instant deadline) {
  if (phase_ != phase::reading) co_return error{THARSIS_E_INVALID, "no answer of " + peer_ + " is being read"};
  const auto e = co_await next(deadline);
  if (!e) co_return e.failure();
  if (*e == http1::event::body) co_return wire_.reader().piece();
  keeps_ = keeps_ && sent_;
  phase_ = keeps_ ? phase::idle : phase::dead;
  co_return std::span<const uint8_t>();
}

bool http1_client::reusable() { return phase_ == phase::idle && keeps_ && wire_.idle_and_quiet(); }

error http1_client::on_interim() {
  if (++interims_ <= http_interims_max) return fine();
  return die(THARSIS_E_PROTOCOL, peer_ + " answers " + asked_ + " with nothing but 1xx");
}

error http1_client::die(tharsis_status status, std::string text) {
  phase_ = phase::dead;
  return {status, std::move(text)};
}

// Why there will be no answer, or no more of it.
error http1_client::lost() {
  const error& why = wire_.reader().failure().why;
  const error& broken = wire_.broken();
  const std::string answer = phase_ == phase::reading ? "the answer of " + peer_ + " to " + asked_ : "";
  if (why.status == THARSIS_E_RESET && !answer.empty()) return die(THARSIS_E_RESET, answer + " is not whole: " + why.text);
  if (why.status == THARSIS_E_PROTOCOL)
    return die(THARSIS_E_PROTOCOL, "the answer of " + peer_ + " to " + asked_ + " is not usable HTTP/1.1: " + why.text);
  if (broken.status != THARSIS_OK)
    return die(broken.status, "the connection to " + peer_ + " broke " + (answer.empty() ? "before" : "within") +
                                  " the answer to " + asked_ + ": " + broken.text);
  return die(THARSIS_E_RESET, peer_ + " closed the connection before it answered " + asked_);
}

error http1_client::late() {
  const uint64_t unsent = wire_.unsent() + (chunked_ ? 0 : to_send_);
  std::string text = peer_ + (phase_ == phase::reading ? " did not finish its answer to " : " did not answer ") + asked_ +
                     " before the deadline";
  if (unsent > 0) text += "; " + std::to_string(unsent) + " bytes of the request had not left";
  return die(THARSIS_E_TIMEOUT, std::move(text));
}

}  // namespace tharsis

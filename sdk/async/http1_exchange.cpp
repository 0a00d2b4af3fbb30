// The handler's side of a request; http1_server.cpp has the connection's.
#include <algorithm>
#include <utility>

#include "sdk/async/http1_server.h"
#include "sdk/pure/views.h"

namespace tharsis {
namespace {

// More than this is not put on top of what has not left yet.
constexpr size_t waiting_max = 64 * 1024;

error misused(std::string_view what) { return {THARSIS_E_INVALID, "the handler of an HTTP request " + std::string(what)}; }

}  // namespace

http1_exchange::http1_exchange(strand& place, http1_wire& wire, const http1_server_settings& s, bool last)
    : place_(place),
      wire_(wire),
      settings_(s),
      request_(wire.reader().request()),
      sent_target_(request_.target),
      length_(wire.reader().left()),
      last_(last),
      expects_(request_.minor >= 1 && length_ != 0 && http1::has_word(request_.fields, "Expect", "100-continue")),
      reading_(s.body),
      writing_(s.answer) {}

std::string_view http1_exchange::path() const {
  return std::string_view(request_.target).substr(0, request_.target.find('?'));
}

std::string_view http1_exchange::query() const {
  const size_t mark = request_.target.find('?');
  return mark == std::string::npos ? std::string_view() : std::string_view(request_.target).substr(mark + 1);
}

task<result<std::span<const uint8_t>>> http1_exchange::read() {
  if (failure_.why.status != THARSIS_OK) co_return failure_.why;
  if (expects_ && sending_ != sending::nothing) co_return misused("read a body after its answer had begun; the peer was waiting to be asked for it");
  if (std::exchange(expects_, false)) wire_.write("HTTP/1.1 100 Continue\r\n\r\n");
  while (!body_over_) {
    const http1::event e = wire_.next();
    if (e == http1::event::body) {
      reading_.on_moved(wire_.reader().piece().size());
      co_return wire_.reader().piece();
    }
    if (e == http1::event::end) body_over_ = true;
    if (e == http1::event::failed && wire_.broken().status != THARSIS_OK) co_return gone();
    if (e == http1::event::failed) co_return refuse(wire_.reader().failure().why, wire_.reader().failure().status);
    if (e != http1::event::more) continue;
    const instant before = place_.now(), limit = reading_.deadline(before);
    if (before >= limit) co_return refuse({THARSIS_E_TIMEOUT, "the body comes too slowly"}, 408);
    co_await wire_.events().wait(limit);
    reading_.on_wait(place_.now() - before);
  }
  co_return std::span<const uint8_t>();
}

task<result<std::string>> http1_exchange::read_all(size_t most) {
  std::string all;
  for (;;) {
    if (length_ && *length_ > most) break;
    const auto piece = co_await read();
    if (!piece) co_return piece.failure();
    if (piece->empty()) co_return all;
    if (piece->size() > most - all.size()) break;
    all += as_text(*piece);
  }
  co_return refuse({THARSIS_E_PROTOCOL, "the body has more than " + std::to_string(most) + " bytes"}, 413);
}

error http1_exchange::refuse(error why, int status) {
  failure_.why = std::move(why);
  failure_.status = status;
  return failure_.why;
}

// The peer will read nothing any more.
error http1_exchange::gone() {
  keeps_ = false;
  cut_ = true;
  return refuse(wire_.broken(), 0);
}

task<error> http1_exchange::answer(http1::response_head head, std::string body) {
  const std::string_view all = body;
  if (const error e = send_head(std::move(head), all.size(), &all); e.status != THARSIS_OK) co_return e;
  sending_ = sending::over;
  co_return co_await flush(waiting_max);
}

task<error> http1_exchange::answer(int status, std::string text) {
  http1::response_head head;
  head.status = status;
  head.fields.push_back({"Content-Type", "text/plain; charset=utf-8"});
  return answer(std::move(head), std::move(text));
}

task<error> http1_exchange::begin(http1::response_head head, std::optional<uint64_t> length) {
  co_return send_head(std::move(head), length, nullptr);
}

// `whole`: the body, where it is there already.
error http1_exchange::send_head(http1::response_head head, std::optional<uint64_t> length, const std::string_view* whole) {
  if (sending_ != sending::nothing) return misused("answered twice");
  if (head.status < 200) return misused("answered with a status below 200");
  head.minor = 1;
  silent_ = http1::has_no_body(request_.method, head.status);
  keeps_ = may_keep(head.fields, whole != nullptr) && (length || silent_ || request_.minor >= 1);
  if (http1::find(head.fields, "Date") == nullptr)
    http1::set(head.fields, "Date", http1::date_text(std::chrono::floor<std::chrono::seconds>(duration(place_.wall())).count()));
  const bool bare = head.status == 204 || (head.status == 304 && length == 0u);
  if (length && !bare) http1::set(head.fields, "Content-Length", std::to_string(*length));
  if (!length && !bare && request_.minor >= 1) http1::set(head.fields, "Transfer-Encoding", "chunked");
  if (!keeps_) http1::set(head.fields, "Connection", "close");
  else if (request_.minor == 0) http1::set(head.fields, "Connection", "keep-alive");
  auto bytes = http1::write_head(head);
  if (!bytes) return bytes.failure();
  to_write_ = length.value_or(0);
  sending_ = length ? sending::plain : request_.minor >= 1 ? sending::chunked : sending::until_end;
  if (!silent_ && whole != nullptr) *bytes += *whole;
  return wire_.write(*bytes) ? fine() : gone();
}

// May another request follow, as far as is known before the answer? Not when it would stand behind a body that
// may not come, or that is known to be long and that nobody reads; what is not known shows in drain().
bool http1_exchange::may_keep(const http1::field_list& fields, bool over) const {
  const bool long_rest = over && !body_over_ && wire_.reader().left().value_or(0) > settings_.drain_max;
  return !last_ && !expects_ && !long_rest && failure_.why.status == THARSIS_OK && wire_.reader().keeps_alive() &&
         !http1::has_word(fields, "Connection", "close");
}

task<error> http1_exchange::write(std::span<const uint8_t> bytes) {
  if (sending_ == sending::nothing || sending_ == sending::over) co_return misused("wrote outside an answer");
  if (sending_ == sending::plain && bytes.size() > to_write_) co_return misused("wrote more than it announced");
  if (bytes.empty() || silent_) co_return fine();
  bool taken = false;
  if (sending_ == sending::chunked) {
    std::string chunk = http1::chunk_begin(bytes.size());
    chunk += as_text(bytes);
    taken = wire_.write(chunk += http1::chunk_end);
  } else {
    taken = wire_.write(bytes);
    to_write_ -= std::min<uint64_t>(to_write_, bytes.size());
  }
  if (!taken) co_return gone();
  co_return co_await flush(waiting_max);
}

task<error> http1_exchange::finish() {
  if (sending_ == sending::nothing || sending_ == sending::over) co_return misused("ended an answer that was not begun");
  if (sending_ == sending::plain && to_write_ > 0 && !silent_) co_return misused("wrote less than it announced");
  const bool chunked = std::exchange(sending_, sending::over) == sending::chunked;
  if (chunked && !silent_ && !wire_.write(http1::last_chunk)) co_return gone();
  co_return co_await flush(waiting_max);
}

// Waits until at most so much has not left yet.
task<error> http1_exchange::flush(size_t most) {
  size_t unsent = wire_.unsent();
  while (unsent > most) {
    const instant before = place_.now(), limit = writing_.deadline(before);
    if (before >= limit) {
      gone();
      co_return refuse({THARSIS_E_TIMEOUT, "the peer takes the answer too slowly"}, 0);
    }
    co_await wire_.events().wait(limit);
    writing_.on_wait(place_.now() - before);
    if (wire_.broken().status != THARSIS_OK) co_return gone();
    const size_t now_unsent = wire_.unsent();
    writing_.on_moved(unsent - std::min(unsent, now_unsent));
    unsent = now_unsent;
  }
  co_return fine();
}

// After the handler: there is an answer, and the wire stands before the next request, or is done for.
task<void> http1_exchange::close_up() {
  if (sending_ == sending::nothing && !cut_) {
    const bool read_failed = failure_.why.status != THARSIS_OK;
    std::string text = read_failed ? failure_.why.text + "\n" : "the server has no answer to this\n";
    co_await answer(read_failed ? failure_.status : 500, std::move(text));
  }
  if (sending_ != sending::over) cut_ = true;
  if (cut_) keeps_ = false;
  co_await drain();
}

// What the handler did not want of the body.
task<void> http1_exchange::drain() {
  uint64_t dropped = 0;
  while (keeps_) {
    const auto piece = co_await read();
    if (piece && piece->empty()) co_return;
    if (piece) dropped += piece->size();
    if (!piece || dropped > settings_.drain_max) keeps_ = false;
  }
}

}  // namespace tharsis

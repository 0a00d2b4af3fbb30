#include "sdk/async/http1_server.h"

#include <utility>

#include "sdk/pure/url.h"
#include "sdk/pure/views.h"

namespace tharsis {

// One connection, from its first request to its last.
class http1_session {
 public:
  http1_session(strand& place, std::unique_ptr<stream> wire, http1_handler handle, http1_server_settings s)
      : place_(place),
        settings_(std::move(s)),
        wire_(std::move(wire), http1::message_reader::reads::requests, settings_.limits),
        handle_(std::move(handle)) {}

  task<error> run();

 private:
  task<bool> await_head();
  task<bool> serve_one();
  task<void> refuse();
  task<void> linger();
  bool end(tharsis_status status, std::string text);
  http1::refusal complaint() const;

  strand& place_;
  const http1_server_settings settings_;
  http1_wire wire_;
  const http1_handler handle_;
  size_t served_ = 0;
  bool cut_ = false;            // The peer must not take what it got for the whole.
  http1::refusal refused_{};    // To be said to the peer.
  error end_{THARSIS_OK, {}};
};

task<error> http1_session::run() {
  bool goes_on = true;
  while (goes_on) {
    goes_on = co_await await_head();
    if (goes_on) goes_on = co_await serve_one();
  }
  if (refused_.why.status != THARSIS_OK) co_await refuse();
  if (!cut_ && wire_.broken().status == THARSIS_OK) co_await linger();
  co_return end_;
}

bool http1_session::end(tharsis_status status, std::string text) {
  end_ = {status, std::move(text)};
  return false;
}

// True: there is a request.
task<bool> http1_session::await_head() {
  bool begun = false;
  instant deadline = later(place_.now(), served_ == 0 ? settings_.head_timeout : settings_.idle_timeout);
  for (;;) {
    const http1::event e = wire_.next();
    if (e == http1::event::head) co_return true;
    if (e == http1::event::failed) {
      if (wire_.broken().status != THARSIS_OK) co_return end(wire_.broken().status, "the connection broke: " + wire_.broken().text);
      refused_ = wire_.reader().failure();
      co_return end(refused_.why.status, "a request cannot be read: " + refused_.why.text);
    }
    if (wire_.ended()) co_return end(THARSIS_OK, "the client closed it");
    if (wire_.reader().in_message() && !std::exchange(begun, true)) deadline = std::min(deadline, later(place_.now(), settings_.head_timeout));
    if (place_.now() >= deadline) {
      if (!begun) co_return end(THARSIS_OK, "nothing came for a while");
      refused_.why = {THARSIS_E_TIMEOUT, "the head of a request did not come in time"};
      refused_.status = 408;
      co_return end(THARSIS_E_TIMEOUT, refused_.why.text);
    }
    co_await wire_.events().wait(deadline);
  }
}

// True: another request may follow.
task<bool> http1_session::serve_one() {
  ++served_;
  http1_exchange x(place_, wire_, settings_, served_ >= settings_.requests);
  if (x.request_.target.starts_with("http://") || x.request_.target.starts_with("https://")) {
    if (auto absolute = parse_url(x.request_.target)) {  // RFC 9112: it says more than Host.
      http1::set(x.request_.fields, "Host", absolute->authority());
      x.request_.target = std::move(absolute->target);
    }
  }
  const std::string_view target = x.request_.target;
  const std::string_view expected = http1::value_of(x.request_.fields, "Expect");
  if (x.request_.method == "CONNECT") {
    co_await x.answer(501, "this is no proxy\n");
  } else if (!target.starts_with('/') && !(target == "*" && x.request_.method == "OPTIONS")) {
    co_await x.answer(400, "the target is neither a path nor a usable URL\n");
  } else if (!expected.empty() && !http1::same_name(expected, "100-continue")) {
    co_await x.answer(417, "only 100-continue can be expected\n");
  } else {
    co_await handle_(x);
  }
  co_await x.close_up();
  cut_ = x.cut_;
  if (x.keeps_) co_return true;
  const error& why = x.failure_.why;
  co_return end(why.status, why.status == THARSIS_OK ? cut_ ? "an answer was left unfinished" : "no more requests can follow"
                                                     : "a request could not be carried out: " + why.text);
}

// Says what is wrong with bytes that are no request. A cut one has nobody who would hear it.
task<void> http1_session::refuse() {
  http1::response_head head;
  head.status = refused_.status;
  const std::string text = refused_.why.text + "\n";
  head.fields = {{"Content-Type", "text/plain; charset=utf-8"},
                 {"Content-Length", std::to_string(text.size())},
                 {"Connection", "close"}};
  const auto bytes = http1::write_head(head);
  if (bytes) wire_.write(*bytes + text);
  co_return;
}

// Closing while bytes of the peer are unread would have its system throw our answer away: RFC 9112, 9.6.
task<void> http1_session::linger() {
  const instant deadline = later(place_.now(), settings_.linger);
  pace leaving(settings_.answer);
  size_t unsent = wire_.unsent();
  while (unsent > 0 && wire_.broken().status == THARSIS_OK) {
    const instant before = place_.now(), limit = leaving.deadline(before);
    if (before >= limit) co_return;
    co_await wire_.events().wait(limit);
    leaving.on_wait(place_.now() - before);
    leaving.on_moved(unsent - std::min(unsent, wire_.unsent()));
    unsent = wire_.unsent();
  }
  wire_.end();
  uint64_t dropped = 0;
  size_t count = 0;
  while (dropped <= settings_.drain_max && wire_.discard(count)) {
    dropped += count;
    if (place_.now() >= deadline) co_return;
    if (count == 0) co_await wire_.events().wait(deadline);
  }
}

task<error> serve_http1(strand& place, std::unique_ptr<stream> wire, http1_handler handle, http1_server_settings s) {
  http1_session session(place, std::move(wire), std::move(handle), std::move(s));
  co_return co_await session.run();
}

}  // namespace tharsis

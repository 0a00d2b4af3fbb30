// HTTP/1.1 as a server, over one accepted connection: reads requests, calls a handler for each, in order.
//
//   task<void> handle(http1_exchange& x) {            // A named function; any task<void>(http1_exchange&).
//     if (x.path() != "/in") {
//       co_await x.answer(404, "nothing is here\n");
//       co_return;
//     }
//     const auto body = co_await x.read_all(1 << 20);
//     if (!body) co_return;                           // The server answers 413, 400 or 408, or nobody is there.
//     co_await x.answer(200, "got " + std::to_string(body->size()) + " bytes\n");
//   }
//   ...
//   const error end = co_await serve_http1(place, std::move(wire), handle, {});
//
// What is no request is answered by the server itself and never comes to the handler.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "sdk/async/http1_wire.h"
#include "sdk/async/task.h"
#include "sdk/pure/pace.h"

namespace tharsis {

struct http1_server_settings {
  http1::limits limits{};           // limits.body: more is answered with 413.
  duration head_timeout = 15s;      // From a request's first byte, or the connection's begin, to its whole head.
  duration idle_timeout = 60s;      // From an answer to the next request.
  pace::terms body{};               // How fast a peer must send a body that is read ...
  pace::terms answer{};             // ... and take an answer. Time in the handler does not count.
  uint64_t drain_max = 256 * 1024;  // Of a body that the handler did not want; for more the connection is closed.
  duration linger = 2s;             // How long a closed connection is still listened to, so that the answer arrives.
  size_t requests = 1000;           // On one connection.
};

// One request and its answer, in the handler's hands until its task is over. A handler that returns without an
// answer has the server give one: 413, 400 or 408 when reading the body failed, else 500.
class http1_exchange {
 public:
  const http1::request_head& request() const { return request_; }
  std::string_view path() const;   // The target up to the '?'; as it was sent, see percent_decode().
  std::string_view query() const;  // After it.
  // As it was sent: a client may have written the whole URL, as proxies want it. request() has it taken apart, with its host as Host.
  const std::string& sent_target() const { return sent_target_; }
  tharsis_address peer() const { return wire_.peer(); }
  // How long the body is, if the peer has said so.
  std::optional<uint64_t> length() const { return length_; }

  // The body's next piece, valid until the next call; empty: it is whole. Says "100 Continue" to a peer that
  // waits for it; such a peer's body must be read, or refused, before the answer is begun.
  //   THARSIS_E_INVALID                      it was begun before.
  //   THARSIS_E_PROTOCOL, THARSIS_E_TIMEOUT  the server answers if the handler does not.
  //   THARSIS_E_RESET ...                    nobody is there any more.
  task<result<std::span<const uint8_t>>> read();
  // The whole body. THARSIS_E_PROTOCOL when it has more than `most` bytes: 413.
  task<result<std::string>> read_all(size_t most);

  // The whole answer. To HEAD, 204 and 304 only the head goes. Date and the body's length are added.
  task<error> answer(http1::response_head head, std::string body);
  task<error> answer(int status, std::string text);  // As text/plain.

  // An answer in pieces: begin(), write() as often as you like, finish(). `length` says how many bytes follow,
  // without it they go in chunks. A handler that returns without finish() has the connection cut, so that the
  // peer does not take what it got for the whole (HTTP/1.0 without a length cannot tell). write() returns when
  // most has left.
  task<error> begin(http1::response_head head, std::optional<uint64_t> length = {});
  task<error> write(std::span<const uint8_t> bytes);
  task<error> finish();

 private:
  friend class http1_session;
  http1_exchange(strand& place, http1_wire& wire, const http1_server_settings& s, bool last);
  enum class sending : uint8_t { nothing, plain, chunked, until_end, over };

  error send_head(http1::response_head head, std::optional<uint64_t> length, const std::string_view* whole);
  bool may_keep(const http1::field_list& fields, bool over) const;
  task<error> flush(size_t most);
  task<void> close_up();
  task<void> drain();
  error refuse(error why, int status);
  error gone();

  strand& place_;
  http1_wire& wire_;
  const http1_server_settings& settings_;
  http1::request_head request_;
  const std::string sent_target_;
  std::optional<uint64_t> length_;
  const bool last_;
  bool expects_ = false;    // "100 Continue" has not been said.
  bool body_over_ = false;
  bool keeps_ = false;      // Another request may follow; settled when the head goes.
  bool cut_ = false;        // The answer is not whole, and never will be.
  bool silent_ = false;     // The answer has no body, whatever is written.
  sending sending_ = sending::nothing;
  uint64_t to_write_ = 0;
  pace reading_, writing_;
  http1::refusal failure_;  // Why the body could not be read.
};

using http1_handler = std::function<task<void>(http1_exchange& x)>;

// Serves until the peer goes, a limit is reached, or nothing can follow. THARSIS_OK: nobody is to blame; the
// text says how it ended either way, for a log. `place` outlives the task. Destroying the task cuts the connection.
task<error> serve_http1(strand& place, std::unique_ptr<stream> wire, http1_handler handle, http1_server_settings s);

}  // namespace tharsis

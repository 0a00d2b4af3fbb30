// A place for one exchange after the other with an HTTP server, whichever version is spoken there: a connection of
// HTTP/1.1 (http1_client), or one of the exchanges that a connection of HTTP/2 carries (http2_exchange).
//
// begin(), write() as often as you like, head(), and read() until it is empty. Every failure is a sentence with the
// host, and final.
//   THARSIS_E_INVALID   the request cannot be written, or an exchange is under way; nothing was sent.
//   THARSIS_E_TIMEOUT   the deadline passed.
//   THARSIS_E_RESET     the peer closed the connection, or gave the exchange up, too early.
//   THARSIS_E_PROTOCOL  what came is no HTTP, or is larger than what was allowed.
//   or what the connection died of.
// All functions: on the own strand. Deadlines are points in time, for the whole of what the function does.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "sdk/async/signal.h"
#include "sdk/async/task.h"
#include "sdk/pure/error.h"
#include "sdk/pure/http1.h"

namespace tharsis {

// As tharsis_http_head has it.
enum class http_version : uint8_t { http1 = 11, http2 = 20 };

// Nobody says more often that the answer is still to come.
constexpr int http_interims_max = 100;

class http_line {
 public:
  virtual ~http_line() = default;
  virtual http_version version() const = 0;

  // Sends the head. `body` says how many bytes follow; without it that is not known. `first`: those of them that
  // leave together with the head; only where their number is said.
  virtual error begin(http1::request_head head, std::optional<uint64_t> body, std::string_view first = {}) = 0;
  // After begin() with "Expect: 100-continue": true when the peer wants the body, or says nothing for a
  // second; false when it has answered already.
  virtual task<result<bool>> invited(instant deadline) = 0;
  // Takes all bytes and waits until most have left. False: the peer has answered already; go on to head(). Without
  // bytes it only looks whether there is an answer; events() tells when to look again.
  virtual task<result<bool>> write(std::span<const uint8_t> bytes, instant deadline) = 0;
  // Ends the body and waits for the answer; 1xx are passed over.
  virtual task<result<http1::response_head>> head(instant deadline) = 0;
  // The next piece of the answer's body, valid until the next call; empty: it is whole.
  virtual task<result<std::span<const uint8_t>>> read(instant deadline) = 0;

  // What of the answer's body is still to come, if that is known.
  virtual std::optional<uint64_t> left() const = 0;

  // Raised when there is something to tell, and by whoever wants its user to look up.
  virtual signal& events() = 0;
  // Can another exchange begin? Looks at the connection: a peer that has closed it meanwhile is noticed.
  virtual bool reusable() = 0;
  // Has anything of an answer to the last request come?
  virtual bool heard() const = 0;
  // Has the peer said that it never looked at the request? Then it may be sent again, whatever it is.
  virtual bool unprocessed() const { return false; }
};

}  // namespace tharsis

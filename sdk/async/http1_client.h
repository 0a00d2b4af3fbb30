// HTTP/1.1 as a client, over one connection that is there already. http_endpoint.h makes connections too.
//
//   http1_request request;
//   request.head = {"POST", "/in", {{"Content-Type", "text/plain"}}};
//   request.body = "hello";
//   auto answer = co_await client.exchange(std::move(request), 64 * 1024, later(place.now(), 10s));
//   if (!answer) co_return answer.failure();  // "logs.example.com:443 did not answer POST /in before ..."
//   if (answer->head.status != 200) ...       // An answer like any other.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "sdk/async/http1_wire.h"
#include "sdk/async/http_line.h"
#include "sdk/pure/proxy.h"
#include "sdk/pure/url.h"

namespace tharsis {

struct http1_request {
  http1::request_head head{};    // Host and the body's length are added where they are missing.
  std::string body{};
  bool expect_continue = false;  // Ask before the body goes: a round trip that a refused large body is spared.
  bool repeatable = false;       // Doing it twice is no worse than once, though its method does not say so.
};

struct http1_answer {
  http1::response_head head{};
  std::string body{};
};

// One exchange after the other. Every failure is a sentence with the host, and final: the connection is done
// for. A task that is destroyed half-way leaves it done for, too.
//   THARSIS_E_INVALID   the request cannot be written, or an exchange is under way; nothing was sent.
//   THARSIS_E_TIMEOUT   the deadline passed.
//   THARSIS_E_RESET     the peer closed the connection too early.
//   THARSIS_E_PROTOCOL  what came is no HTTP/1.1, or is larger than what was allowed.
//   or what the connection died of.
// All functions: on the own strand. Deadlines are points in time, for the whole of what the function does.
class http1_client final : public http_line {
 public:
  // `hands_on`: the wire leads to this proxy, which takes requests with the whole URL and hands them on.
  http1_client(strand& place, std::unique_ptr<stream> wire, const url& to, http1::limits l = {}, std::optional<proxy> hands_on = {});

  // The whole of it; an answer's body of more than `answer_max` bytes is a failure. An answer that comes while
  // the body is still being sent is taken at once, and from 300 on ends the sending.
  task<result<http1_answer>> exchange(http1_request request, size_t answer_max, instant deadline);

  // Piece by piece, as http_line has it. A body of unknown length goes in chunks.
  http_version version() const override { return http_version::http1; }
  error begin(http1::request_head head, std::optional<uint64_t> body, std::string_view first = {}) override;
  task<result<bool>> invited(instant deadline) override;
  task<result<bool>> write(std::span<const uint8_t> bytes, instant deadline) override;
  task<result<http1::response_head>> head(instant deadline) override;
  task<result<std::span<const uint8_t>>> read(instant deadline) override;
  std::optional<uint64_t> left() const override { return wire_.reader().left(); }
  signal& events() override { return wire_.events(); }
  bool reusable() override;
  bool heard() const override { return wire_.heard(); }

 private:
  friend class http_endpoint;
  enum class phase : uint8_t { idle, sending, waiting, reading, dead };
  // rest_ goes with the request, also when the exchange's frame is destroyed early.
  struct lent_body {
    http1_client& self;
    ~lent_body() { self.rest_ = {}; }
  };

  task<result<http1_answer>> exchange_of(const http1_request* request, size_t answer_max, instant deadline);
  task<result<http1::event>> next(instant deadline);
  error start(http1::request_head head, std::optional<uint64_t> body, std::string_view first);
  error look();
  void feed();
  bool send(std::span<const uint8_t> bytes);
  error on_interim();
  error lost();
  error late();
  error die(tharsis_status status, std::string text);

  strand& place_;
  http1_wire wire_;
  const std::string host_;   // For the field Host.
  const std::string peer_;   // For sentences.
  const std::optional<proxy> hands_on_;
  std::string asked_;        // "POST /in"
  phase phase_ = phase::idle;
  bool chunked_ = false;
  bool sent_ = true;         // The request is whole.
  bool keeps_ = true;        // As far as all heads say.
  uint64_t to_send_ = 0;     // Of a body whose length was said.
  int interims_ = 0;
  std::string_view rest_;    // Of the body of an exchange_of() that is under way.
  std::optional<http1::response_head> early_;
};

}  // namespace tharsis

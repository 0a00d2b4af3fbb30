// One call: a request, over whatever redirects, to the answer that counts. Pulled by its user:
//
//   http_call call(place, connections, std::move(what));
//   const auto head = co_await call.answer();
//   while (head) { const auto piece = co_await call.read(); if (!piece || piece->empty()) break; ... }
#pragma once
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "plugins/stn/core/http_inflate.h"
#include "plugins/stn/http_care.h"
#include "plugins/stn/http_connections.h"
#include "sdk/pure/cookies.h"

namespace tharsis::stn {

// A body in pieces, by whoever has it.
class http_body {
 public:
  enum class piece : uint8_t { none, bytes, end };
  virtual ~http_body() = default;
  // The next one, valid until the next call. `none`: there is none yet; `woken` is raised when there is.
  virtual piece next(std::span<const uint8_t>& bytes, signal& woken) = 0;
  // The connection that would have raised the signal is gone.
  virtual void forget() = 0;
};

struct http_ask {
  std::string method = "GET";
  url to;
  http1::field_list fields;  // Without those that say how long the body is.
  std::string body;
  http_body* pieces = nullptr;   // Instead of `body`; outlives the call.
  std::optional<uint64_t> size;  // Of the pieces together, where that is known.
  bool decode = true;            // Ask for gzip and deflate, and take them off.
  bool repeatable = false;       // Doing it twice is no worse than once, though its method does not say so.
  bool downgrade = false;        // A redirect may lead from https to http.
  int64_t repeats = 0;           // How often it goes again to a server that wanted to be asked later; 0: that is the answer.
  bool waits = false;            // Until a server may be asked that wants to be left alone; else it fails at once.
  int64_t redirects = 0;         // How many are followed; 0: the redirect is the answer.
  uint64_t answer_max = UINT64_MAX;    // Of a body as it is read.
  uint64_t inflated_max = UINT64_MAX;  // Of one that was inflated.
  duration connect = 10s;
  duration idle = 60s;           // That nothing moves. Time in which the user does not pull does not count.
  instant deadline = never;
  std::shared_ptr<cookie_jar> jar;
};

// What a call's time went to, together since it began.
struct http_call_times {
  duration queued{}, connect{}, first_byte{}, rest{};
};

class http_call {
 public:
  // They outlive the call. `care`: of the servers; null: nobody's.
  http_call(strand& place, http_connections& connections, http_ask what, http_care* care = nullptr);
  http_call(const http_call&) = delete;

  // The head of the answer; once.
  task<result<http1::response_head>> answer();
  // The next piece of its body, decoded, valid until the next call; empty: it is whole.
  task<result<std::span<const uint8_t>>> read();
  // All of it; more than `most` bytes is a failure.
  task<result<std::string>> read_all(uint64_t most);

  // How much read() will give in all, where that is known.
  std::optional<uint64_t> length() const { return inflate_ || !line_ ? std::nullopt : (*line_)->left(); }

  const url& where() const { return ask_.to; }  // What answered, after redirects.
  int64_t redirected() const { return redirected_; }
  http_version version() const { return version_; }  // Of what was spoken last.
  bool sent() const { return sent_; }  // A request, or some of it, may have reached a server.
  const http_call_times& times() { return enter(phase_), times_; }

 private:
  enum class phase : uint8_t { queued, connect, first_byte, rest };
  bool server_rests() const { return care_ != nullptr && care_->until(ask_.to.origin()) > place_.now(); }
  task<error> wait_for_server();
  bool goes_again(const http1::response_head& head);
  void on_no_answer(const error& why);
  task<result<http1::response_head>> attempt(std::optional<instant> newer_than);
  task<result<http1::response_head>> exchange(http_line& line);
  task<error> send_body(http_line& line);
  task<void> release_quickly();
  http1::request_head head_of() const;
  std::optional<error> follow(const http1::response_head& head);
  std::optional<error> prepare(http1::response_head& head);
  task<result<std::span<const uint8_t>>> read_raw();
  error too_much() const;
  error explained(error e) const;
  error unusable(const error& e) const;
  error given_up(error e);
  bool may_repeat(const error& e) const;
  instant soon() const { return std::min(ask_.deadline, later(place_.now(), ask_.idle)); }
  void enter(phase p);
  bool leads_on(const http1::response_head& head) const;

  strand& place_;
  http_connections& connections_;
  http_care* const care_;
  http_ask ask_;
  std::optional<http_connections::lent> line_;
  http_version version_ = http_version::http1;
  bool body_goes_ = true;       // No redirect has taken it away.
  bool decodes_ = false;        // Accept-Encoding was ours.
  bool reused_ = false, heard_ = false, unprocessed_ = false, turned_back_ = false;
  int refusals_ = 0;  // So often a server has not looked at the request.
  bool sent_ = false, body_begun_ = false;
  int64_t redirected_ = 0, repeated_ = 0;
  std::optional<http_inflate> inflate_;
  std::vector<uint8_t> inflated_;
  std::span<const uint8_t> rest_;  // Of the coded piece.
  bool over_ = false;
  uint64_t read_ = 0;
  duration kept_for_{};
  phase phase_ = phase::queued;
  instant since_{}, dialled_ = never;
  http_call_times times_;
};

}  // namespace tharsis::stn

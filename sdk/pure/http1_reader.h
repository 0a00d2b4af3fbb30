// Reads HTTP/1.1 messages from bytes that come in pieces of any size, and nothing that two readers could read
// in two ways: that is how requests are smuggled past one of them.
//
//   std::span<const uint8_t> bytes = ...;  // What has come.
//   for (;;) switch (reader.next(bytes)) {
//     case event::more:    return;                   // All is taken; come back with what comes next.
//     case event::interim: use(reader.response());   // 1xx: the answer itself is still to come.
//     case event::head:    use(reader.request());
//     case event::body:    use(reader.piece());      // A view into the bytes that were given.
//     case event::end:     ...                       // Whole. Only then may next() begin another message.
//     case event::failed:  return give_up(reader.failure());
//   }
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "sdk/pure/http1.h"

namespace tharsis::http1 {

// What a peer may make us keep.
struct limits {
  size_t line = 8 * 1024;     // The first line of a head: room for a long URL.
  size_t head = 32 * 1024;    // The whole head; the trailers of a chunked body too.
  size_t fields = 100;        // Of a head, and of trailers.
  size_t chunk_line = 256;    // A chunk's size and its extensions, which nobody uses.
  uint64_t body = UINT64_MAX;
};

enum class event : uint8_t { more, interim, head, body, end, failed };

// Why a message cannot be read, and what a server answers to that.
struct refusal {
  error why{THARSIS_OK, {}};
  int status = 400;  // 400, 413, 414, 431, 501 or 505.
};

class message_reader {
 public:
  enum class reads : uint8_t { requests, responses };
  explicit message_reader(reads what, limits l = {}) : what_(what), limits_(l) {}

  // Responses: the method that the next one answers, said before its first byte is read.
  void expect(std::string_view method) { method_ = method; }

  // Takes bytes off the front until something is to tell. After event::failed there is only that.
  event next(std::span<const uint8_t>& bytes);
  // The peer has ended. event::end: that was how the body ends. event::more: nothing was begun. Else
  // event::failed, THARSIS_E_RESET: the message was cut.
  event on_end();

  const request_head& request() const { return request_; }     // After event::head, until the next one.
  const response_head& response() const { return response_; }  // After event::interim and event::head.
  std::span<const uint8_t> piece() const { return piece_; }    // After event::body, until the bytes go.
  const field_list& trailers() const { return trailers_; }     // After event::end.
  const refusal& failure() const { return failure_; }

  // Bytes of a message have come that is not over.
  bool in_message() const { return state_ != state::idle || !line_.empty(); }
  // What of the body is still to come, if that is known.
  std::optional<uint64_t> left() const;
  bool chunked() const { return kind_ == body_kind::chunked; }
  // Of the last head: may another message follow on this connection?
  bool keeps_alive() const { return keeps_alive_; }

 private:
  enum class state : uint8_t { idle, fields, told, body, chunk_size, chunk_data, after_chunk, trailers, failed };
  enum class body_kind : uint8_t { none, length, chunked, until_end };

  event step(std::span<const uint8_t>& bytes);
  event take_line(std::span<const uint8_t>& bytes, size_t most, int status);
  bool speaks_http() const;
  event on_first_line(std::span<const uint8_t>& bytes);
  event on_head_line(std::span<const uint8_t>& bytes);
  event on_trailer_line(std::span<const uint8_t>& bytes);
  event read_request_line();
  event read_status_line();
  event read_version(std::string_view text, int& minor);
  event read_field(field_list& into);
  event finish_head();
  event check_host();
  event settle_body();
  event settle_length();
  event begin_body();
  event take_body(std::span<const uint8_t>& bytes);
  event on_chunk_line(std::span<const uint8_t>& bytes);
  event take_chunk_end(std::span<const uint8_t>& bytes);
  event finish();
  event fail(std::string what, int status = 400, tharsis_status code = THARSIS_E_PROTOCOL);
  const field_list& head_fields() const { return what_ == reads::requests ? request_.fields : response_.fields; }
  bool whole_line() const { return !line_.empty() && line_.back() == '\n'; }
  std::string where() const;

  const reads what_;
  const limits limits_;
  std::string method_ = "GET";
  state state_ = state::idle;
  body_kind kind_ = body_kind::none;
  bool keeps_alive_ = false;
  std::string line_;        // What has come of a line, with its end.
  size_t line_number_ = 0;  // Of the head or the trailers.
  bool skipped_ = false;    // An empty line before a request.
  size_t head_size_ = 0;
  uint64_t left_ = 0;       // Of the body, or of the chunk.
  uint64_t body_size_ = 0;  // So far.
  uint64_t overhead_ = 0;   // Bytes of chunk lines that stand for too little body.
  request_head request_;
  response_head response_;
  field_list trailers_;
  std::span<const uint8_t> piece_;
  refusal failure_;
};

}  // namespace tharsis::http1

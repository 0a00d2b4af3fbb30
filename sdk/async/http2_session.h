// HTTP/2 as a client, as a machine (RFC 9113): bytes of the wire in, answers out, and back, for many exchanges at
// once. It reads no clock, opens no socket and calls nobody; nghttp2 does the frames and HPACK over memory.
//
//   http2_session web(to);
//   const auto id = web.begin(head, false);
//   send(web.take_output(64 * 1024));                 // Until it is empty.
//   web.on_bytes(what_came);                          // And take_output() again.
//   for (int32_t id : web.take_news()) switch (web.next(id)) { ... }
//
// The answer of an exchange comes as http1::event tells it; what its user does not take is not asked for.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <vector>

#include "sdk/pure/error.h"
#include "sdk/pure/http1_reader.h"
#include "sdk/pure/url.h"

struct nghttp2_session;

namespace tharsis {

// What a peer may make us keep, and do.
struct http2_limits {
  http1::limits head{};          // Of its head and trailers: bytes and number of fields; and bytes of a body.
  uint32_t window = 512 * 1024;  // Bytes of one answer that nobody has taken yet: at 100 ms they make 5 MB/s.
  uint32_t exchanges = 100;      // At once, however many more the peer allows; as many as RFC 9113 recommends.
  // Bytes in a row that bring nothing: pings, settings, empty frames. An honest peer has a few of them in a second.
  int64_t chatter = 256 * 1024;
};

class http2_session {
 public:
  explicit http2_session(const url& to, const http2_limits& l = {});
  ~http2_session();
  http2_session(const http2_session&) = delete;
  http2_session& operator=(const http2_session&) = delete;

  // Bytes from the wire. What they have the machine say is in take_output(); it is over only after that.
  void on_bytes(std::span<const uint8_t> bytes);
  // The wire is at its end: all exchanges that are not whole fail so.
  void on_end(error why);
  // What must go to the wire, some more than `most` bytes at most; empty: nothing for now. Valid until the next call.
  std::span<const uint8_t> take_output(size_t most);
  // The own side wants no more; exchanges that are open go on.
  void say_goodbye();

  // May further exchanges begin, now or later? No: the peer goes away, or the machine is over.
  bool takes_more() const;
  // How many may begin now.
  size_t room() const;
  // Nothing more can be read or said.
  bool over() const { return over_; }
  // Why it is over; OK where nobody is to blame.
  const error& failure() const { return failure_; }

  // Begins an exchange and answers its number.
  //   THARSIS_E_INVALID  the head cannot be written.
  //   THARSIS_E_BUSY     there is no room().
  result<int32_t> begin(const http1::request_head& head, bool body_follows);
  // More of its body, all of which is taken.
  void write(int32_t id, std::span<const uint8_t> bytes, bool last);
  // Bytes of its body that have not left.
  size_t unsent(int32_t id) const;

  // Takes the next thing off an exchange's answer. event::more: nothing for now; after event::end and event::failed
  // there is only that.
  http1::event next(int32_t id);
  const http1::response_head& response(int32_t id) const;     // After event::interim and event::head.
  std::span<const uint8_t> piece(int32_t id) const;           // After event::body, until the next call for it.
  const http1::field_list& trailers(int32_t id) const;        // After event::end.
  const error& failure(int32_t id) const;                     // After event::failed.
  std::optional<uint64_t> left(int32_t id) const;             // Of the body, where that is known.
  bool heard(int32_t id) const;                               // Something of an answer has come.
  bool unprocessed(int32_t id) const;                         // The peer has not looked at the request, and says so.
  // Nobody wants to know any more: what is not whole is reset. The number is of no use from here on.
  void drop(int32_t id);

  // The exchanges that have something new to tell, a body that has left included.
  std::vector<int32_t> take_news();

 private:
  struct exchange;
  struct calls;  // What nghttp2 calls.
  struct freed {
    void operator()(nghttp2_session* s) const;
  };
  exchange* find(int32_t id) const;
  exchange& of(int32_t id) const;
  void fail(exchange& x, tharsis_status status, std::string text);
  void fail_all(const error& why);
  void look_whether_over();
  void hand_on(std::span<const uint8_t> bytes);
  void on_frame_over();
  void on_head(exchange& x);
  void on_closed(exchange& x, uint32_t code);

  const url to_;
  const http2_limits limits_;
  std::unique_ptr<nghttp2_session, freed> session_;
  std::map<int32_t, std::unique_ptr<exchange>> exchanges_;
  size_t open_ = 0;  // Those of them that are not closed.
  std::set<int32_t> news_;
  std::vector<uint8_t> output_;
  error failure_{THARSIS_OK, {}};
  std::string complaint_;  // What was wrong with the last frame that meant nothing,
  std::string broken_;     // and why the peer was told to go away.
  std::string farewell_;   // What the peer has said when it went away.
  std::array<uint8_t, 9> head_{};  // Of the frame that is coming,
  size_t head_read_ = 0, payload_left_ = 0, frame_size_ = 0;
  bool progress_ = false;  // which, or what went out meanwhile, brought something.
  int64_t chatter_ = 0;
  bool flooded_ = false;
  bool over_ = false;
};

}  // namespace tharsis

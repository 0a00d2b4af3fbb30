// A stream and the reader of the messages that come over it: what the client and the server of HTTP/1.1 share.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "sdk/async/stream.h"
#include "sdk/pure/http1_reader.h"

namespace tharsis {

class http1_wire {
 public:
  http1_wire(std::unique_ptr<stream> bytes, http1::message_reader::reads what, http1::limits l)
      : stream_(std::move(bytes)), reader_(what, l), chunk_(chunk_size) {}

  // What can be told without waiting. event::more: nothing more has come; wait for events(). event::failed:
  // reader().failure() when the peer's bytes mean nothing or were cut, broken() when the connection is dead.
  http1::event next();

  // Takes all bytes. False: the connection is dead for writing, though an answer may still be read.
  bool write(std::span<const uint8_t> bytes);
  bool write(std::string_view text) { return write(as_bytes_of(text)); }
  size_t unsent() const { return stream_->unsent(); }
  void end() { stream_->end(); }
  // Reads and drops what comes. False: the peer has ended, or the connection is dead.
  bool discard(size_t& count);

  signal& events() { return stream_->events(); }
  http1::message_reader& reader() { return reader_; }
  const http1::message_reader& reader() const { return reader_; }
  tharsis_address peer() const { return stream_->peer(); }

  // Bytes, or the end, have come that no message has taken: between two messages nothing may come.
  bool idle_and_quiet();
  bool ended() const { return ended_; }        // The peer has said that nothing more comes.
  bool heard() const { return heard_; }        // A byte has come since forget().
  void forget() { heard_ = unread() > 0; }
  const error& broken() const { return broken_; }  // OK while the connection lives.

 private:
  static std::span<const uint8_t> as_bytes_of(std::string_view text) {
    return {reinterpret_cast<const uint8_t*>(text.data()), text.size()};
  }
  // So much is read at once; bodies are handed on without another copy.
  static constexpr size_t chunk_size = 16 * 1024;

  tharsis_status fill();
  size_t unread() const { return to_ - from_; }
  void break_with(tharsis_status status);

  std::unique_ptr<stream> stream_;
  http1::message_reader reader_;
  std::vector<uint8_t> chunk_;
  size_t from_ = 0, to_ = 0;  // What the reader has not taken of the chunk.
  bool ended_ = false;
  bool heard_ = false;
  error broken_{THARSIS_OK, {}};
};

}  // namespace tharsis

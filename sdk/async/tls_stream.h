// TLS over any stream: itself a stream, with the events of the one below.
#pragma once
#include <memory>
#include <vector>

#include "sdk/async/stream.h"
#include "sdk/async/task.h"
#include "sdk/async/tls_machine.h"
#include "sdk/pure/error.h"

namespace tharsis {

// What is written in one turn of the strand leaves at its end, in as few records and writes as it
// fits. Destroying the stream sends what was written and closes; only end() tells the peer that
// nothing was cut off.
class tls_stream final : public stream {
 public:
  // `peer` as tls_machine takes it. Nobody else may use the stream below afterwards.
  tls_stream(strand& place, std::unique_ptr<stream> under, const tls_context& context, std::string peer,
             tls_resumption again = {});
  ~tls_stream() override;

  // One step of the handshake, with what has come: PENDING, OK, or why it failed.
  tharsis_status shake_hands();
  // May be read and written before that is OK; see tls_machine::early(). Then reading does the handshake.
  bool early() const { return machine_.early(); }

  signal& events() override { return under_->events(); }
  tharsis_status read(std::span<uint8_t> into, size_t& count) override;
  tharsis_status write(std::span<const uint8_t> bytes) override;
  size_t unsent() const override;
  size_t unconfirmed() const override { return under_->unconfirmed(); }
  std::optional<wire_progress> progress() const override { return under_->progress(); }
  void end() override;
  bool certified(const std::string& host) const override { return machine_.certified(host); }
  bool export_secret(std::string_view label, std::span<const uint8_t> context, std::span<uint8_t> into) const override {
    return machine_.export_secret(label, context, into);
  }
  tharsis_address peer() const override { return under_->peer(); }
  std::string_view protocol() const override { return machine_.protocol(); }
  std::string failure() const override;

 private:
  tharsis_status pull();
  tharsis_status forward();
  tharsis_status flush();
  void flush_later();
  static void on_turn_end(void* context);

  strand& place_;
  std::unique_ptr<stream> under_;
  tls_machine machine_;
  std::vector<uint8_t> written_;  // Plaintext that leaves at the end of the turn.
  strand::key turn_end_ = 0;
  tharsis_status dead_ = THARSIS_OK;  // The stream below failed; the machine knows its own failures.
  tharsis_status unwritable_ = THARSIS_OK;  // Only writing to it did: what has come can still be read.
  mutable bool watched_ = false;      // Somebody was told of written_ and may wait for it to leave.
  bool ended_ = false;
};

// A stream whose peer has proved to be `server_name` (a host name or an IP address), or why there is
// none by the deadline. `under` is used up either way.
task<result<std::unique_ptr<stream>>> tls_connect(strand& place, std::unique_ptr<stream> under,
                                                  tls_context context, std::string server_name,
                                                  instant deadline);
// With a ticket of an earlier connection, where there is one.
task<result<std::unique_ptr<stream>>> tls_connect(strand& place, std::unique_ptr<stream> under,
                                                  tls_context context, std::string server_name,
                                                  instant deadline, tls_resumption again);

// For servers of which there is a ticket that allows early data (tls_sessions::early_data()): the handshake begins
// with the turn in which something is written first, which goes out with it, and goes on as the stream is read. What
// the server does not take early is sent when the handshake is over. Nothing is read before it has proved itself.
std::unique_ptr<stream> tls_connect_early(strand& place, std::unique_ptr<stream> under, const tls_context& context,
                                          std::string server_name, tls_resumption again);

// The server's side. With early data in the context it may be there before the handshake is over.
task<result<std::unique_ptr<stream>>> tls_accept(strand& place, std::unique_ptr<stream> under,
                                                 tls_context context, instant deadline);

}  // namespace tharsis

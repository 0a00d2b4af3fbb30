// TCP over the host's tharsis.net/1: a stream, dialling, accepting.
#pragma once
#include <memory>
#include <vector>

#include "sdk/async/stream.h"
#include "sdk/async/task.h"
#include "sdk/pure/error.h"

namespace tharsis {

// Of a connection that may be gone: then there is nothing to tell.
std::optional<wire_progress> progress_of(const tharsis_net& net, tharsis_handle connection);

class tcp_stream : public stream {
 public:
  tcp_stream(strand& place, const tharsis_net& net) : net_(net), events_(place) {}
  ~tcp_stream() override { close(); }

  // Exactly one of these, once.
  // `mss`: no segment is larger, either way, where this host can see to it; 0: as the system likes.
  tharsis_status dial(const tharsis_address& to, tharsis_error* error, int64_t mss = 0);
  tharsis_status accept(tharsis_handle listener);  // PENDING: none is waiting.

  // After dial(): OK once connected, PENDING before, else why it failed.
  tharsis_status connected() const { return connected_; }

  signal& events() override { return events_; }
  tharsis_status read(std::span<uint8_t> into, size_t& count) override;
  tharsis_status write(std::span<const uint8_t> bytes) override;
  size_t unsent() const override { return kept_.size() - kept_from_; }
  size_t unconfirmed() const override;
  std::optional<wire_progress> progress() const override { return progress_of(net_, handle_); }
  void end() override;
  tharsis_address peer() const override { return peer_; }

  // As the net table knows it; after the stream's end it names nothing.
  tharsis_handle handle() const { return handle_; }
  void reset_on_close() { net_.set(net_.self, handle_, "reset_on_close", 1); }
  void close();

 private:
  static void on_event(void* context, tharsis_handle handle, uint32_t bits, tharsis_status status);
  tharsis_status flush();

  const tharsis_net& net_;
  signal events_;
  tharsis_handle handle_ = 0;
  tharsis_address peer_{};
  tharsis_status connected_ = THARSIS_PENDING;
  tharsis_status dead_ = THARSIS_OK;
  tharsis_status unwritable_ = THARSIS_OK;  // Why writing failed; what has come can still be read.
  std::vector<uint8_t> kept_;  // Not yet taken by the system, from kept_from_ on.
  size_t kept_from_ = 0;
  bool end_wanted_ = false;
};

// A connected stream, or why there is none by the deadline.
task<result<std::unique_ptr<tcp_stream>>> dial_tcp(strand& place, const tharsis_net& net, tharsis_address to,
                                                   instant deadline, int64_t mss = 0);

}  // namespace tharsis

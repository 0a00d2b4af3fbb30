// One TCP connection: two ends, and a flow of segments each way that are lost, late and sent again.
//
// A model, not an implementation: no congestion window, a fixed receive window, and both ends of the
// machinery in one object. What an application can see of TCP is as on Linux: what is written
// arrives in order or not at all, a full buffer refuses, silence is noticed after a quarter of an
// hour and only by whoever has sent something.
#pragma once
#include <algorithm>
#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <vector>

#include "sdk/abi/net.h"
#include "sdk/sim/network.h"

namespace tharsis::sim {

class connection : public std::enable_shared_from_this<connection> {
 public:
  enum side : size_t { client = 0, server = 1 };
  // Hears of its end, in bits of THARSIS_NET_*; must only take note, and act later.
  using event_function = std::function<void(uint32_t bits, tharsis_status status)>;

  // The dial begins; CONNECTED or FAILED will be told.
  // `mss`: of both ends, which the first packet announces; 0: the usual.
  static std::shared_ptr<connection> dial(network& n, host& from, const tharsis_address& to,
                                          event_function tell, size_t mss = 0);
  // The application takes the server's end.
  void attach(side s, event_function tell) { ends_[s].tell = std::move(tell); }

  tharsis_status read(side s, uint8_t* into, size_t capacity, size_t& count);
  tharsis_status write(side s, const uint8_t* data, size_t size, size_t& count);
  tharsis_status shutdown(side s);
  // The application lets the end go; what was written still travels, unless reset_on_close is set or
  // something was left unread. What still comes in is answered with a reset.
  void close(side s);
  void reset_on_close(side s, bool on) { ends_[s].reset_on_close = on; }
  // What this end sends from now on; no more than the other has announced.
  void set_mss(side s, size_t bytes) { ends_[s].out.mss = std::min(bytes, ends_[s].out.mss); }

  const tharsis_address& local(side s) const { return ends_[s].address; }
  duration round_trip(side s) const { return ends_[s].out.round_trip; }
  size_t unacked(side s) const { return ends_[s].out.buffered(); }
  uint64_t retransmits(side s) const { return ends_[s].out.retransmits; }
  size_t mss(side s) const { return ends_[s].out.mss; }
  uint64_t acked_bytes(side s) const { return ends_[s].out.acked_bytes; }
  uint64_t received_bytes(side s) const { return ends_[s].received_bytes; }

  bool touches(const host& h) const { return ends_[client].place == &h || ends_[server].place == &h; }
  bool joins(const host& a, const host& b) const;

  // Cut: both ends see a reset now.
  void reset();
  // Nothing arrives any more, nobody is told; a dial that is under way is not touched, here as above.
  void forget();

 private:
  enum class content { handshake, bytes, end };
  struct segment {
    content what;
    std::vector<uint8_t> data;
    instant first_sent, sent;
    bool arrived = false;
  };
  // What one end sends. Segments are numbered; `flight` begins with number `acknowledged`.
  struct flow {
    std::deque<uint8_t> waiting;  // Written, not sent yet.
    std::deque<segment> flight;   // Sent, not acknowledged.
    uint64_t acknowledged = 0;
    uint64_t delivered = 0;  // All below have reached the other end.
    bool end_wanted = false;
    bool end_sent = false;
    unsigned backoff = 0;
    scheduler::key timer{};
    duration round_trip{};
    uint64_t retransmits = 0;
    uint64_t acked_bytes = 0;
    size_t mss = 1460;

    size_t in_flight() const;
    size_t buffered() const { return waiting.size() + in_flight(); }
  };
  struct end {
    host* place = nullptr;
    tharsis_address address{};
    event_function tell;
    std::deque<uint8_t> inbox;
    bool connected = false;
    bool peer_ended = false;
    bool closed = false;  // By the application.
    bool reset_on_close = false;
    bool read_wanted = false;
    bool write_wanted = false;
    uint64_t received_bytes = 0;
    tharsis_status dead = THARSIS_OK;
    flow out;
  };
  static side other(side s) { return s == client ? server : client; }

  static constexpr size_t send_buffer = 64 * 1024;
  static constexpr double split_chance = 0.125;  // Of a read, write or segment smaller than it need be.

  explicit connection(network& n) : net_(n) {}
  void knock(unsigned attempt);
  void on_knock();
  void on_answer();
  void refuse();

  void pump(side from);
  std::vector<uint8_t> cut(flow& out, size_t room);
  void send(side from, segment s);
  void transmit(side from, uint64_t number);
  void on_arrival(side from, uint64_t number, instant sent);
  void deliver(side from, const segment& s);
  void acknowledge(side from, uint64_t number, instant sent);
  void on_acknowledged(side from, uint64_t up_to, uint64_t number, instant sent);
  void look_for_overtaken(side from, uint64_t number, instant sent);
  void arm(side from);
  void on_timer(side from);
  void give_up(side from);
  duration patience(const flow& out) const;
  void send_reset(side from);
  template <side S>
  void on_reset() {
    die(S, THARSIS_E_RESET);
  }
  void establish();

  void die(side s, tharsis_status why);
  void tell(side s, uint32_t bits, tharsis_status status = THARSIS_OK);
  void tell_readable(side s);
  void tell_writable(side s);
  bool passable(side from) const;
  // Carries f from one end to the other, as one small packet that may be lost.
  void carry(side from, void (connection::*f)());

  network& net_;
  std::array<end, 2> ends_;
  instant knocked_ = never;  // When the only knock so far left.
  bool forgotten_ = false;
};

}  // namespace tharsis::sim

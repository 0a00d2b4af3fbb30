// The network table of one strand: which socket waits for what, and the events that follow.
//
// A call that answers PENDING arms its bit; the poller's edge takes the bit away and queues the
// socket on the strand, where the event is told. CONNECTED and FAILED need no arming.
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "runtime/blocking_pool.h"
#include "runtime/carrier.h"
#include "runtime/handle_table.h"
#include "sdk/abi/net.h"
#include "sdk/abi/platform.h"
#include "sdk/pure/error.h"

namespace tharsis::runtime {

class real_net {
 public:
  real_net(real_strand& strand, carrier& mine, blocking_pool& pool, uint64_t first_generation);
  real_net(const real_net&) = delete;

  const tharsis_net* table() const { return &table_; }
  size_t sockets_open() const { return sockets_.size(); }
  size_t queries_open() const { return queries_.size(); }
  void tell_open(const tharsis_strand_audit& audit);

  // [own thread]
  void tell_socket(tharsis_handle id);
  void tell_query(tharsis_handle id);
  void close_all();

 private:
  enum class role { dialing, connection, listener, datagram };
  struct socket final : poller::watcher {
    socket(real_net& n, role r, int d, tharsis_net_event f, void* c)
        : net(n), is(r), descriptor(d), on_event(f), context(c) {}
    void on_ready(uint32_t bits) override { net.on_ready(*this, bits); }
    bool is_tcp() const { return is == role::dialing || is == role::connection; }
    tharsis_status fail(tharsis_status status);

    real_net& net;
    std::string name() const;

    role is;
    tharsis_address peer{};  // Of a connection.
    int descriptor;  // -1: the dial failed at once.
    tharsis_net_event on_event;
    void* context;
    tharsis_handle id = 0;
    uint32_t armed = 0;                   // Bits that a call waits for.
    uint32_t ready = 0;                   // Bits to tell.
    tharsis_status failure = THARSIS_OK;  // Of the connection, once known.
    bool ended = false;                   // shutdown() was called.
    bool ending = false;                  // The peer sends no more: behind the bytes there is an end.
    bool drained = false;                 // The last read found less than it had room for, and no edge came since.
    uint8_t family = 0;                   // Of a datagram socket.
    strand_timer again;                   // When a listener that could take nobody looks again.
    bool looks_again = false;
  };
  struct query {
    tharsis_net_resolved done;
    void* context;
    std::string name;
    std::shared_ptr<result<std::vector<tharsis_address>>> answer;
  };
  template <auto method>
  struct guarded;

  tharsis_status dial_with(const tharsis_address* to, const tharsis_dial_options* options, tharsis_net_event on_event,
                           void* context, tharsis_handle* id, tharsis_error* error);
  tharsis_status turn_to_echo(socket& s);
  tharsis_status dial(const tharsis_address* to, tharsis_net_event on_event, void* context,
                      tharsis_handle* id, tharsis_error* error);
  tharsis_status listen_on(const tharsis_address* on, tharsis_net_event on_event, void* context,
                           tharsis_handle* id, tharsis_error* error);
  tharsis_status accept(tharsis_handle listener, tharsis_net_event on_event, void* context,
                        tharsis_handle* id, tharsis_address* peer);
  tharsis_status read(tharsis_handle id, uint8_t* into, size_t capacity, size_t* count);
  tharsis_status write(tharsis_handle id, const uint8_t* data, size_t size, size_t* count);
  tharsis_status shutdown(tharsis_handle id);
  tharsis_status datagram(const tharsis_address* on, tharsis_net_event on_event, void* context,
                          tharsis_handle* id, tharsis_error* error);
  tharsis_status send(tharsis_handle id, const tharsis_address* to, const uint8_t* data, size_t size);
  tharsis_status receive(tharsis_handle id, uint8_t* into, size_t capacity, size_t* count,
                         tharsis_address* from);
  tharsis_status resolve(tharsis_text name, uint32_t family, tharsis_net_resolved done, void* context,
                         tharsis_handle* id, tharsis_error* error);
  tharsis_status local(tharsis_handle id, tharsis_address* address);
  tharsis_status set(tharsis_handle id, const char* name, int64_t value);
  tharsis_status get(tharsis_handle id, const char* name, int64_t* value);
  tharsis_status close(tharsis_handle id);
  tharsis_status receive_error(tharsis_handle id, uint8_t* into, size_t capacity, size_t* count, tharsis_net_error* what);

  socket* add(role is, int descriptor, tharsis_net_event on_event, void* context);
  void release(socket& s);
  void on_ready(socket& s, uint32_t bits);
  void queue(socket& s, uint32_t bits);
  tharsis_status hears_again(socket& listener, tharsis_status why);
  static tharsis_status waits_for(socket& s, uint32_t bit);

  real_strand& strand_;
  carrier& carrier_;
  blocking_pool& pool_;
  handle_table<socket> sockets_;
  handle_table<query> queries_;
  tharsis_net table_{};
};

}  // namespace tharsis::runtime

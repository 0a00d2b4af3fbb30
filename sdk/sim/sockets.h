// The table "tharsis.net/1" of one simulated strand, and its sockets.
#pragma once
#include <functional>
#include <memory>
#include <variant>

#include "sdk/abi/platform.h"
#include "sdk/sim/connection.h"
#include "sdk/sim/datagram.h"
#include "sdk/sim/handles.h"
#include "sdk/sim/listener.h"

namespace tharsis::sim {

class sockets {
 public:
  // The strand that they belong to.
  class owner {
   public:
    // OK; else what every function of the table answers now.
    virtual tharsis_status usable() const = 0;
    virtual void enqueue(std::function<void()> wake) = 0;

   protected:
    ~owner() = default;
  };
  sockets(network& n, host& place, owner& strand);
  sockets(const sockets&) = delete;

  const tharsis_net* table() const { return &table_; }
  void count(tharsis_strand_audit& audit) const;  // And tells of them, if somebody listens.
  void close_all();

 private:
  struct tcp_end {
    std::shared_ptr<connection> wire;
    connection::side side;
  };
  struct query {
    tharsis_net_resolved done;
    std::string name;
  };
  struct socket {
    tharsis_net_event on_event = nullptr;
    void* context = nullptr;
    std::variant<std::monostate, tcp_end, std::unique_ptr<listener>, std::unique_ptr<datagram_socket>, query>
        what{};
    uint32_t bits = 0;  // To be told by the wake that is queued.
    bool queued = false;
    tharsis_status status = THARSIS_OK;
  };

  static std::string name_of(const socket& s);
  tharsis_handle add(tharsis_net_event on_event, void* context);
  void note(tharsis_handle handle, uint32_t bits, tharsis_status status);
  void tell(tharsis_handle handle);
  template <class Kind>
  tharsis_status find(tharsis_handle handle, Kind*& kind) const;
  tharsis_status waits_for(tharsis_handle handle, uint32_t bit, tharsis_status status);
  void end(socket& s);
  void answer(tharsis_handle handle, const std::string& name, uint32_t family);
  template <class Socket>
  tharsis_status claim(tharsis_address& on, const std::vector<Socket*>& others, tharsis_error* error) const;

  // The table's functions; `self` is this.
  static tharsis_status dial_with(void* self, const tharsis_address* to, const tharsis_dial_options* options,
                                  tharsis_net_event on_event, void* context, tharsis_handle* out, tharsis_error* error);
  static tharsis_status dial(void* self, const tharsis_address* to, tharsis_net_event on_event, void* context,
                             tharsis_handle* out, tharsis_error* error);
  static tharsis_status open_listener(void* self, const tharsis_address* on, tharsis_net_event on_event,
                                      void* context, tharsis_handle* out, tharsis_error* error);
  static tharsis_status accept(void* self, tharsis_handle from, tharsis_net_event on_event, void* context,
                               tharsis_handle* out, tharsis_address* peer);
  static tharsis_status read(void* self, tharsis_handle handle, uint8_t* into, size_t capacity,
                             size_t* count);
  static tharsis_status write(void* self, tharsis_handle handle, const uint8_t* data, size_t size,
                              size_t* count);
  static tharsis_status shutdown(void* self, tharsis_handle handle);
  static tharsis_status datagram(void* self, const tharsis_address* on, tharsis_net_event on_event,
                                 void* context, tharsis_handle* out, tharsis_error* error);
  static tharsis_status send(void* self, tharsis_handle handle, const tharsis_address* to,
                             const uint8_t* data, size_t size);
  static tharsis_status receive(void* self, tharsis_handle handle, uint8_t* into, size_t capacity,
                                size_t* count, tharsis_address* from);
  static tharsis_status resolve(void* self, tharsis_text name, uint32_t family, tharsis_net_resolved done,
                                void* context, tharsis_handle* out, tharsis_error* error);
  static tharsis_status local(void* self, tharsis_handle handle, tharsis_address* address);
  static tharsis_status set(void* self, tharsis_handle handle, const char* name, int64_t value);
  static tharsis_status get(void* self, tharsis_handle handle, const char* name, int64_t* value);
  static tharsis_status close(void* self, tharsis_handle handle);
  static tharsis_status receive_error(void* self, tharsis_handle handle, uint8_t* into, size_t capacity, size_t* count,
                                      tharsis_net_error* what);
  static sockets& of(void* self) { return *static_cast<sockets*>(self); }

  network& net_;
  host& place_;
  owner& strand_;
  tharsis_net table_;
  handles<socket> open_;
};

}  // namespace tharsis::sim

// The datagrams of all connections: one socket, and for each connection over TLS 1.3 a lane with keys that it exports.
#pragma once
#include <array>
#include <functional>
#include <map>
#include <memory>
#include <span>

#include "plugins/gateway/core/udp_peer.h"
#include "sdk/async/datagram_seal.h"
#include "sdk/async/host.h"
#include "sdk/async/stream.h"
#include "sdk/async/udp_socket.h"
#include "sdk/pure/datagram_message.h"
#include "sdk/pure/mars_frame.h"

namespace tharsis::gateway {

class datagrams {
 public:
  // `ask`: a connection's request came in the datagram of this number. `tell`: call receive() soon.
  using ask = std::function<void(uint64_t connection, mars::frame request, uint32_t datagram)>;
  datagrams(const host& tables, const limits& l, ask on_request, std::function<void()> tell);
  datagrams(const datagrams&) = delete;

  tharsis_status open(const tharsis_address& on, tharsis_error* error) { return socket_.open(on, error); }
  void close() { socket_.close(); }
  tharsis_address address() const { return socket_.address(); }

  // All that has come, or as much as is one turn's. `mute`: it is taken and forgotten.
  void receive(instant now, bool mute);

  // Of one connection; it ends with it.
  class lane {
   public:
    lane(datagrams& all, uint64_t connection, const datagram::connection_id& id, datagram::sealer from, datagram::opener to, const limits& l)
        : all_(all), connection_(connection), id_(id), sealer_(std::move(from)), opener_(std::move(to)), peer_(l) {}
    ~lane() { all_.lanes_.erase(id_); }
    lane(const lane&) = delete;

    const datagram::connection_id& id() const { return id_; }
    // The answer to the request of that datagram. False: it is too large, or says when to come again, and goes by the connection.
    bool answer(const mars::frame& f, uint32_t to);

   private:
    friend class datagrams;
    void on_datagram(std::span<const uint8_t> bytes, const tharsis_address& from, instant now);
    void send(const datagram::message& m);

    datagrams& all_;
    const uint64_t connection_;
    const datagram::connection_id id_;
    datagram::sealer sealer_;
    datagram::opener opener_;
    udp_peer peer_;
  };
  // Null: the connection exports no keys.
  std::unique_ptr<lane> admit(uint64_t connection, const stream& wire);

 private:
  const host& tables_;
  const limits limits_;
  const ask on_request_;
  const std::function<void()> tell_;
  const counter received_, dropped_, sent_;
  udp_socket socket_;
  std::map<datagram::connection_id, lane*> lanes_;
};

}  // namespace tharsis::gateway

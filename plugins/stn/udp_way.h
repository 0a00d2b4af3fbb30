// The datagrams beside one long link: the socket and the keys of the connection that there is; what goes by them is
// core/udp_lane's to say.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "plugins/stn/core/link_totals.h"
#include "plugins/stn/core/session.h"
#include "plugins/stn/core/traffic.h"
#include "plugins/stn/core/udp_report.h"
#include "plugins/stn/counts.h"
#include "plugins/stn/weak_memory.h"
#include "sdk/async/datagram_seal.h"
#include "sdk/async/host.h"
#include "sdk/async/stream.h"
#include "sdk/async/udp_socket.h"

namespace tharsis::stn {

class udp_way {
 public:
  // `link`: its name, under which the memory keeps what is known. `nudge`: step() is to be called soon. `on_change`: the lane
  // opens, asks or is given up. All else outlives it.
  udp_way(const host& tables, std::string link, weak_memory& memory, const counts& count, traffic& counted, link_totals& moved, task_queue& tasks, std::function<void()> nudge,
          std::function<void()> on_change);
  ~udp_way() { end(); }
  udp_way(const udp_way&) = delete;

  // The server of this connection takes datagrams; `server` is its host. `lossy`: it lost packets as it came.
  void begin(const udp_offer& offer, const stream& wire, const std::string& server, const std::string& network, bool lossy, instant now);
  // The connection can have none, and why.
  void refuse(std::string reason);
  // None are to be used for now, and why; empty: they may be again. Over connections.
  void keep_off(std::string reason, instant now);
  // With the connection, before its tasks learn of it.
  void end();
  // Which network traffic goes through now, by the same interface.
  void on_network(const std::string& network, instant now);
  void on_metered(bool metered);

  // Before requests are written. Answers go to the tasks; `hand_over` is called while they are valid. True: something
  // has come back.
  bool step(instant now, const std::function<void()>& hand_over);
  // After that.
  void flush(instant now);
  instant deadline() const { return there_ ? there_->lane.deadline() : never; }

  udp_report report() const;

 private:
  struct connected {
    connected(const host& tables, std::function<void()> tell, udp_memory::network& known, tharsis_address at, datagram::sealer s, datagram::opener o, instant now)
        : to(at), sealer(std::move(s)), opener(std::move(o)), lane(udp_settings(), known, {}, now), socket(*tables.net, std::move(tell)) {}
    tharsis_address to;
    datagram::sealer sealer;
    datagram::opener opener;
    udp_lane lane;
    udp_socket socket;
  };
  bool receive(instant now, const std::function<void()>& hand_over);
  void on_sent(traffic_class what, size_t bytes);
  void on_received(traffic_class what, size_t bytes);
  void follow();
  udp_memory::network& recall(const std::string& network);
  void keep();

  const host& host_;
  const counts& counts_;
  traffic& counted_;
  link_totals& moved_;  // Of the link, as counted_ of all.
  task_queue& tasks_;
  const std::function<void()> nudge_, on_change_;
  const std::string link_;
  weak_memory& memory_;
  std::shared_ptr<lane_memory::network> known_;  // Of the network of now.
  udp_memory::network kept_;                     // What the memory was told last.
  std::unique_ptr<connected> there_;
  std::string server_;  // Of the connection of now.
  std::string refusal_, kept_off_;
  udp_totals before_;     // Of connections that have ended,
  uint64_t dropped_ = 0;  // as this.
  udp_totals told_;       // Of the connection of now: what counts have heard.
  uint64_t told_dropped_ = 0;
  udp_state state_ = udp_state::none;
  bool metered_ = false;
};

}  // namespace tharsis::stn

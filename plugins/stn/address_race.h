// Several ways to one server, tried as core/dial_race.h says: TCP, a proxy's tunnel, TLS. The first that leads to a
// stream whose server has proved to be itself wins. Links and the HTTP client get their streams here.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/stn/core/address_choice.h"
#include "plugins/stn/core/dial_race.h"
#include "sdk/async/signal.h"
#include "sdk/async/stream.h"
#include "sdk/async/task.h"
#include "sdk/async/tls_machine.h"
#include "sdk/pure/proxy.h"

namespace tharsis::stn {

// One thing to try.
struct road {
  tharsis_address at;  // Dialled; the server's, or its proxy's.
  address_source source = address_source::resolver;
  std::string host;  // Of the server, for a proxy.
  uint16_t port = 0;
};

struct race_plan {
  std::string server;  // For sentences: "tcps://im.example.com:443".
  std::string host;    // The certificate must be for it.
  std::vector<road> roads;
  std::optional<proxy> through;
  bool tunnel = true;  // A proxy that is handed whole requests makes none.
  bool secure = false;
  std::optional<tls_context> trust;  // Of the server, and of an https:// proxy.
  tls_resumption again;
  bool early = false;  // With a ticket that allows it the handshake goes on while its user writes already.
  bool verify = false;
};

// What the owner of a race hears of it, and may add.
class race_owner {
 public:
  virtual ~race_owner() = default;
  // Whether there is a TCP connection; `took` so long.
  virtual void on_tcp(const race_plan&, const road&, tharsis_status, duration /*took*/) {}
  virtual void on_tls() {}
  virtual void on_failed(const race_plan&, const road&, const error&) {}
  // Of a plan with `verify`: the stream again, once its server has answered on it.
  virtual task<result<std::unique_ptr<stream>>> verify(std::unique_ptr<stream> wire, instant deadline);
};

class address_race {
 public:
  struct arrival {
    std::unique_ptr<stream> wire;
    road by;
  };
  // All of them outlive the race.
  address_race(strand& place, const tharsis_net& net, const dial_settings& s, const race_plan& p, race_owner& owner);
  address_race(const address_race&) = delete;

  // The winner, or of those that failed the last. Once.
  task<result<arrival>> run(instant deadline);
  // How many of those that were started have not failed, the winner among them.
  int64_t running() const { return order_.running(); }
  // It leads nowhere: the network has changed.
  void give_up();

 private:
  task<void> try_road(road by, instant deadline);
  task<result<std::unique_ptr<stream>>> travel(road by, instant deadline);
  task<result<std::unique_ptr<stream>>> lead(road by, instant deadline);
  task<result<std::unique_ptr<stream>>> secure(std::unique_ptr<stream> wire, instant deadline);

  strand& place_;
  const tharsis_net& net_;
  const dial_settings& settings_;
  const race_plan& plan_;
  race_owner& owner_;
  signal changed_;
  dial_race order_;
  bool given_up_ = false;
  std::optional<arrival> winner_;
  error failure_{THARSIS_E_TIMEOUT, {}};
};

}  // namespace tharsis::stn

// Several ways to one server, tried as core/dial_race.h says: TCP, a proxy's tunnel, TLS. The first that leads to a
// stream whose server has proved to be itself wins. Links and the HTTP client get their streams here.
#pragma once
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/stn/core/address_choice.h"
#include "plugins/stn/core/dial_race.h"
#include "sdk/async/signal.h"
#include "sdk/async/stream.h"
#include "sdk/async/task.h"
#include "sdk/async/task_set.h"
#include "sdk/async/tls_machine.h"
#include "sdk/pure/proxy.h"

namespace tharsis::stn {

// One thing to try.
struct road {
  tharsis_address at;  // Dialled; the server's, or its proxy's.
  address_source source = address_source::resolver;
  std::string host;  // Of the server, for a proxy.
  uint16_t port = 0;
  duration expected{};  // How long connecting takes as a rule; 0: nobody knows.
  bool avoided = false;  // Somebody has found out that it is not reached here now.
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
  duration usual{};   // As a rule on this network; see dial_terms.
  bool weak = false;  // The network is known to lose packets.
  bool others = false;  // There are other servers to try: where all roads are silent nobody waits for long.
  int64_t mss = 0;     // Of the connections; 0: as the system likes.
  int64_t beside = 0;  // Of one that is dialled beside one whose handshake stands still; 0: none is.
};

// What the owner of a race hears of it, and may add.
class race_owner {
 public:
  virtual ~race_owner() = default;
  // Whether there is a TCP connection; `took` so long.
  virtual void on_tcp(const race_plan&, const road&, tharsis_status, duration /*took*/) {}
  virtual void on_tls() {}
  virtual void on_failed(const race_plan&, const road&, const error&) {}
  // Nothing had come from there when another, which had had less time, had won.
  virtual void on_silent(const race_plan&, const road&) {}
  // `silent` has not answered in time, so `next` is dialled beside it.
  virtual void on_beside(const race_plan&, const road& /*silent*/, const road& /*next*/) {}
  // A handshake stands still, and a connection with `plan.beside` is dialled.
  virtual void on_narrow_dial(const race_plan&) {}
  // It came to its end and the other did not, `cost` after that had begun to stand still; or it was not needed.
  virtual void on_hole(const race_plan&, duration /*cost*/) {}
  virtual void on_narrow_needless(const race_plan&) {}
  // A handshake brought more at once than one segment of `plan.mss` holds.
  virtual void on_large(const race_plan&) {}
  // Of a plan with `verify`: the stream again, once its server has answered on it.
  virtual task<result<std::unique_ptr<stream>>> verify(std::unique_ptr<stream> wire, instant deadline);
};

class address_race {
 public:
  struct arrival {
    std::unique_ptr<stream> wire;
    road by;
    int64_t mss;
    duration connected;  // How long that took.
  };
  // All of them outlive the race.
  address_race(strand& place, const tharsis_net& net, const dial_settings& s, const race_plan& p, race_owner& owner);
  address_race(const address_race&) = delete;
  ~address_race();

  // The winner, or of those that failed the last; rather one whose connection stood. Once.
  task<result<arrival>> run(instant deadline);
  // How many of those that were started have not failed, the winner among them.
  int64_t running() const { return order_.running(); }
  // Of the addresses some were not tried yet.
  bool has_more() const { return order_.has_more(); }
  // It leads nowhere: the network has changed, or what `why` says.
  void give_up(std::string why = {});

 private:
  struct attempt;
  task<void> try_road(attempt* a, instant deadline);
  task<result<std::unique_ptr<stream>>> travel(attempt* a, instant deadline);
  task<result<std::unique_ptr<stream>>> lead(attempt* a, instant deadline);
  task<result<std::unique_ptr<stream>>> secure(attempt* a, std::unique_ptr<stream> wire, instant deadline);
  void start(task_set& attempts, attempt a, instant deadline);
  void tell_beside(const attempt& next) const;
  void look_after(task_set& attempts, instant deadline);
  void on_progress(attempt& a);
  void settle(const attempt& winner);
  void leave_silent();
  bool lost() const;
  instant next_look() const;

  strand& place_;
  const tharsis_net& net_;
  const dial_settings& settings_;
  const race_plan& plan_;
  race_owner& owner_;
  signal changed_;
  dial_race order_;
  std::list<attempt> attempts_;
  bool given_up_ = false;
  std::string given_up_for_;
  std::optional<arrival> winner_;
  error failure_{THARSIS_E_TIMEOUT, {}};
};

}  // namespace tharsis::stn

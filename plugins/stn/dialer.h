// From an endpoint to a stream that the server has proved to be its own: name, addresses, proxy, TCP, TLS.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/stn/address_race.h"
#include "plugins/stn/core/start_patience.h"
#include "plugins/stn/switchboard.h"
#include "sdk/async/host.h"

namespace tharsis::stn {

class dialer final : private booked_race {
 public:
  // `phases` are told of resolving, dialling and TLS; all of them outlive the dialer.
  dialer(strand& place, const host& tables, switchboard& ways, const link_settings& s, phase_clock& phases)
      : booked_race(ways.paths()), place_(place), host_(tables), ways_(ways), settings_(s), phases_(phases) {}

  // A stream, or why there is none by the deadline.
  // `others`: there are other endpoints to try, so that one which is silent is left before the deadline.
  task<result<std::unique_ptr<stream>>> reach(endpoint to, instant deadline, bool others = false);

  // The same over one of the server's own addresses, no backup, whose turn it is; it has answered a ping.
  task<result<std::unique_ptr<stream>>> reach_own(endpoint to, size_t turn, instant deadline);

  // Others have these addresses already: they are tried behind all others.
  void avoid(std::vector<tharsis_address> taken) { taken_ = std::move(taken); }

  // The attempt that is under way leads nowhere: the network has changed, or what `why` says.
  void give_up(std::string why = {});

  // It was reached otherwise.
  void arrived(const tharsis_address& at) {
    address_ = at;
    source_ = address_source::resolver;
    overtook_ = false;
  }

  // Or by that one.
  void arrived(const dialer& by) {
    tunnelled_ = by.tunnelled_;
    address_ = by.address_;
    source_ = by.source_;
    mss_ = by.mss_;
  }

  // The server that took the last connection did not prove itself.
  void blame(tharsis_status why);

  // Of the stream; after a failure of the address that failed last. Family 0: it did not come so far.
  const tharsis_address& address() const { return address_; }
  std::string address_text() const { return address_.family != 0 ? to_text(address_) : std::string(); }
  // How far that is which is being reached now, or was reached last.
  start_sight progress() const;
  // Was an address that was tried before it still silent when the stream had come about?
  bool overtook() const { return overtook_; }
  // Does the stream lead to a backup address?
  bool on_backup() const { return source_ == address_source::backup; }
  // How large its segments are; 0: as the system likes.
  int64_t mss() const { return mss_; }
  // The next streams have segments that get through where those of `than` bytes stand still. False: there are none.
  bool be_narrower(int64_t than);
  // Does it lead through a proxy, or did the last attempt?
  bool tunnelled() const { return tunnelled_; }

 private:
  task<result<std::unique_ptr<stream>>> reach_by(endpoint to, std::optional<proxy> through, instant deadline);
  task<result<race_plan>> plan_of(endpoint to, std::optional<proxy> through, instant deadline);
  // Their roads, and what is usual here, go into the plan.
  task<error> direct(race_plan* p, endpoint to, instant deadline);
  task<error> tunnelled(race_plan* p, endpoint to, proxy through, instant deadline);
  bool can_tunnel(const endpoint& to) const;
  task<result<tls_context>> load_trust();
  struct sources {
    address_lists lists;
    bool ranked = false;  // What was resolved stands in dns' order,
    duration usual{};     // and how long connecting takes here, as dns said with it.
  };
  task<result<sources>> gather(endpoint to, instant deadline);
  // A codec that a plugin brings may remember what was said, and its link is to begin with nothing said.
  bool can_ask() const { return built_in_codec(settings_.codec) != nullptr; }
  error unencrypted(const endpoint& to, const std::string& where) const;
  std::optional<error> unsafe(const endpoint& to, const std::vector<road>& roads);
  task<result<std::unique_ptr<stream>>> race(race_plan p, instant deadline);
  void on_tls() override { phases_.enter(phase::tls, place_.now()); }
  void on_failed(const race_plan& p, const road& by, const error& why) override;
  task<result<std::unique_ptr<stream>>> verify(std::unique_ptr<stream> wire, instant deadline) override;

  strand& place_;
  host host_;
  switchboard& ways_;
  const link_settings& settings_;
  phase_clock& phases_;
  address_race* under_way_ = nullptr;
  std::vector<tharsis_address> taken_;
  tharsis_address address_{};
  address_source source_ = address_source::resolver;
  bool others_ = false;           // Endpoints that can be tried as well.
  bool knows_ = false;            // Whether it is known how long connecting takes here, or nobody can tell.
  duration connected_before_{};  // In phase::connect, when it began.
  bool overtook_ = false;
  bool tunnelled_ = false;
  int64_t mss_ = 0;
  int64_t narrow_ = 0;  // Of all its streams; 0: as is right on this network.
  std::string resolved_host_;  // The last name that was resolved,
  resolver::known_addresses resolved_;  // and to what, as the resolver said it: better than nothing when it fails.
};

}  // namespace tharsis::stn

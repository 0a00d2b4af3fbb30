// What everything that dials here knows of the ways to servers, by network, and keeps for the next start: how large segments may be.
// How addresses behave is dns' to remember (sdk/async/resolver); it is told here.
#pragma once
#include <functional>
#include <list>
#include <string>

#include "plugins/stn/address_race.h"
#include "plugins/stn/core/remedies.h"
#include "plugins/stn/core/segment_sizes.h"
#include "sdk/abi/network.h"
#include "sdk/abi/stn_links.h"
#include "sdk/async/host.h"
#include "sdk/async/kept_file.h"
#include "sdk/async/resolver.h"
#include "sdk/async/signal.h"

namespace tharsis::stn {

class path_book {
 public:
  // `names`, and what somebody has asked for on this network, outlive it. `segments`: their file; empty: they are forgotten with
  // this instance. [own strand]
  path_book(strand& place, const host& tables, resolver& names, const remedies& asked, std::string segments);
  path_book(const path_book&) = delete;

  // The file is read, and the bus hears of what is found.
  void open();
  // What it says is there, or a disk lets wait for it longer than a dial would for a lost packet.
  task<void> ready();
  task<void> close(instant deadline) { return file_.close(deadline); }
  void on_network(const tharsis_network_state& now);

  // An attempt that came about, and one that did not, or broke before the server had proved itself.
  void on_success(const tharsis_address& a, duration latency) { tell_names(a, THARSIS_OK, latency); }
  void on_failure(const tharsis_address& a, tharsis_status why) { tell_names(a, why); }
  // It is to be left alone for so long.
  void on_banned(const tharsis_address& a, duration rest) { tell_names(a, THARSIS_E_BUSY, {}, rest); }

  // Who answers there has shown by his certificate that the name is his: dns believes the servers that said so the more.
  void on_proved(const std::string& name, const tharsis_address& a, duration connected) { tell_names(a, THARSIS_OK, connected, {}, name, THARSIS_DNS_PROVED); }
  // He has shown another's, or one that nobody vouches for.
  void on_disproved(const std::string& name, const tharsis_address& a) { tell_names(a, THARSIS_E_UNTRUSTED, {}, {}, name, THARSIS_DNS_DISPROVED); }
  // It had not answered when another, which had had less time, had.
  void on_silent(const tharsis_address& a) { tell_names(a, THARSIS_PENDING); }
  // Whether stn.weak says that the network is.
  void on_weak(bool is) { weak_ = is; }

  // What is known goes into a plan whose roads are there.
  void prepare(race_plan& p, const dial_settings& s);
  // As segment_sizes says.
  int64_t beside(int64_t mss) const { return sizes_.beside(mss); }
  int64_t size_here() const { return sizes_.here(); }  // 0: as the system likes.
  bool small_here() const { return sizes_.here() != 0; }
  // Something of `who` stood still, so a connection with small segments was dialled beside it.
  void on_narrow_dial(const std::string& who, int64_t mss);
  // It was not needed: the first one moves again, or has won.
  void on_narrow_needless(const std::string& who);
  // It got through, and the one with `stuck` had still not moved; so long after that had begun to stand still.
  void on_hole(const std::string& who, int64_t stuck, int64_t passed, duration cost);
  void on_passed(int64_t mss);
  void on_carried(uint64_t bytes) { sizes_.on_carried(bytes); }
  // An address of `server` has not answered in time, so another one is dialled too.
  void on_beside(const std::string& server, const tharsis_address& silent, const tharsis_address& next);
  // Hears of these.
  void lend(std::function<void(std::string sentence)> ear) { ear_ = std::move(ear); }
  // A verdict of somebody else; 0: it is taken back.
  void clamp(int64_t mss, const std::string& reason);

 private:
  void arrange(race_plan& p) const;
  void tell_names(const tharsis_address& a, tharsis_status status, duration connect = {}, duration rest = {}, const std::string& name = {}, int32_t proof = THARSIS_DNS_NOT_ASKED);
  void tell(uint32_t what, std::string reason, int64_t before, duration cost);
  void on_read();
  int64_t wall_seconds() const { return place_.wall() / 1'000'000'000; }

  strand& place_;
  const host host_;
  resolver& names_;
  const remedies& asked_;
  const counter narrow_dials_, narrow_needless_, holes_;
  segment_sizes sizes_;
  kept_file file_;
  bool unread_ = false;
  std::list<signal*> waiting_;
  std::string network_;
  uint64_t generation_ = 0;
  bool weak_ = false;
  tharsis_handle topic_ = 0;
  uint64_t dials_ = 0, needless_ = 0;
  std::function<void(std::string)> ear_;
};

// What a race shows goes into the book.
class booked_race : public race_owner {
 public:
  explicit booked_race(path_book& book) : book_(book) {}
  // A proxy's address answers for the way to the proxy alone, a server's for all that follows.
  void on_tcp(const race_plan& p, const road& by, tharsis_status status, duration took) override;
  void on_failed(const race_plan& p, const road& by, const error& why) override;
  void on_silent(const race_plan& p, const road& by) override;
  void on_beside(const race_plan& p, const road& silent, const road& next) override { book_.on_beside(p.server, silent.at, next.at); }
  void on_narrow_dial(const race_plan& p) override { book_.on_narrow_dial(p.server, p.beside); }
  void on_hole(const race_plan& p, duration cost) override { book_.on_hole(p.server, p.mss, p.beside, cost); }
  void on_narrow_needless(const race_plan& p) override { book_.on_narrow_needless(p.server); }
  void on_large(const race_plan& p) override { book_.on_passed(p.mss); }

 private:
  path_book& book_;
};

}  // namespace tharsis::stn

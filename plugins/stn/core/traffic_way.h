// The way that traffic takes through the machine, and whether the connection of a link, which was dialled by one of them, may
// still be right.
#pragma once
#include <cstdint>
#include <string>
#include <utility>

namespace tharsis::stn {

struct traffic_way {
  uint64_t generation = 0;  // 0: nobody has said anything so far.
  std::string interface, network;

  std::string name() const { return interface + '/' + network; }
  // A network whose name is not known yet may be the same.
  bool is_another(const traffic_way& before) const {
    return interface != before.interface || (!network.empty() && !before.network.empty() && network != before.network);
  }
};

class way_watch {
 public:
  // Of the connection: it may stay; it has to be asked for a proof; or it leads through what is not there any more.
  enum class verdict { stays, asked, over };

  // It is this now. Answers what it was.
  traffic_way on_network(traffic_way now) { return std::exchange(now_, std::move(now)); }
  const traffic_way& now() const { return now_; }

  // A connection is dialled.
  void on_dialled() { dialled_ = now_; }
  // What the changes since then mean for it; each is told once.
  verdict follow() {
    if (now_.generation == dialled_.generation || now_.interface.empty()) return verdict::stays;
    before_ = std::exchange(dialled_, now_);
    return now_.is_another(before_) ? verdict::over : verdict::asked;
  }
  // Why it is over.
  std::string sentence() const {
    return "the network changed" + (before_.interface == now_.interface ? std::string() : " from " + before_.interface + " to " + now_.interface);
  }

 private:
  traffic_way now_, dialled_, before_;
};

}  // namespace tharsis::stn

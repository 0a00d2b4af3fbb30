// The connections beside a link's own one: made, closed, and given what they are to carry as core/lane_policy says.
#pragma once
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "plugins/stn/core/start_patience.h"
#include "plugins/stn/counts.h"
#include "plugins/stn/lane.h"
#include "plugins/stn/weak_memory.h"
#include "sdk/async/signal.h"
#include "sdk/async/task_set.h"

namespace tharsis::stn {

class link_lanes final : private lane::owner {
 public:
  // What the link does for them.
  struct errands {
    std::function<endpoint()> target;            // Where its own connection leads.
    std::function<start_sight()> progress;       // How far that is while it comes.
    std::function<const tharsis_address&()> at;  // And by which address.
    std::function<void()> hand_over;             // Answers are there, and valid until this returns.
    std::function<void()> nudge;                 // step() is to be called soon.
    std::function<void(size_t read, size_t written)> on_bytes;
    std::function<void(const push&)> on_push;
    std::function<void()> on_change;  // More or fewer of them, or another reason.
    std::function<void()> on_late;    // Tasks are late.
    std::function<void()> on_first;   // One is up while the link's own connection is not.
  };
  link_lanes(const live_connection::surroundings& s, const host& tables, switchboard& ways, task_queue& tasks, const counts& count, weak_memory& memory, errands e);
  ~link_lanes() { tasks_.spread_by(nullptr); }
  link_lanes(const link_lanes&) = delete;

  // The link's own connection: it is dialled now,
  void on_own_coming(const std::string& network);
  // or is up.
  void on_own_up(const std::string& network, bool weak, uint64_t server);
  // With `stay` lanes that are up carry on what they have, and one of them may be taken. Before its tasks learn of it.
  void on_own_lost(bool stay, bool by_server);
  // Has one of them brought anything just now? Where none has the server, or the path, may be silent as a whole.
  bool heard() const { return around_.place.now() < silent_at(); }
  instant silent_at() const { return later(heard_at_, heard_lately); }  // If nothing comes until then.
  // Did the link's own connection lose packets as it came?
  bool came_late() const { return policy_.came_late(); }
  bool has_successor() const { return policy_.best_successor().has_value(); }
  // It becomes the link's own.
  std::unique_ptr<live_connection> take_successor(dialer& arrives);

  void on_network(const std::string& network);
  // The memory knows more than it did.
  void recall(const std::string& network);
  void on_metered(bool metered) { policy_.on_metered(metered); }
  void change(const link_settings& s) { policy_.change(s.lanes, s.hedge); }
  void on_codec_gone(const std::string& sentence);
  // All of them end; what was out on them alone goes on elsewhere, as after a loss.
  void end(const error& why);
  // At once. Not inside a call of theirs.
  void clear() {
    starting_.clear();
    lanes_.clear();
  }

  // In each turn of the link's own connection, before requests are written, and after that.
  void step();
  void flush();
  instant deadline() const { return policy_.deadline(); }

  lane_report report() const;

 private:
  task<void> watch_start();
  void open_wanted();
  void open(uint32_t number);
  bool is_held_back();
  void share_budget(const std::string& network);
  void lose(lane& l, const error& why, bool ours);
  void follow();
  void count(const lane_totals& t);
  std::string name_of(const std::string& network) const { return around_.settings.name + ' ' + network; }
  void on_lane_up(lane& l) override;
  void on_lane_read(size_t bytes) override;
  void on_lane_written(size_t bytes) override;
  void on_lane_push(const push& p) override { errands_.on_push(p); }
  void on_lane_ended(lane& l, const loss& why) override;
  lane* find(uint32_t number);

  static constexpr duration heard_lately = 2s;

  const live_connection::surroundings around_;
  const host& host_;
  switchboard& ways_;
  task_queue& tasks_;
  const counts& counts_;
  const errands errands_;
  lane_policy policy_;
  weak_memory& memory_;
  double kept_ = 0;  // What the memory was told last.
  instant heard_at_{};
  lane_totals told_;  // What counts have heard.
  uint64_t told_late_ = 0;
  size_t told_lanes_ = 0;
  lane_use told_use_ = lane_use::one;
  std::string held_back_;  // Why there is no lane more; empty: one may be opened.
  bool told_held_back_ = true;
  std::vector<std::unique_ptr<lane>> lanes_;
  signal wait_;
  task_set starting_;
};

}  // namespace tharsis::stn

// Which of a link's connections carries which task, when a task is sent once more on another one, and how many connections
// there are.
//
// A task goes to the lane that owes fewest answers. It goes again, on another lane, when it had no answer for a multiple of
// the time that answers take now; only if it has a key, only as long as copies are in the budget, and never while a queue
// stands in the network: a copy would make it longer. Whoever answers first wins. That a timer ran out is the evidence that
// the network is weak: from it follow the spare lanes, and what copies the budget earns. Where it never does there is one
// connection and no copy.
//
// Pure: the owner makes the connections. The link's own is a lane like the others, but requests are written on it by the
// task queue itself.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "plugins/stn/core/chained_index.h"
#include "plugins/stn/core/copy_budget.h"
#include "plugins/stn/core/copy_times.h"
#include "plugins/stn/core/lane_board.h"
#include "plugins/stn/core/lane_need.h"
#include "plugins/stn/core/lane_pause.h"
#include "plugins/stn/core/lane_report.h"
#include "plugins/stn/core/side_way.h"

namespace tharsis::stn {

class lane_policy final : public side_way {
 public:
  lane_policy(const lane_settings& s, const hedge_settings& h, const lane_numbers& n = {});
  lane_policy(const lane_policy&) = delete;

  void change(const lane_settings& s, const hedge_settings& h);
  void on_metered(bool metered) { budget_.on_metered(metered); }
  // Copies count against this network and this server from now on.
  void share_budget(std::shared_ptr<copy_debt> with) { budget_.share(std::move(with)); }

  // As side_way says. What is taken is to be written by next_to_write().
  bool take(const request& r, instant now) override;
  void on_gone(uint32_t sequence, instant now) override;
  answer_use on_answer(uint32_t sequence, bool refused, instant now) override { return on_lane_answer(own_, sequence, refused, now); }
  bool carries(uint32_t sequence) const override;
  size_t owed() const override;
  int take_companions() override { return take_companions(own_); }

  // The link connects, through the network of which `known` tells. Where that is so weak that one connection would take long
  // lanes are wanted at once, beside it; until on_own_up() or on_own_lost().
  void on_own_coming(std::shared_ptr<lane_memory::network> known, instant now);
  // It takes longer than it should: a few lanes are wanted beside it here, too.
  void on_own_late(instant now);
  // The link's own connection is up, through the network of which `known` tells. `server`: the name of its server_memory.
  void on_own_up(std::shared_ptr<lane_memory::network> known, instant now, uint64_t server = 0);
  // More is known of it than before.
  void recall(std::shared_ptr<lane_memory::network> known, instant now);
  // It is gone, or did not come up; then carries() says of which tasks another lane takes care. `by_server`: who has ended it.
  void on_own_lost(bool by_server, instant now);
  // This lane is the link's own connection from now on. Sequences that it was to write.
  std::vector<uint32_t> adopt(uint32_t lane);
  // Of those that are up, the lane that is best suited for that.
  std::optional<uint32_t> best_successor() const;
  // Another network: what was so on the one before says nothing.
  void forgive(std::shared_ptr<lane_memory::network> known, instant now);
  // The network has shown itself weak while the link connected.
  void on_hint(instant now);

  bool wants_lane(instant now) const;
  // The number of the lane that is wanted now, if one is: it is being made.
  std::optional<uint32_t> take_opening(instant now);
  // A lane that nobody needs any more; it is to be closed, and is no lane from here on.
  std::optional<uint32_t> take_closing(instant now);
  void on_lane_up(uint32_t lane, instant now, uint64_t server = 0);
  // It did not come up, or died, or is closed. The sequences that were out on it alone; their tasks have lost this try.
  // `ours`: the link wanted it to end.
  std::vector<uint32_t> on_lane_lost(uint32_t lane, bool ours, instant now);

  // The next sequence that this lane is to write; nothing: none.
  std::optional<uint32_t> next_to_write(uint32_t lane);
  bool has_to_write(uint32_t lane) const;
  // It could not, or need not.
  void on_unwritten(uint32_t lane, uint32_t sequence, instant now);
  // Did the task go here before it went anywhere else?
  bool is_first(uint32_t lane, uint32_t sequence) const;
  answer_use on_lane_answer(uint32_t lane, uint32_t sequence, bool refused, instant now);
  bool owes(uint32_t lane, uint32_t sequence) const;
  size_t owed(uint32_t lane) const;
  // How many small frames are to follow what was written.
  int take_companions(uint32_t lane);
  // Sequences that the link's own connection is to write too.
  std::vector<uint32_t> take_for_own() { return std::exchange(for_own_, {}); }
  // Whether that is a copy of what another lane has.
  bool is_copy_on_own(uint32_t sequence) const { return !is_first(own_, sequence); }

  // Ask when deadline() has passed; harmless to ask early.
  void on_deadline(instant now);
  instant deadline() const;

  bool races() const { return racing_; }
  // Did its last connection, as it came, take longer than it should?
  bool came_late() const { return late_racers_ > 0; }
  bool weak() const { return need_.weak(); }
  uint64_t late_tasks() const { return late_tasks_; }  // So far.
  bool queue_stands() const { return times_.queue_stands(); }
  double remembered() const { return need_.remembered(); }  // Of this network.
  // Of report(), what costs nothing to ask for in each turn.
  const lane_totals& totals() const { return totals_; }
  size_t lanes() const { return board_.size() - board_.coming(); }
  lane_use use(instant now) const;
  lane_report report(instant now) const;

 private:
  struct watched {
    uint32_t sequence = 0;
    uint32_t first = 0;  // The lane that it was sent on first.
    size_t bytes = 0;
    uint64_t memory = 0;  // As its request's.
    int sent = 0;         // On so many lanes.
    bool copies = false;  // May be made.
    bool late = false;    // Its timer has run out.
    bool answered = false;
    bool refused = false;  // One lane has brought a refusal.
    bool denied = false;   // Counted as a copy that was not allowed.
    instant due = never;
    size_t place = 0;      // In watched_.
    watched* next = nullptr;
  };
  watched* find(uint32_t sequence) { return by_sequence_.find(sequence); }
  const watched* find(uint32_t sequence) const { return by_sequence_.find(sequence); }
  watched& watch(uint32_t sequence);
  void forget(watched& w);
  bool is_out(uint32_t sequence) const;
  void put(watched& w, lane_state& on, instant now);
  void write(watched& w, lane_state& on, instant now);
  void on_due(watched& w, instant now);
  void drop_owed(instant now);
  bool wants_racer(instant now) const;
  size_t spare(instant now) const;
  size_t most(instant now) const;
  std::string reason(instant now) const;

  lane_settings settings_;
  hedge_settings hedge_;
  lane_numbers numbers_;
  lane_need need_;
  lane_pause pause_;
  lane_board board_;
  copy_times times_;
  copy_budget budget_;
  std::vector<std::unique_ptr<watched>> pool_;  // Those of use before lie in unused_.
  std::vector<watched*> watched_, unused_;
  chained_index<watched, &watched::sequence, &watched::next> by_sequence_;
  std::vector<uint32_t> for_own_;
  lane_totals totals_;
  uint32_t own_ = 0;  // 0: it is not up.
  bool racing_ = false;  // It is on its way, and others may be there first.
  size_t late_racers_ = 0;  // Such as are wanted because it takes long.
  uint32_t last_id_ = 0;
  uint64_t late_tasks_ = 0;
  instant task_at_ = instant::min();
  instant spare_until_ = instant::min();
  instant contradicted_until_ = instant::min();
  instant look_at_ = never;  // For lanes to open or to close.
};

}  // namespace tharsis::stn

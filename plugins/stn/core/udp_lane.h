// Datagrams beside a long link's connection: which tasks go by one, when again, and when the connection has to.
//
// A task goes here if it is small and has a key, so that a copy does no harm. It goes again after a multiple of the time
// that answers take now, at most rounds_max times, and only while copies are in the budget and no queue stands in the
// network; then the connection carries it too. Whoever answers first wins. From the share of datagrams that are lost
// follows whether two go at a time. The lane is used once a probe has come back, and probed again when nothing does; where it
// is known to have worked tasks go both ways until then.
//
// Pure: contents of datagrams in and out; numbers are those that the sealed datagrams have.
#pragma once
#include <array>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "plugins/stn/core/copy_budget.h"
#include "plugins/stn/core/copy_times.h"
#include "plugins/stn/core/side_way.h"
#include "plugins/stn/core/udp_loss.h"
#include "plugins/stn/core/udp_probe.h"
#include "sdk/pure/mars_frame.h"

namespace tharsis::stn {

struct udp_totals {
  uint64_t sent = 0;        // Datagrams with a request, and of these
  uint64_t copies = 0;      // such as were not a task's first;
  uint64_t received = 0;    // that came back.
  uint64_t won = 0;         // Tasks that were answered here first,
  uint64_t lost = 0;        // and those that had gone here and were answered by the connection first.
  uint64_t to_stream = 0;   // Tasks that the connection had to carry too.
};

struct udp_output {
  std::span<const uint8_t> content;  // Valid until the next one.
  uint32_t sequence = 0;             // Of the task; 0: a probe.
  bool is_copy = false;              // One with this task has left before.
};

class udp_lane final : public side_way {
 public:
  // `known` outlives the lane. `round_trip`: of the connection, as far as it is known.
  udp_lane(const udp_settings& s, udp_memory::network& known, duration round_trip, instant now);
  udp_lane(const udp_lane&) = delete;

  bool take(const request& r, instant now) override;
  void on_gone(uint32_t sequence, instant now) override;

  // Traffic goes through this network now, by the same interface.
  void on_network(udp_memory::network& known, instant now);
  // The connection beside which it is lost packets as it came: datagrams do not wait for the answer to a probe, and are sent as where
  // some are lost.
  void on_lossy();
  // Each byte costs somebody money: no two at a time.
  void on_metered(bool metered) { budget_.on_metered(metered); }
  // Copies count against this network and this server from now on.
  void share_budget(std::shared_ptr<copy_debt> with) { budget_.share(std::move(with)); }

  // The next datagram that is due, which will have this number.
  std::optional<udp_output> next_output(uint32_t number, instant now);
  // What has come in the datagram of this number. A task's answer, which is valid as long as the content; or nothing.
  std::optional<mars::frame_view> on_content(uint32_t number, std::span<const uint8_t> content, instant now);
  // Sequences of tasks that the connection is to carry too.
  std::vector<uint32_t> take_for_stream() { return std::exchange(for_stream_, {}); }

  // The connection carries all.
  void give_up(instant now);
  // No task goes by a datagram while `is`. Whether any would come through is asked all the same.
  void shut(bool is, instant now);

  // Ask when deadline() has passed; harmless to ask early.
  void on_deadline(instant now);
  instant deadline() const;

  udp_probe::state state() const { return probe_.now(); }
  // Why it is off, if it is.
  std::string reason() const;
  double loss() const { return loss_.share(); }
  bool queue_stands() const { return times_.queue_stands(); }
  duration expected() const { return times_.expected(); }
  size_t open_tasks() const { return open_; }
  const udp_totals& totals() const { return totals_; }

 private:
  struct copy {
    uint32_t number = 0;
    instant sent_at{};
    bool answered = false;
  };
  struct entry {
    std::vector<uint8_t> content;
    std::array<copy, 9> copies{};  // Three in each round.
    size_t sent = 0;
    int rounds = 0;        // That have begun.
    int left = 0;          // Datagrams of this one that have yet to leave.
    bool open = true;      // Somebody waits for the answer.
    bool handed = false;   // The connection carries it too, or will bring its answer.
    instant next = never;  // Something is to be done; of one that is not open: its copies are judged.
  };
  using entries = std::map<uint32_t, entry>;  // By sequence.

  bool may_take(const request& r) const;
  // Nothing has come back yet; on this network it always did, or the connection is slower than it should be.
  bool trusts() const { return probe_.now() == udp_probe::state::asks && (known_->worked || lossy_); }
  void begin_round(entry& e, instant now);
  void go_on(uint32_t sequence, entry& e, instant now);
  void hand_over(uint32_t sequence, entry& e, instant now);
  void close(entry& e, instant now);
  void judge(entry& e, instant now);
  copy* copy_of(entry& e, uint32_t number);
  void on_time(duration took);

  udp_settings settings_;
  udp_memory::network* known_;
  udp_probe probe_;
  copy_times times_;
  copy_budget budget_;
  udp_loss loss_;
  udp_totals totals_;
  entries entries_;
  std::set<uint32_t> large_;  // Commands whose answers are too large for a datagram.
  std::vector<uint32_t> for_stream_;
  std::array<uint8_t, 8> probe_content_{};
  double window_;
  size_t open_ = 0;
  uint32_t highest_ = 0;  // Number that has come.
  instant heard_at_{};    // When something came.
  bool lossy_ = false;
  bool shut_ = false;
};

}  // namespace tharsis::stn

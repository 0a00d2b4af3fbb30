// The connections of a link, its own among them, and what each of them owes: requests without an answer by it, also those
// that were answered by another one meanwhile. Whoever owes least is the next.
#pragma once
#include <algorithm>
#include <cstdint>
#include <deque>
#include <list>
#include <optional>
#include <vector>

#include "sdk/pure/time.h"

namespace tharsis::stn {

struct lane_state {
  struct owed_answer {
    uint32_t sequence;
    instant sent_at;
  };
  uint32_t id = 0;
  bool up = false;
  uint64_t memory = 0;  // Of its server, see server_memory; 0: it has said nothing.
  instant up_at{}, idle_since{};
  std::vector<owed_answer> owed;
  std::deque<uint32_t> to_write;  // Sequences that its session has yet to write.
  int companions = 0;             // Small frames that are to follow what it writes next.

  bool idle() const { return up && owed.empty(); }
  bool owes(uint32_t sequence) const {
    return std::any_of(owed.begin(), owed.end(), [&](const owed_answer& o) { return o.sequence == sequence; });
  }
  // When it was sent, if it was.
  std::optional<instant> settle(uint32_t sequence, instant now) {
    const auto at = std::find_if(owed.begin(), owed.end(), [&](const owed_answer& o) { return o.sequence == sequence; });
    if (at == owed.end()) return std::nullopt;
    const instant sent_at = at->sent_at;
    owed.erase(at);
    if (owed.empty()) idle_since = now;
    return sent_at;
  }
};

class lane_board {
 public:
  lane_state& add(uint32_t id) {
    lane_state& made = all_.emplace_back();
    made.id = id;
    return made;
  }
  void remove(uint32_t id) {
    all_.remove_if([&](const lane_state& l) { return l.id == id; });
  }
  lane_state* find(uint32_t id) {
    const auto at = std::find_if(all_.begin(), all_.end(), [&](const lane_state& l) { return l.id == id; });
    return at == all_.end() ? nullptr : &*at;
  }
  const lane_state* find(uint32_t id) const { return const_cast<lane_board*>(this)->find(id); }

  // Of those that are up, and whose server has this memory (0: any), the one that owes least, and of these the eldest; none
  // that has the request of this sequence (0: any). Null: there is none.
  lane_state* least(uint64_t memory, uint32_t without = 0) {
    lane_state* best = nullptr;
    for (lane_state& l : all_) {
      const bool may = l.up && (memory == 0 || l.memory == memory) && (without == 0 || !l.owes(without));
      if (may && (best == nullptr || l.owed.size() < best->owed.size())) best = &l;
    }
    return best;
  }
  size_t idle() const {
    return static_cast<size_t>(std::count_if(all_.begin(), all_.end(), [](const lane_state& l) { return l.idle(); }));
  }
  size_t coming() const {
    return static_cast<size_t>(std::count_if(all_.begin(), all_.end(), [](const lane_state& l) { return !l.up; }));
  }
  size_t size() const { return all_.size(); }
  std::list<lane_state>& all() { return all_; }
  const std::list<lane_state>& all() const { return all_; }

 private:
  std::list<lane_state> all_;  // The eldest first.
};

}  // namespace tharsis::stn

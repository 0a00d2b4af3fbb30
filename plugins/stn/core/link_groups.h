// Groups of links: a task names one where it would name a link, and goes over that of its links which is best then.
#pragma once
#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace tharsis::stn {

struct group_settings {
  enum class choice {
    first_up,       // The first of the list that is up: the others stand in for it.
    least_waiting,  // The one with the fewest tasks without an answer.
    round_robin,    // Each in its turn.
  };
  std::string name;
  std::vector<std::string> links;
  choice choose = choice::first_up;
  bool operator==(const group_settings&) const = default;
};

// How a link of the group is now.
struct group_member {
  bool up = false;
  uint32_t failures = 0;  // Attempts in a row that did not come up.
  size_t waiting = 0;     // Tasks without an answer.
};

class group_choice {
 public:
  explicit group_choice(group_settings::choice how) : how_(how) {}

  // Which of them, in the order of the profile, a task goes over. There is at least one. Those that are up come
  // before those that are not; of these the ones that have failed least, so that a link on demand that rests is
  // woken when the one before it does not come up.
  size_t choose(std::span<const group_member> all) {
    const size_t from = how_ == group_settings::choice::round_robin ? last_ + 1 : 0;
    size_t best = from % all.size();
    for (size_t i = 1; i < all.size(); ++i) {
      const size_t other = (from + i) % all.size();
      if (is_better(all[other], all[best])) best = other;
    }
    return last_ = best;
  }

 private:
  bool is_better(const group_member& a, const group_member& b) const {
    if (a.up != b.up) return a.up;
    if (!a.up && a.failures != b.failures) return a.failures < b.failures;
    return how_ == group_settings::choice::least_waiting && a.waiting < b.waiting;
  }

  group_settings::choice how_;
  size_t last_ = SIZE_MAX;  // Whose turn it was.
};

}  // namespace tharsis::stn

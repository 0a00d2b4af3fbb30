// What somebody who knows what ails the network has asked for (sdk/abi/stn_heal.h): which of it holds now, and how it changes what is
// dialled. Nothing else is changed by a remedy, so that nothing is left of it when it has ended.
//
// Pure: the owner asks take_told() after each change, and again at deadline().
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/abi/stn_heal.h"
#include "sdk/pure/address.h"
#include "sdk/pure/error.h"
#include "sdk/pure/time.h"

namespace tharsis::stn {

struct remedy {
  uint64_t id = 0;
  uint32_t what = 0;  // THARSIS_STN_HEAL_*.
  uint32_t number = 0;
  tharsis_address address{};
  std::string host;
  std::string reason;
  instant since{}, until{};

  // What of: empty where there is nothing to tell apart.
  std::string subject() const { return what == THARSIS_STN_HEAL_ADDRESS ? place_text(address) : host; }
  bool is_for_the_same(const remedy& other) const { return what == other.what && subject() == other.subject(); }
};

// What is wrong with one as a caller hands it over; nothing: it can be applied.
std::optional<error> mistake_of(const tharsis_stn_remedy& wanted);

class remedies {
 public:
  // More than a network can be ill of; whoever repeats himself under new names is bounded.
  static constexpr size_t most = 32;

  struct told {
    remedy what;
    uint32_t state;  // THARSIS_STN_HEAL_BEGUN ...
  };

  // `until` is said, `since` is not.
  void apply(remedy r, instant now);
  void undo(uint64_t id);
  // By its id, as tharsis.network/1 tells it, and the number of its generation. What was said of another one holds no more.
  void on_network(std::string_view id, uint64_t generation);
  // What has changed since it was asked last, in its order.
  std::vector<told> take_told(instant now);
  // The next one ends; `never`: none does.
  instant deadline() const;

  const std::vector<remedy>& all() const { return all_; }
  // What holds, and why, for people.
  std::string words(instant now) const;

  // What holds now, but for families and addresses, which are dns' business (healing). 0: nothing is asked for.
  int64_t segments(instant now) const { return number_of(THARSIS_STN_HEAL_SEGMENTS, now); }
  uint16_t port(std::string_view host, instant now) const;
  // Nothing, or why no datagrams are to be sent.
  const remedy* datagrams(instant now) const { return find(THARSIS_STN_HEAL_DATAGRAMS, now); }
  const remedy* portal(instant now) const { return find(THARSIS_STN_HEAL_PORTAL, now); }

 private:
  const remedy* find(uint32_t what, instant now) const;
  int64_t number_of(uint32_t what, instant now) const;
  void end(size_t index, uint32_t state);

  std::string network_;
  uint64_t generation_ = 0;
  std::vector<remedy> all_;
  std::vector<told> told_;
};

}  // namespace tharsis::stn

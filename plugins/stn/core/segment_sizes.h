// How large TCP segments may be, by network. On some paths packets above a size vanish and nobody is told; small ones
// pass, so connections come up and then stand still. Where a connection with small segments got through beside one that
// stood still, all connections of that network have small ones from then on, until larger ones have been seen to pass.
//
// Nothing is sent to find that out. Once in a while a connection that is made anyway is a trial of a larger size; if it
// stands still the race that found the hole mends it again, so that a trial costs what a lost packet costs. The full
// size has its trial after a minute, and when that has failed after an hour. What lies between has one as often, and only where so much has been carried in
// small segments that larger ones would have been worth it; then the middle one of the sizes that tunnels and lines
// are known for is tried.
#pragma once
#include <cstdint>
#include <list>
#include <string>
#include <string_view>

#include "sdk/pure/error.h"
#include "sdk/pure/time.h"

namespace tharsis::stn {

struct segment_settings {
  // 1,240 bytes of packet: every IPv6 path carries 1,280, and no tunnel that people use is narrower. Small messages do
  // not notice; bulk has 17 % more packets.
  int64_t least = 1200;
  // A packet that was just lost looks the same. What was seen once is looked at again soon,
  duration once_again = 1min;
  // what was seen twice when the path may be another one: a trial that fails costs one stalled connection.
  duration full_again = 1h;
  // So much makes some 1,200 packets more than large segments would have: a trial costs less.
  uint64_t worth = 8 << 20;
  // A hole that was not seen for so long is forgotten; what a tunnel can carry does not change by the day.
  duration kept_for = 24h * 30;
  bool operator==(const segment_settings&) const = default;
};

class segment_sizes {
 public:
  explicit segment_sizes(const segment_settings& s = {}) : settings_(s) {}

  // By its id, as tharsis.network/1 tells it; empty: a network that nobody can name.
  void on_network(std::string_view id);

  struct choice {
    int64_t mss = 0;      // 0: as the system likes.
    bool trial = false;   // It may stand still; beside() gets through.
  };
  // For a connection that is dialled now. Times are seconds since 1970.
  choice next(int64_t wall);
  // What gets through where one with `mss` stands still; 0: nothing smaller is known of.
  int64_t beside(int64_t mss) const;

  // One with `stuck` stood still until one with `passed` had got through beside it. True: that is news.
  bool on_hole(int64_t stuck, int64_t passed, int64_t wall);
  // One has carried more bytes at once than go into one segment of this size, and they were confirmed. True: news.
  bool on_passed(int64_t mss, int64_t wall);
  // So much went over connections of this network.
  void on_carried(uint64_t bytes);

  // Whoever knows says so: no segment is larger on this network; 0: what was said or found does not hold. True: news.
  bool clamp(int64_t mss, int64_t wall);

  // What holds here; 0: the system's size.
  int64_t here() const;

  // A line each: network, the largest size that passed, the smallest that did not, sure or once, when that was looked
  // at last.
  std::string text() const;
  // What is known already is newer. Lines of long ago, or of the future, are left out.
  //   THARSIS_E_PROTOCOL  a line means nothing; the sentence says which. Then nothing was taken.
  error read(std::string_view text, int64_t wall);

  size_t size() const { return known_.size(); }
  static constexpr size_t known_max = 64;
  // As an MSS of IPv4: Ethernet less nothing. What the system likes is taken for it.
  static constexpr int64_t full = 1460;

 private:
  struct entry {
    std::string network;  // As it stands in the file.
    int64_t passes = 0, fails = full;
    int64_t looked = 0;    // When a size was found, or tried last.
    bool sure = false;     // Seen more than once, or told by somebody who knows.
    uint64_t carried = 0;  // Since then.
    bool tried_between = false;  // The last trial.
  };
  entry* find();
  const entry* find() const;
  int64_t middle(const entry& e) const;

  segment_settings settings_;
  std::string network_ = "-";
  std::list<entry> known_;  // What was of use last stands first.
};

}  // namespace tharsis::stn

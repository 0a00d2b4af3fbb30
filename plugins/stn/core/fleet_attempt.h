// One attempt of a simulated client to get connected: the race over addresses that real links run
// (core/dial_race.h), against simulated servers.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "plugins/stn/core/dial_race.h"
#include "plugins/stn/core/fleet_server.h"
#include "plugins/stn/core/fleet_tally.h"
#include "sdk/abi/abi.h"

namespace tharsis::stn {

class fleet_attempt {
 public:
  // `roads`: servers, in the order to try.
  fleet_attempt(const dial_settings& s, std::vector<uint16_t> roads, duration round_trip, instant now, instant until)
      : settings_(s), race_(s, {std::vector<duration>(roads.size()), round_trip, false}, now), roads_(std::move(roads)), round_trip_(round_trip), until_(until) {}

  // What became of one address.
  struct outcome {
    uint16_t server;
    tharsis_status status;
    duration took;
  };

  instant deadline() const;
  // Ask when deadline() has passed. The outcomes of it are appended.
  void on_deadline(std::vector<fleet_server>& servers, fleet_tally& tally, instant now, std::vector<outcome>& outcomes);

  // A server has taken the connection, in this life of its.
  std::optional<uint16_t> winner() const { return winner_; }
  uint32_t winner_life() const { return winner_life_; }
  bool lost(instant now) const { return !winner_ && (now >= until_ || race_.lost()); }
  instant until() const { return until_; }

 private:
  enum class stage : uint8_t { to_server, refused, unanswered, accepted, secured };
  struct flight {
    uint16_t server;
    size_t attempt;  // Of the race.
    stage at;
    uint8_t packets;  // That were sent to get there: the first one, and its repetitions.
    uint32_t life;
    instant began, due, give_up;
    instant secured;
  };
  void start(size_t attempt, instant now);
  bool step(flight& f, fleet_server& s, fleet_tally& tally, instant now, std::vector<outcome>& outcomes);
  void arrive(flight& f, fleet_server& s, fleet_tally& tally, instant now);
  bool fail(const flight& f, tharsis_status why, instant now, std::vector<outcome>& outcomes);

  dial_settings settings_;
  dial_race race_;
  std::vector<uint16_t> roads_;
  duration round_trip_;
  instant until_;
  std::vector<flight> flights_;
  std::optional<uint16_t> winner_;
  uint32_t winner_life_ = 0;
};

}  // namespace tharsis::stn

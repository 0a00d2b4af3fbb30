// What is counted while a fleet is simulated: who is connected and how many come, second by second, and how each
// incident went.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "plugins/stn/core/fleet_scenario.h"

namespace tharsis::stn {

// Something that took connections away.
struct fleet_incident {
  size_t event = 0;       // Of the scenario.
  int64_t second = 0;     // When.
  int64_t affected = 0;   // Clients that were connected to what it struck.
  size_t survivors = 0;   // Servers that took on connections afterwards.
  std::vector<uint32_t> noticed_ms;    // After the incident, of each that noticed.
  std::vector<uint32_t> recovered_ms;  // After noticing, of each that is on a working server again.
};

class fleet_tally {
 public:
  fleet_tally(size_t servers, instant begin) : begin_(begin), on_(servers), arrivals_(servers) {}

  // The first packet of a connection has come to a server that takes connections on.
  void on_dial(uint16_t server, instant now) {
    auto& of = arrivals_[server];
    const auto second = static_cast<size_t>(since_begin(now) / 1s);
    if (of.size() <= second) of.resize(second + 1);
    ++of[second];
  }
  void on_connected(uint16_t server) { ++on_[server]; }
  void on_gone(uint16_t server) { --on_[server]; }
  // All of its connections are worth nothing any more.
  int64_t on_death(uint16_t server) {
    const int64_t were = on_[server];
    on_[server] = 0;
    return were;
  }
  int64_t on(uint16_t server) const { return on_[server]; }

  uint16_t begin_incident(size_t event, int64_t affected, size_t survivors, instant now) {
    incidents_.push_back({event, since_begin(now) / 1s, affected, survivors, {}, {}});
    incidents_.back().noticed_ms.reserve(static_cast<size_t>(affected));
    incidents_.back().recovered_ms.reserve(static_cast<size_t>(affected));
    return static_cast<uint16_t>(incidents_.size());
  }
  void on_noticed(uint16_t incident, instant now) {
    fleet_incident& i = incidents_[incident - 1u];
    i.noticed_ms.push_back(static_cast<uint32_t>(milliseconds(since_begin(now) - i.second * 1s)));
  }
  void on_recovered(uint16_t incident, duration after) {
    incidents_[incident - 1u].recovered_ms.push_back(static_cast<uint32_t>(milliseconds(after)));
  }

  // Once a second.
  void sample() {
    int64_t all = 0;
    for (const int64_t n : on_) all += n;
    connected_.push_back(static_cast<uint32_t>(all));
  }

  const std::vector<uint32_t>& connected() const { return connected_; }
  const std::vector<std::vector<uint32_t>>& arrivals() const { return arrivals_; }
  const std::vector<fleet_incident>& incidents() const { return incidents_; }

 private:
  duration since_begin(instant now) const { return now - begin_; }

  instant begin_;
  std::vector<int64_t> on_;  // Clients with a working connection, by server.
  std::vector<std::vector<uint32_t>> arrivals_;  // By server and second.
  std::vector<uint32_t> connected_;              // By second.
  std::vector<fleet_incident> incidents_;
};

}  // namespace tharsis::stn

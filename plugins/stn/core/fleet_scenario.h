// What happens to a fleet of clients and to the servers that they are connected to: of `tharsis stn simulate-fleet`.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/pure/time.h"

namespace tharsis::stn {

// Servers that are alike, as those of one data centre.
struct fleet_group {
  std::string name;
  int64_t servers = 1;
  // Connections a second that one takes on, TLS and hello included. What comes faster waits,
  int64_t rate = 2000;
  // so many at most, as in Linux' queue of a listener; of more the first packet is lost.
  int64_t queue = 4096;
  // How long the answer to a hello, or to a task, takes.
  duration answer = 5ms;
};

enum class fleet_deed : uint8_t {
  fail,     // The program dies: clients are told, and new ones are refused.
  vanish,   // The machine is gone: nobody is told, and nothing is answered.
  refuse,   // New connections are refused; those that stand go on.
  slow,     // Takes on, and answers, `factor` times slower.
  drain,    // Refuses new connections and ends those that stand, evenly within `over`.
  recover,  // As in the beginning.
};

struct fleet_event {
  duration at{};
  size_t group = 0;
  int64_t servers = 0;  // The first ones of the group; 0: all.
  fleet_deed deed = fleet_deed::fail;
  int64_t factor = 10;
  duration over = 60s;
};

// In which order a client gets the addresses of all servers.
enum class fleet_order : uint8_t {
  turn,      // In a ring that begins elsewhere for each, as most name servers answer.
  shuffled,
  fixed,     // The same for all.
};

struct fleet_scenario {
  int64_t clients = 1'000'000;
  duration length = 45min;
  std::vector<fleet_group> groups;
  std::vector<fleet_event> events;  // In the order of their times.
  // Of the clients, in per cent: the application is looked at, or was left within the last ten minutes; the others'
  // is not in use.
  int64_t foreground = 15, background = 15;
  // On the average, between two tasks of one client.
  duration tasks_foreground = 60s, tasks_background = 600s, tasks_idle = 3600s;
  // Each client has its own between these.
  duration round_trip_min = 20ms, round_trip_max = 300ms;
  fleet_order order = fleet_order::turn;
};

inline constexpr int64_t fleet_clients_max = 1'000'000;
inline constexpr size_t fleet_servers_max = 64;  // As many addresses as a link takes.

// A third of the servers fails, and recovers; later another third vanishes without a word; then the last is drained.
fleet_scenario default_fleet_scenario();

// What a schema cannot say. Without a text there is none.
struct scenario_mistake {
  std::string place;  // Like "events.2.servers".
  std::string text;
};
scenario_mistake mistake_in(const fleet_scenario& s);

// As a scenario file has it.
std::string scenario_yaml(const fleet_scenario& s);

std::string_view deed_word(fleet_deed d);
std::string_view order_word(fleet_order o);

}  // namespace tharsis::stn

// Every number stn uses. plugin.yaml sets them by these names.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "plugins/stn/core/activity.h"
#include "plugins/stn/core/answer_times.h"
#include "plugins/stn/core/dial_settings.h"
#include "plugins/stn/core/lane_settings.h"
#include "plugins/stn/core/link_endpoint.h"
#include "plugins/stn/core/link_groups.h"
#include "plugins/stn/core/minor_links.h"
#include "plugins/stn/core/outbox_settings.h"
#include "plugins/stn/core/overload_settings.h"
#include "plugins/stn/core/proxy_settings.h"
#include "plugins/stn/core/second_way_settings.h"
#include "plugins/stn/core/task_limits.h"
#include "plugins/stn/core/short_settings.h"
#include "plugins/stn/core/sync_pace.h"
#include "plugins/stn/core/signalling.h"
#include "plugins/stn/core/stream_settings.h"
#include "plugins/stn/core/tls_settings.h"
#include "plugins/stn/core/weak_network.h"
#include "sdk/pure/address.h"
#include "sdk/pure/framing.h"
#include "sdk/pure/mars_frame.h"
#include "sdk/pure/time.h"

namespace tharsis::stn {

struct heartbeat_settings {
  // Carriers have been seen to forget idle TCP paths after four minutes; stay below.
  duration interval_min = 210s;
  // Above ten minutes the radio saves nothing more, and a dead link hides longer.
  duration interval_max = 600s;
  duration step = 60s;
  // Longer than three retransmissions of a lost packet take (1 + 2 + 4 s), so that a pong may be late.
  duration pong_timeout = 10s;
  int64_t grow_after = 3;
  // One lost pong may be a lost packet.
  int64_t shrink_after = 2;
  // Pongs at the shortest interval after each connect: a path that fails at once is no path for experiments.
  int64_t settle = 3;
  // Boxes are replaced and carriers change their minds, some time within a week.
  duration relearn_after = 24h * 7;
  // Somebody looks at the application: a dead link is found soon, whatever that costs the radio.
  bool foreground_shortest = true;
  // A ping so late was held back by the system, longer than paths are remembered: the link is dead, as a rule, and a
  // machine that is awake for a moment only does not wait the whole time to learn it.
  duration late = 900s;
  duration pong_timeout_late = 5s;
  // In the background, when the radio is awake for something else: a ping may come so much of its interval early, in
  // per cent. At half of it two links of one interval meet within one, and then stay together.
  int64_t early = 50;
  bool operator==(const heartbeat_settings&) const = default;
};

// A pause for each way in which the application is used.
struct pause_table {
  duration fresh, used, long_used, left, inactive;

  duration of(usage u) const {
    switch (u) {
      case usage::fresh: return fresh;
      case usage::used: return used;
      case usage::long_used: return long_used;
      case usage::left: return left;
      default: return inactive;
    }
  }
  bool operator==(const pause_table&) const = default;
};

struct reconnect_settings {
  enum class growth { doubling, at_once };
  // A server that restarts is back within a second or two, so the second try may come soon.
  duration pause_min = 500ms;
  // The longest ones. While somebody looks, half a minute without pushes is noticed. In the background a push may
  // be minutes late, and each try wakes a radio that then stays awake for ten seconds or more: at one try in ten
  // minutes that is less than 2 % of the time.
  pause_table pauses{30s, 30s, 60s, 120s, 600s};
  // The same while tasks wait. They live for some 15 s, so try at least twice in that time; in the background it is
  // the application that asks, and may ask for ever.
  pause_table pauses_wanted{5s, 5s, 5s, 10s, 30s};
  // at_once: every pause but the first is the longest one, as Mars has it.
  growth grows = growth::doubling;
  // While tasks wait a pause grows with the outage instead, to so much of what it has lasted, in per cent: a server that
  // is back after three seconds is met within half a second more. By doubling it would be one and a half. 0: it doubles.
  int64_t outage_share = 20;
  // How much of a pause is left to chance, in per cent: the clients of a server that comes back come one by one.
  int64_t jitter = 100;
  // The server has ended a connection that lived, so perhaps those of all its clients. Who waits for nothing comes
  // back when chance says, within so long while somebody looks at the application,
  duration spread_foreground = 30s;
  // and else within so long: a fleet is back in a minute, and no server that is left sees half as many again as an
  // even stream would bring (tharsis stn simulate-fleet). All at once, a third of a fleet makes it 60 times as many.
  // 0s: the first try is always at once.
  duration spread = 60s;
  // Whoever has sent something just now is about to send again, and does not wait.
  duration spread_lively = 1s;
  // Where there are any: in the background the pauses are these, one after the other, and back again when an attempt
  // was not soon after the last one.
  std::vector<duration> ladder;
  duration ladder_soon = 600s;
  // Without a network a try is of no use, and its coming is told; this is for hosts that do not see it.
  duration pause_no_network = 600s;
  // Nobody is logged in, and nobody is about to: what could be pushed?
  duration pause_no_account = 300s;
  duration pause_no_account_inactive = 3600s;
  // Nobody has ever been told to be logged in: that is how it is (false), or nobody is (true).
  bool account_expected = false;
  // After the server has refused who we are. It will not change its mind within a second, and thousands of clients
  // with an expired token must not keep it busy;
  duration refused_min = 2s;
  // but a person who waits for a repaired account looks again within minutes.
  duration refused_max = 300s;
  // A connection that died sooner has proved nothing: the pauses go on growing.
  duration lived = 10s;
  // Where a task wants the link now, one that lived so long is made again at once: a middlebox that cuts every connection
  // after some seconds costs each time two round trips, and a server that ends them all is asked no oftener than this.
  duration lived_lively = 2s;
  bool operator==(const reconnect_settings&) const = default;
};

// Who the application is, it proves by tharsis.stn.auth/1.
struct auth_settings {
  enum class use { off, optional, required };
  // Where somebody provides it he is asked; where nobody does, links come up without.
  use when = use::optional;
  // A stale token is refreshed once; a second refusal of a fresh one is a defect, a third proves it.
  int64_t attempts = 3;
  bool operator==(const auth_settings&) const = default;
};

struct link_settings {
  std::string name;
  std::vector<endpoint> endpoints;
  std::string codec = "mars";          // How messages stand on the wire.
  tharsis::codec_settings codec_settings;
  tls_settings tls;
  proxy_settings proxy;
  std::string user;          // Empty: no hello, a ping's pong is the proof.
  uint32_t client_version = mars::client_version_default;
  bool plain_allowed = false;  // tcp:// outside loopback.
  // Tasks with an idempotency key leave right behind the ping, or a hello that the server has taken before, a round trip
  // before its answer.
  bool eager = true;
  // Small tasks with a key may go in datagrams beside the connection where the server takes them: they need fewer bytes, and
  // a lost one holds up no other.
  bool udp = true;
  // Where the server says that it carries each key out once, tasks without one get one of the link's own; else they are sent once.
  bool deduplicated = true;
  // A push that several connections of the link bring comes to the application once; else as often as they bring it.
  bool pushes_once = true;
  // More connections where the network is weak, and a task on a second one where the first brings no answer in time.
  lane_settings lanes;
  hedge_settings hedge;
  // The connection is made when a task wants it; always kept otherwise.
  bool on_demand = false;
  // With on_demand. Who answers a message does so within a minute, as a rule; a link that nobody needs for longer
  // costs more in pings, and a server's memory, than the round trips of another connection.
  duration idle_after = 60s;
  // Resolving, dialling, TLS and hello together.
  duration connect_timeout = 15s;
  // Two lost packets in a row cost 1 + 2 s of retransmissions and a slow answer one more; a longer
  // silence is a dead path. 0: silence is left to the heartbeat.
  duration answer_timeout = 4s;
  // After the network has changed, or the machine slept, a ping goes out at once. On a path whose round trip
  // is known a lost packet costs less than a second; twice that is a dead path.
  duration doubt_timeout = 2s;
  second_way_settings second_way;
  heartbeat_settings heartbeat;
  reconnect_settings reconnect;
  auth_settings auth;
  signalling_settings signalling;
  dial_settings dial;
  backup_settings backup;
  move_settings moves;
  address_list debug_addresses;  // Where there are any, no other is dialled.
  bool operator==(const link_settings&) const = default;
};
inline endpoint_terms terms_of(const link_settings& s) { return {s.plain_allowed, !s.tls.ca.empty() || s.tls.system_store}; }

struct task_settings {
  duration timeout = 15s;
  // At a frame of some 100 bytes: half a megabyte, and at 1,000 answers a second four seconds' work.
  int64_t waiting_max = 4096;
  int64_t body_max = mars::body_size_max;
  // A path that lost a request this often will lose it again; its time is over long before, as a rule.
  int64_t retries = 30;
  // How long a command rests of which an answer said that the server wants no more.
  duration stop = 60s;
  answer_time_settings answer_times;
  repeat_settings repeats;
  flow_settings flow;
  budget_settings budget;
  rest_settings rest;
  bool operator==(const task_settings&) const = default;
};

struct settings {
  std::vector<link_settings> links;
  task_settings tasks;
  activity_settings activity;
  sync_settings sync;
  weak_settings weak;
  http_settings http;
  std::vector<short_link_settings> short_links;
  std::vector<group_settings> groups;
  std::vector<minor_settings> minor_links;
  outbox_settings outbox;
  stream_settings streams;
  breaker_settings breaker;
  extra_settings extra;
  bool heals = true;  // Whether remedies are taken from whoever has found out what ails the network.
  bool operator==(const settings&) const = default;
};

// Requests leave the queue only while fewer bytes than this wait for the system. What has not left can
// still be cancelled, and needs no key to survive the connection.
inline constexpr size_t write_window = 64 * 1024;
// Of a request's body: with its frame, TLS and TCP it fits into one packet of any path.
inline constexpr size_t packet_room = 1000;
// So much is read, or written, before others on this strand get their turn.
inline constexpr size_t read_turn = 256 * 1024;
inline constexpr size_t write_turn = 256 * 1024;
// Answers that come in pieces are kept until they are whole, all of a connection together up to this: a few
// of the largest.
inline constexpr size_t pieces_max = 16 * 1024 * 1024;
// A system's socket gives about so much at once.
inline constexpr size_t read_piece = 64 * 1024;
// The memory of a burst of requests goes with it; so much stays for the next ones.
inline constexpr size_t output_kept = 128 * 1024;
// The hello must stay a small frame.
inline constexpr size_t user_size_max = 256;
// Of `tharsis stn send`: eight bytes are kept for each task, and more than 80 MB are nobody's wish.
inline constexpr int64_t send_count_max = 10'000'000;
// Tasks a second. Slower than one in a quarter of an hour is no load; faster than one in a microsecond no machine is.
inline constexpr double send_rate_min = 0.001, send_rate_max = 1'000'000;
// What `tharsis stn status` reads is written at most so often: a person does not see more, and a phone's flash
// does not wear out.
inline constexpr duration book_pause = 1s;
// A thousand links, each with a full history.
inline constexpr uint64_t book_size_max = 16 << 20;
// Users' names are as long as keys.
inline constexpr size_t task_user_size_max = 64;
// What most requests that are made when their turn comes need at most; larger ones are asked for twice.
inline constexpr size_t encode_room = 4096;
// A frame takes no more.
inline constexpr int64_t encode_max = mars::frame_size_max - mars::head_size - 4 - mars::key_size_max;
// A parked task is tried again after so long even where nothing has shown that it makes sense: nothing else may
// be there to show it.
inline constexpr duration parked_max = 60s;
// A connection that another is to replace waits so long for the answers to what was sent on it, and sends nothing
// more: most answers come within seconds, and what waits meanwhile must not wait long.
inline constexpr duration replace_patience = 5s;
// Of tharsis.stn.links/1. An application has a few kinds of pushes, not hundreds.
inline constexpr int64_t subscriptions_max = 256;
// Whose strand does not take so many pushes does not live any more, as a rule.
inline constexpr int64_t pushes_waiting_max = 4096;
// Nor so many bytes of them: one push may be as large as a frame.
inline constexpr int64_t push_bytes_waiting_max = 16 << 20;
inline constexpr uint32_t endpoints_max = 64;
// What a server, or an application for it, may wish: faster is no heartbeat, slower proves nothing.
inline constexpr duration heartbeat_wish_min = 1s, heartbeat_wish_max = 1h;
// How long a stopping link may take to hand its last bytes to the system.
inline constexpr duration farewell = 500ms;

}  // namespace tharsis::stn

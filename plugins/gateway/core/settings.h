// Every number the gateway uses. plugin.yaml sets them by these names.
#pragma once
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "plugins/gateway/core/log_rules.h"
#include "plugins/gateway/core/stream_rules.h"
#include "sdk/pure/framing.h"
#include "sdk/pure/mars_frame.h"
#include "sdk/pure/time.h"

namespace tharsis::gateway {

// What one connection may use, so that no client takes the place of others.
struct limits {
  // Far below the usual 1,024 descriptors of a process.
  int64_t connections = 256;
  // TLS takes two round trips; ten seconds allow for lost packets on a bad path.
  duration handshake_timeout = 10s;
  // An honest client says hello at once; one that only holds the place is not waited for.
  duration first_frame_timeout = 15s;
  // The largest frame (1 MiB) at 17 KiB/s; a drip of bytes does not put it off.
  duration frame_timeout = 60s;
  // Mars' clients beat at least every ten minutes, and its sample server forgets them after this.
  duration idle_timeout = 15min;
  // A path that moves nothing for so long is dead.
  duration stall_timeout = 30s;
  // Room for a few of the largest frames; 256 such clients still fit into memory.
  int64_t unsent = 4 << 20;
  // A hundred times a busy client; what it bounds is the fan-out of pushes.
  int64_t requests_per_second = 10000;
  // More tasks of one client, over all its connections, are refused with the word when to come again. 0: any number.
  int64_t tasks_per_second = 0;
  // Messages that may be under way at a time, all clients together: half a second's work of a fast machine.
  int64_t open_tasks = 65536;
  // Who was refused comes again after this, at least: sooner would only be another refusal.
  duration retry_after = 1s;
  bool operator==(const limits&) const = default;
};

// How many requests of one connection are served before others get their turn.
inline constexpr int turn_requests = 32;

// Topics: enough for any sample client, too few to be a burden.
inline constexpr size_t topics_per_connection = 64;
inline constexpr size_t topic_name_max = 256;

// What is kept so that a repeated request is not carried out twice.
struct keeping {
  duration time = 10min;
  int64_t keys = 65536;
  int64_t clients = 1024;
  int64_t bytes = 128 << 20;
  bool told = false;  // To clients, which then send twice what has no key of its own; so no answer goes before `time`.
  bool operator==(const keeping&) const = default;
};

// Repeats that may wait for one request that is still being carried out: one for each connection a
// client lost meanwhile, with room to spare.
inline constexpr size_t askers_max = 16;

enum class outage_kind { reset, silent };

struct outage_plan {
  int64_t after_messages = 0;  // 0: no outage.
  duration lasts = 2s;         // Longer than any client's patience with one dial.
  outage_kind kind = outage_kind::reset;
  bool operator==(const outage_plan&) const = default;
};

// When the gateway is stopped.
struct drain_wish {
  duration within{};            // So long clients have to go elsewhere. 0: none; they find out.
  std::vector<std::string> to;  // Where to; empty: as their profile says.
  duration valid{};             // How long they hold; 0: as long as a client likes.
  bool operator==(const drain_wish&) const = default;
};

// While it runs.
struct move_wish {
  std::vector<std::string> to;  // Where clients are to go; empty: they stay.
  duration within = 60s;        // At moments of their own within this, so that they do not come there all at once.
  duration valid = 1h;
  bool operator==(const move_wish&) const = default;
};

// The receiver of log files.
struct log_settings {
  std::string listen;  // Empty: there is none.
  std::string folder;  // Empty: "logs" in the gateway's own.
  std::map<std::string, std::string> tokens;  // By source; "*": of all others.
  int64_t connections = 64;  // One a sender; each may bring a piece of a megabyte.
  duration handshake_timeout = 10s;  // As of any client.
  log_limits limits;
  bool operator==(const log_settings&) const = default;
};

// The short-link end.
struct http_settings {
  std::string listen;        // Empty: there is none.
  int64_t connections = 64;  // A client keeps some; each carries one task at a time.
  // Of one client, or one address where it says no name; as many as of a connection.
  int64_t requests_per_second = 10000;
  bool operator==(const http_settings&) const = default;
};

// Pages by which clients find out what is changed on the way.
struct canary_settings {
  std::string listen;        // Empty: there are none.
  std::string key;           // What the marks are made with; empty: there are no marks.
  int64_t connections = 64;  // At a time.
  bool operator==(const canary_settings&) const = default;
};

struct settings {
  std::string codec = "mars";  // How clients write their frames,
  tharsis::codec_settings codec_settings;
  std::string listen = "tcps://127.0.0.1:17443";
  std::string udp;  // Where datagrams come; empty: none are taken.
  bool open = false;
  bool plain_allowed = false;
  int64_t early_data = 0;  // Whoever records it can play it again, so somebody must want it.
  std::vector<std::string> names{"localhost", "127.0.0.1"};
  int64_t days = 30;  // An authority that nobody guards should not live long.
  duration work{};
  duration heartbeat{};  // Zero: clients know best.
  gateway::limits limits;
  keeping keep;
  outage_plan outage;
  log_settings logs;
  http_settings http;
  canary_settings canary;
  drain_wish drain;
  move_wish move;
  stream_settings streams;
  bool operator==(const settings&) const = default;

  // Where log files are; `data` is the gateway's own folder.
  std::string logs_folder(const std::string& data) const { return logs.folder.empty() ? data + "/logs" : logs.folder; }
};

// For one connection; the codec is one that stn has inside.
inline result<framing> open_frames(const settings& s) {
  return framing::open(*built_in_codec(s.codec), THARSIS_STN_SERVER, mars::client_version_default, s.codec_settings);
}

// When the listener could not be opened again after an outage, so often it is tried.
inline constexpr duration listen_again = 250ms;
// Complaints about too many connections, at most so often.
inline constexpr duration crowd_complaint = 1s;

}  // namespace tharsis::gateway

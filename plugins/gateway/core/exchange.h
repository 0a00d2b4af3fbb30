// What the gateway's connections share: who is there, what is said to whom, what was carried out
// already, and the planned outage. Requests in, deliveries out; pure.
#pragma once
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/gateway/core/client_pace.h"
#include "plugins/gateway/core/dedup.h"
#include "plugins/gateway/core/departure.h"
#include "plugins/gateway/core/outage.h"
#include "plugins/gateway/core/settings.h"
#include "plugins/gateway/core/topics.h"
#include "sdk/pure/mars_frame.h"
#include "sdk/pure/mars_messages.h"
#include "sdk/pure/metrics.h"
#include "sdk/pure/time.h"

namespace tharsis::gateway {

struct delivery {
  uint64_t connection = 0;
  std::shared_ptr<const mars::frame> what;  // A push is the same for all.
  uint32_t datagram = 0;                    // The one that it answers; 0: none.
  bool later = false;                       // A refusal that may be none at another time.
  bool paced = false;                       // It is one because this client has asked too often.
};

struct udp_offer {
  uint16_t port = 0;  // 0: there are none.
  mars::bytes id;
};

class exchange {
 public:
  // Of all connections together.
  struct counts {
    counter requests, messages, repeats, refused, pushes, busy, moves_told;
  };
  explicit exchange(const settings& s, counts c = {}) 
      : work_(s.work), heartbeat_(s.heartbeat), keys_kept_(s.keep.time), limits_(s.limits), counts_(c), dedup_(s.keep), outage_(s.outage), leaving_(s),
        tasks_pace_(s.limits.tasks_per_second), visits_pace_(s.http.requests_per_second) {}

  // The name of what it remembers of keys (sdk/pure/mars_messages.h), which clients are told; empty: they are told nothing.
  void name_memory(mars::bytes name) { memory_ = std::move(name); }

  // `udp`: what it is told about datagrams, once it says hello.
  void on_connect(uint64_t connection, udp_offer udp = {});
  // Somebody with one request, over HTTP. `client`: who says so; all that say nothing are one client.
  // `from`: its address, by which those that say nothing are told apart where it counts how often they come.
  void on_visit(uint64_t connection, const std::string& client, const std::string& from = {});
  void on_close(uint64_t connection);

  // One request. Not while out(). Answers a line for the log when there is something to say.
  // `datagram`: the number of the one it came in; 0: by the connection.
  std::string on_request(uint64_t connection, mars::frame request, instant now, uint32_t datagram = 0);
  // Frames for connections; some may have closed meanwhile.
  std::vector<delivery> take_deliveries() { return std::exchange(deliveries_, {}); }

  // When on_deadline() has something to do: a message is carried out.
  instant deadline() const { return jobs_.empty() ? never : jobs_.front().due; }
  void on_deadline(instant now);

  // Clients are to go elsewhere, or not any more: those that are there are told, and those that come.
  void on_move(const move_wish& m, instant now);
  // The gateway ends: the same.
  void on_drain(instant now);
  const departure& leaving() const { return leaving_; }
  bool busy() const { return !jobs_.empty(); }

  // The planned outage: nothing is taken and nothing is said.
  bool out(instant now) const { return outage_.out(now); }
  const outage& planned() const { return outage_; }

  uint64_t messages() const { return messages_; }
  counters counted(uint64_t connection) const;

 private:
  struct member {
    std::string client;   // The id it gave, or one that only this connection has.
    bool known = false;   // By an id of its own.
    bool puzzled = false; // It has sent a command that means nothing here.
    udp_offer udp;
    bool visits = false;  // One request over HTTP.
    bool greeted = false; // It has said something, so that it understands a word.
    std::string paced_as;
  };
  // A message that is being carried out.
  struct job {
    instant due;
    std::string client;
    bool known;
    mars::frame request;
    asker from;
    mars::send_message_request message;
  };

  std::string serve(const asker& from, mars::frame request, instant now);
  bool too_fast(const asker& from, uint32_t command, instant now);
  void tell_where(uint64_t connection, instant now);
  std::string on_hello(const asker& from, const mars::frame& request);
  void on_hello2(const asker& from, const mars::frame& request);
  void on_join(const asker& from, const mars::frame& request);
  void on_statistics(const asker& from, const mars::frame& request);
  std::string on_message(const asker& from, mars::frame request, instant now);
  void carry_out(job done, instant now);
  void push(const job& done);
  void answer(const asker& to, uint32_t command, std::vector<uint8_t> body);
  void refuse(const asker& to, uint32_t command, std::string sentence, duration retry_after, bool paced = false);

  duration work_;
  duration heartbeat_;
  duration keys_kept_;
  mars::bytes memory_;
  limits limits_;
  counts counts_;
  dedup dedup_;
  outage outage_;
  departure leaving_;
  client_pace tasks_pace_, visits_pace_;
  topics topics_;
  std::map<uint64_t, member> members_;
  std::deque<job> jobs_;  // By the time they are due: all take equally long.
  std::vector<delivery> deliveries_;
  uint64_t messages_ = 0;
};

}  // namespace tharsis::gateway

// Carries every key out once: remembers what a client's key was answered with, for a time and up to
// limits. Where clients were told for how long, nothing goes before: what has no place is not carried out.
// Pure; the owner carries requests out and tells the answers.
//
// Names: a client is whoever said hello with an id; a key names one piece of its work. The same key
// with another command or body is a mistake of the client, and is refused.
#pragma once
#include <cstdint>
#include <deque>
#include <list>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "plugins/gateway/core/settings.h"
#include "sdk/pure/time.h"

namespace tharsis::gateway {

// Who waits for an answer: a connection, the sequence of its request, and the datagram in which that came (0: in none).
struct asker {
  uint64_t connection = 0;
  uint32_t sequence = 0;
  uint32_t datagram = 0;
};

struct counters {
  uint64_t executions = 0;
  uint64_t keys = 0;
  uint64_t repeats = 0;
  uint64_t refusals = 0;
};

class dedup {
 public:
  explicit dedup(const keeping& keep) : keep_(keep) {}
  dedup(const dedup&) = delete;

  enum class verdict {
    execute,   // Carry it out and tell on_answer().
    wait,      // It is being carried out; on_answer() will name this asker too.
    repeat,    // `answer` is what it was answered with.
    conflict,  // The key belongs to another command or body.
    busy,      // Too much is under way for this client, or no answer may go before its time.
  };
  struct ruling {
    verdict what;
    std::span<const uint8_t> answer;  // Valid until the next call.
    duration wait{};  // Of busy: an answer's time is over then; zero: nobody knows when there is a place.
  };
  // A request with a key.
  ruling on_request(std::string_view client, std::span<const uint8_t> key, uint32_t command,
                    std::span<const uint8_t> body, asker from, instant now);
  // The request was carried out: everybody who waits for it, the first asker first.
  std::vector<asker> on_answer(std::string_view client, std::span<const uint8_t> key,
                               std::vector<uint8_t> answer, instant now);
  // A request without a key was carried out.
  void on_unnamed(std::string_view client);

  // The client will not come back.
  void forget(std::string_view client);

  counters counted(std::string_view client) const;
  size_t clients() const { return clients_.size(); }
  size_t answers() const { return answered_.size(); }
  uint64_t bytes() const { return bytes_; }

 private:
  struct client;
  struct entry {
    client* owner;
    std::string key;
    uint64_t fingerprint;
    std::vector<asker> waiting;
    std::vector<uint8_t> answer;
    instant given = never;
    uint64_t size() const { return sizeof(entry) + key.size() + answer.size(); }
  };
  using place = std::list<entry>::iterator;
  struct client {
    std::string id;
    std::unordered_map<std::string, place> by_key;
    std::deque<place> answered;  // By the time of the answer.
    uint64_t bytes = 0;          // Of its answers.
    counters counted;
    std::list<client*>::iterator used;
  };

  client* known(std::string_view id);
  bool may_go(const client& c) const;
  bool has_room() const { return !keep_.told || bytes_ < static_cast<uint64_t>(keep_.bytes); }
  ruling busy(const client* c, instant now) const;
  bool make_room_for_a_client();
  bool make_room_for_a_key(client& c);
  void expire(instant now);
  void drop_oldest(client& c);
  void shrink();
  void erase(client& c);

  keeping keep_;
  std::unordered_map<std::string, client> clients_;
  std::list<client*> used_;    // Least recently used first.
  std::list<entry> running_;   // Being carried out.
  std::list<entry> answered_;  // By the time of the answer.
  uint64_t bytes_ = 0;
};

}  // namespace tharsis::gateway

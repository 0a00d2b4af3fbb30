// What a client keeps in memory so that its next handshake with the same server is shorter: tickets, each used
// once. On one thread at a time.
#pragma once
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <string>

struct ssl_session_st;

namespace tharsis {

class tls_sessions {
 public:
  struct freed {
    void operator()(ssl_session_st* s) const;
  };
  using session = std::unique_ptr<ssl_session_st, freed>;

  // `key` names the server and everything that its trust depends on. Only the newest tickets stay.
  void keep(const std::string& key, session s);
  // The newest that can still be used at this time; null: there is none.
  session take(const std::string& key, int64_t wall_seconds);
  // Would take() give one that allows early data?
  bool early_data(const std::string& key, int64_t wall_seconds) const;
  void forget() { kept_.clear(); }
  size_t size() const { return kept_.size(); }

  // Called after each handshake that was offered a ticket: was it taken, and what was sent early with it?
  std::function<void(bool resumed, bool early)> told;

  static constexpr size_t kept_max = 64;    // In all: some links with two tickets of each endpoint.
  static constexpr size_t per_server_max = 4;

 private:
  struct entry {
    std::string key;
    session what;
  };
  std::list<entry> kept_;  // The newest first.
};

// How a client's handshake uses them.
struct tls_resumption {
  tls_sessions* sessions = nullptr;  // Null: every handshake is a full one. Outlives the connection.
  std::string server;                // "link main, im.example.com:443"
  // What is written before the handshake is done goes out with its first flight, where a ticket allows that.
  // Whoever records it can play it to the server again, so it must do no harm twice.
  bool early_data = false;
};

}  // namespace tharsis

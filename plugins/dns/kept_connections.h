// Connections to servers of tls://, https:// and vendors' pages that outlive a question: one for each server, for many questions at
// once; where it speaks HTTP/1.1 a few, each for one question after the other. A handshake costs three round trips, a question one.
// One that is dead is noticed by who asks over it, and the question goes over a fresh one, once.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "plugins/dns/ask.h"
#include "plugins/dns/doh_exchange.h"
#include "plugins/dns/dot_wire.h"
#include "sdk/async/http1_client.h"
#include "sdk/async/http2_client.h"
#include "sdk/async/task_set.h"

namespace tharsis::dns {

class kept_connections {
 public:
  // `m` outlives it.
  explicit kept_connections(const means& m) : means_(m), work_(m.place) {}
  kept_connections(const kept_connections&) = delete;

  // Of https:// and pages: the body of the answer.
  task<result<std::string>> exchange(server to, web_question q, instant deadline);
  // Of tls://: the message that answers the question; its id may be another one afterwards.
  task<result<std::vector<uint8_t>>> exchange(server to, question& q, instant deadline);

  // They belong to a network that was left. Questions that are under way fail.
  void drop();
  // No question is under way any more, and nothing stays open.
  void close() {
    drop();
    work_.clear();
  }

 private:
  struct spare_line {
    std::unique_ptr<http1_client> line;
    instant since;
  };
  struct site {
    std::shared_ptr<http2_client> web;
    std::shared_ptr<dot_wire> bare;
    bool is_single = false;             // It speaks HTTP/1.1.
    std::vector<spare_line> spare;      // Of that: connections that wait for a question, the last used last.
    size_t busy = 0;                    // And how many have one.
    bool opening = false;
    bool proved = false;  // Of `web`: an answer has come over it.
    error failure = fine();
    instant heard{};      // Of `web`, the last one.
    instant used{};       // When a question over it began or ended.
    size_t asking = 0;
    std::vector<signal*> waiting;

    bool ready() const { return is_single || (bare && bare->lives()) || (web && web->takes_more() && web->room() > 0); }
    bool open() const { return (web && web->takes_more()) || (bare && bare->lives()); }
    void tell() const {
      for (signal* s : waiting) s->raise();
    }
  };
  struct asking;
  struct borrowed;

  site& site_of(const server& to) { return sites_[to.text]; }
  task<void> open(server to);
  task<error> ready(site& s, server to, instant deadline);
  task<result<std::string>> exchange_single(site& s, server to, web_question q, instant deadline);
  instant patience(bool proved, instant heard, instant deadline) const;
  task<void> close_idle();
  void watch_idle();

  const means& means_;
  std::map<std::string, site> sites_;
  uint64_t network_ = 0;
  bool watching_ = false;
  task_set work_;
};

}  // namespace tharsis::dns

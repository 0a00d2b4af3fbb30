// The connections to HTTP servers: makes them within the pool's limits and keeps those that may be used again. One of
// HTTP/1.1 is lent to one call at a time, one of HTTP/2 to as many as it carries.
#pragma once
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>

#include "plugins/stn/core/http_pool.h"
#include "plugins/stn/core/http_settings.h"
#include "plugins/stn/http_wire.h"
#include "sdk/async/http1_client.h"
#include "sdk/async/http2_client.h"
#include "sdk/async/task_set.h"

namespace tharsis::stn {

class http_connections {
 public:
  // Where streams come from, a proxy or a tunnel included, is `dial`'s affair; it offers the same versions. Outlives
  // what it lends.
  http_connections(strand& place, http_wire_dialler dial, const http_pool_settings& s,
                   http_versions spoken = {}, http1::limits l = {});
  ~http_connections();
  http_connections(const http_connections&) = delete;

  // A line for one exchange.
  class lent {
   public:
    lent(lent&& other) noexcept;
    lent& operator=(lent&& other) noexcept;
    ~lent() { drop(); }
    http_line& operator*() const { return *line_; }
    http_line* operator->() const { return line_.get(); }
    bool reused() const { return reused_; }
    // Where it leads; family 0: a proxy knows.
    tharsis_address server() const { return owner_->pool_.server(id_); }
    // The exchange is over, and the server keeps its side for so long. A connection of HTTP/1.1 that is not kept is
    // closed.
    void keep(duration at_most);

   private:
    friend class http_connections;
    lent(http_connections& owner, uint64_t id, std::unique_ptr<http_line> l, bool reused);
    void drop();
    http_connections* owner_;
    uint64_t id_;
    std::unique_ptr<http_line> line_;
    bool reused_;
  };

  // What is asked for: `newer_than` has the time after which the connection must have been opened, where one that
  // was there before has failed.
  struct wish {
    url to;
    std::optional<instant> newer_than;
    duration connect;  // As long as making the connection may take,
    instant deadline;  // and waiting for a place too.
  };
  // `dialled` is set to when making the connection began. Where HTTP/2 may be spoken one attempt is made for all
  // that wait for the same server; what becomes of it they all learn.
  //   THARSIS_E_TIMEOUT   no place in time.
  //   THARSIS_E_PROTOCOL  the server does not speak the HTTP that is wanted.
  //   or what the dialler says.
  task<result<lent>> take(wish w, instant* dialled);

  // Traffic takes another way: nothing that was opened before is used again.
  void on_network();
  // That server is left alone: nothing that leads there is used again, where there are others.
  void leave(const tharsis_address& server);
  // Closes what is idle, for good.
  void close();
  size_t size() const { return pool_.size(); }
  size_t idle() const { return pool_.idle(); }

 private:
  struct waiter {
    waiter(http_connections& c, const wish& w);
    ~waiter();
    // Nobody waits for it any longer than this.
    instant until() const { return std::min(asks.deadline, later(dialled, asks.connect)); }
    http_connections& owner;
    const wish asks;
    const std::string origin;
    instant dialled = never;
    std::optional<error> failure;  // Of an attempt that was its own too.
    signal turn;
    std::list<waiter*>::iterator here;
  };
  struct place_taken;
  struct attempt;
  // A connection of HTTP/2.
  struct shared {
    std::string origin;
    std::shared_ptr<http2_client> client;
    instant opened;
    size_t lent_out = 0;
    bool used = false;
    bool stale = false;  // What it has begun it ends.
    bool serves(const waiter& w) const;
  };
  std::optional<lent> take_turn(const waiter& w, uint64_t& own);
  std::optional<lent> take_kept(const waiter& w);
  std::optional<lent> take_shared(const waiter& w);
  std::optional<lent> take_idle(const waiter& w);
  lent lend_shared(uint64_t id);
  void return_shared(uint64_t id, duration keep);
  uint64_t open(const std::string& origin);
  bool first_in_line(const waiter& w) const;
  const attempt* attempt_for(const waiter& w) const;
  bool dials_for_all(const waiter& w) const;
  instant patience_of(const waiter& w) const;
  error too_late(const waiter& w) const;
  void note(uint64_t id, const http_wire& wire) { pool_.led_to(id, wire.at, wire.others); }
  void begin_attempt(const waiter& w, uint64_t id);
  task<void> carry_out(attempt* a, url to);
  bool speaks_http2(const http_wire& wire, const url& to) const;
  std::optional<error> refusal_of(const http_wire& wire, const url& to) const;
  std::unique_ptr<http1_client> older_client(http_wire wire, const url& to);
  void share(uint64_t id, http_wire wire, const url& to);
  void on_left(const waiter& w);
  void on_over(uint64_t id, duration keep);
  void wake();
  void forget(uint64_t id);
  task<void> sweep();

  strand& place_;
  const http_wire_dialler dial_;
  const http_versions spoken_;
  const http1::limits limits_;
  http_pool pool_;
  std::map<uint64_t, std::unique_ptr<http1_client>> idle_;
  std::map<uint64_t, shared> shared_;
  std::map<std::string, uint64_t> unused_;  // Among the idle ones, those that were made for who waits at their origin.
  std::map<std::string, std::unique_ptr<attempt>> attempts_;
  std::set<std::string> older_;  // Origins that chose HTTP/1.1 last.
  std::list<waiter*> waiting_;   // In the order in which they came.
  signal news_;
  bool closed_ = false;
  task_set work_;
};

}  // namespace tharsis::stn

// The connections to HTTP servers: makes them within the pool's limits, lends each to one call at a time, keeps
// those that may be used again.
#pragma once
#include <list>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "plugins/stn/core/http_pool.h"
#include "plugins/stn/http_wire.h"
#include "sdk/async/http1_client.h"
#include "sdk/async/task_set.h"

namespace tharsis::stn {

class http_connections {
 public:
  // Where streams come from, a proxy or a tunnel included, is `dial`'s affair. Outlives what it lends.
  http_connections(strand& place, http_wire_dialler dial, const http_pool_settings& s, http1::limits l = {});
  http_connections(const http_connections&) = delete;

  // A connection for one exchange. What is not kept is closed with it.
  class lent {
   public:
    lent(lent&& other) noexcept;
    lent& operator=(lent&& other) noexcept;
    ~lent() { drop(); }
    http1_client& operator*() const { return *client_; }
    http1_client* operator->() const { return client_.get(); }
    bool reused() const { return reused_; }
    // The exchange is over, and the server keeps its side for so long.
    void keep(duration at_most);

   private:
    friend class http_connections;
    lent(http_connections& owner, uint64_t id, std::unique_ptr<http1_client> c, bool reused);
    void drop();
    http_connections* owner_;
    uint64_t id_;
    std::unique_ptr<http1_client> client_;
    bool reused_;
  };

  // `fresh`: not one that was used before. Waits for a place until the deadline, for the connection no longer
  // than `connect`; `dialled` is set to when that began.
  //   THARSIS_E_TIMEOUT  no place in time; else what the dialler says.
  task<result<lent>> take(url to, bool fresh, duration connect, instant deadline, instant* dialled);

  // Traffic takes another way: nothing that was opened before is used again.
  void on_network();
  // Closes what is idle, for good.
  void close();
  size_t size() const { return pool_.size(); }
  size_t idle() const { return idle_.size(); }

 private:
  struct waiter {
    waiter(http_connections& c, std::string o);
    ~waiter();
    http_connections& owner;
    const std::string origin;
    signal turn;
    std::list<waiter*>::iterator here;
  };
  struct place_taken;
  std::unique_ptr<http1_client> take_idle(const std::string& origin, uint64_t& id);
  uint64_t open(const std::string& origin);
  bool first_in_line(const waiter& w) const;
  void wake();
  void drop(std::vector<uint64_t> ids);
  void on_over(uint64_t id);
  task<void> sweep();

  strand& place_;
  const http_wire_dialler dial_;
  const http1::limits limits_;
  http_pool pool_;
  std::map<uint64_t, std::unique_ptr<http1_client>> idle_;
  std::list<waiter*> waiting_;  // In the order in which they came.
  signal news_;
  bool closed_ = false;
  task_set work_;
};

}  // namespace tharsis::stn

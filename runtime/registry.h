// Services by interface id: who provides, who consumes, and the acknowledged change from one to the
// other.
//
// A consumer is told of a change on its own strand; when that function has returned it has let go
// of the old table. Only when all consumers have, the one who withdrew is told.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "runtime/metrics.h"
#include "sdk/abi/registry.h"

namespace tharsis::runtime {

class registry {
 public:
  // How a consumer is reached: run the function on its strand, later, or drop it when the strand is
  // closed. Called with the registry's lock held. [any thread]
  using send = std::function<void(std::function<void()>)>;
  // Told on the consumer's strand: `table` is the best provider now, or null.
  using on_change = std::function<void(const std::string& id, const void* table)>;

  // Without `counted` nothing is counted.
  explicit registry(metrics* counted = nullptr);
  registry(const registry&) = delete;

  // All [any thread]. `plugin` names provider and consumer. Among a consumer's ids may be patterns (interface_wish.h).
  void add_consumer(const std::string& plugin, std::vector<std::string> ids, send to, on_change told);
  // The consumer has gone. A change it has not acknowledged counts as acknowledged once its `send`
  // has dropped what waits.
  void remove_consumer(const std::string& plugin);

  // A provision is hidden until publish(plugin).
  //   THARSIS_E_IN_USE  it is provided by this plugin already.   THARSIS_E_GONE  the plugin was expelled.
  tharsis_status provide(const std::string& plugin, const std::string& id, const void* table, int32_t rank);
  void publish(const std::string& plugin);

  // Takes back one id, or all of a plugin's; `done` is called on some strand once nobody uses them. It
  // may send, and nothing else: some lock may be held.
  tharsis_status withdraw(const std::string& plugin, const std::string& id, std::function<void()> done);
  void withdraw_all(const std::string& plugin, std::function<void()> done);

  // Takes back all of a plugin that nobody waits for any more; whatever its late code still provides
  // is refused, and never seen.
  void expel(const std::string& plugin);

  // The best visible provider's table, or null.
  const void* best(const std::string& id) const;
  // Who provides it best, for people; empty if nobody does.
  std::string provider(const std::string& id) const;

 private:
  struct provision {
    std::string plugin;
    const void* table;
    int32_t rank;
    bool visible;
  };
  struct consumer {
    std::vector<std::string> ids;
    send to;
    on_change told;
  };
  // Calls `done` when the last copy is dropped: every acknowledgement holds one.
  struct acknowledged {
    std::function<void()> done;
    std::vector<std::shared_ptr<acknowledged>> then;  // They wait for this one too.
    ~acknowledged() {
      if (done) done();
    }
  };

  const void* best_locked(const std::string& id) const;
  void count_visible() const;
  bool erase(std::vector<provision>& list, const std::string& plugin, const std::string& id,
             const std::shared_ptr<acknowledged>& token);
  void tell_consumers(const std::string& id, const std::shared_ptr<acknowledged>& token);

  mutable std::mutex mutex_;
  gauge services_;   // [mutex held]
  counter changes_;  // [mutex held]
  std::map<std::string, std::vector<provision>> provisions_;  // By interface id.
  std::map<std::string, consumer> consumers_;                 // By plugin.
  std::map<std::string, std::vector<std::weak_ptr<acknowledged>>> under_way_;  // Withdrawals, by provider.
  std::set<std::string> expelled_;
};

}  // namespace tharsis::runtime

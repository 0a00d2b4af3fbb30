// A service for threads that own no strand: it is not withdrawn between enter() and leave().
//
// Whoever is inside is counted. At every change of providers the table is hidden, so that nobody new
// comes in; when the last one has left, the change is acknowledged and the best table shown again.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "runtime/registry.h"

namespace tharsis::runtime {

class host_guard : public std::enable_shared_from_this<host_guard> {
 public:
  // Runs a function soon, on some thread, or drops it. [any thread, the registry locked]
  using send = std::function<void(std::function<void()>)>;

  // `name` is unique among the registry's consumers. The registry outlives the guard.
  host_guard(registry& services, std::string name, std::string interface_id);
  host_guard(const host_guard&) = delete;

  // Once, before everything else. [any thread]
  void attach(const send& to);
  // Nobody is inside, and nobody comes in any more. [any thread]
  void detach();

  // The table, or null: then nobody is inside. [any thread]
  const void* enter();
  void leave();

 private:
  void change(std::function<void()> acknowledgement);
  void settle();

  registry& registry_;
  const std::string name_, id_;
  std::atomic<const void*> table_{nullptr};
  std::atomic<size_t> inside_{0};
  std::atomic<bool> changing_{false};
  std::mutex mutex_;
  std::vector<std::function<void()>> changes_;  // What waits for those inside; each holds an acknowledgement.
  bool bound_ = true;
};

}  // namespace tharsis::runtime

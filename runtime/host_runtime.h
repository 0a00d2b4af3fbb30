// A runtime inside a host application: its platform, the thread that pumps `main`, and its end.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "runtime/host_guard.h"
#include "runtime/os_host_wake_linux.h"
#include "runtime/profile.h"
#include "runtime/real_platform.h"
#include "runtime/real_strand.h"
#include "runtime/runtime.h"
#include "sdk/pure/error.h"

namespace tharsis::runtime {

class host_runtime {
 public:
  struct options {
    profile plan;
    const tharsis_platform* platform = nullptr;  // The caller's, who runs it; null: a real one.
    std::string name;  // Of the runtime among those with the same state folder.
    unsigned threads = 0;  // Of the shared pool; 0: as many as a platform takes by itself.
  };
  static result<std::unique_ptr<host_runtime>> create(options o);
  // Only when it is destroyable().
  ~host_runtime();
  host_runtime(const host_runtime&) = delete;

  std::optional<error> start();

  // OK, PENDING when there is more, or THARSIS_E_INVALID. [always the same thread]
  tharsis_status run_once(duration budget);
  // Pumps until all plugins are at rest or the time is over. OK, TIMEOUT or INVALID. [the thread of run_once]
  tharsis_status stop(std::optional<duration> limit);
  // Changes to another profile, and has plugins read the files again that it names. Pumps while it waits when this is the
  // thread of run_once; on another one that thread has to go on pumping.
  reload_answer reload(profile next);
  // As stop(), on any thread once the thread of run_once has ended; waits for nothing when a stop was asked
  // for and has timed out. False: from inside a callback, nothing was done.
  bool end();
  // False: code that has not come back may use it.
  bool destroyable() const;

  // [any thread]
  bool settled() const { return settled_; }
  std::string report() const;  // {"state":..,"plugins":[..]}
  host_wake& wake() { return *wake_; }
  const host_wake& wake() const { return *wake_; }
  const metrics& counted() const { return runtime_->counted(); }
  bus& events() { return runtime_->events(); }
  network_hub& network() { return runtime_->network(); }
  const tharsis_log* log() const { return log_->table(); }
  // Nothing: a plugin of the profile provides the interface, and threads of the host may call it.
  std::optional<error> missing(const std::string& interface_id) const;
  std::shared_ptr<host_guard> attach(const std::string& interface_id);
  // The strand to which services answer what is asked on threads of the host. It is carried by `main`.
  real_strand& answers() { return *answers_; }

 private:
  enum class phase { created, started, ended };

  explicit host_runtime(const options& o);
  bool begin_pumping();
  tharsis_status wait_for_end(std::optional<duration> limit);
  std::string_view state() const;

  const std::string data_folder_;
  const bool run_by_caller_;  // The platform is.
  real_platform platform_;
  std::unique_ptr<host_wake> wake_;
  real_strand* answers_ = nullptr;
  std::unique_ptr<runtime> runtime_;
  std::unique_ptr<log_table> log_;
  std::mutex turning_;  // From one phase to the next.
  std::atomic<phase> phase_ = phase::created;
  std::atomic<bool> settled_ = false, stopping_ = false;
  std::atomic<bool> pumping_ = false;
  std::atomic<uint64_t> pump_thread_ = 0;
  std::atomic<uint64_t> guards_ = 0;
};

}  // namespace tharsis::runtime

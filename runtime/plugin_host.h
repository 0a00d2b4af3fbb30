// One plugin in a runtime: its strand, the tables it sees, and its lifecycle steps.
//
// Everything here happens on the plugin's strand, except what says otherwise. A step is asked for
// from the runtime's strand and tells its end through `on_step`.
#pragma once
#include <atomic>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/bus.h"
#include "runtime/leak_audit.h"
#include "runtime/lifecycle.h"
#include "runtime/log_table.h"
#include "runtime/metrics.h"
#include "runtime/network_table.h"
#include "runtime/plugin_files.h"
#include "runtime/plugin_settings.h"
#include "runtime/profile.h"
#include "runtime/registry.h"
#include "runtime/strand_inbox.h"
#include "sdk/abi/console.h"
#include "sdk/abi/plugin.h"

namespace tharsis::runtime {

// That `function` may only be called on the strand of `plugin`, and was called elsewhere.
std::string wrong_thread_sentence(std::string_view function, std::string_view plugin);

class plugin_host {
 public:
  // What all plugins of a runtime share. Outlives them.
  struct shared {
    const tharsis_platform* platform;
    runtime::bus* bus;
    runtime::registry* registry;
    runtime::log_hub* log;
    runtime::metrics* metrics;
    const runtime::network_hub* network;
    const tharsis_console* console;  // May be null.
    std::string data_folder;
    // [the plugin's strand] A step has ended; `failure` is empty when it went well.
    std::function<void(size_t plugin, lifecycle::step, std::string failure)> on_step;
    // [the plugin's strand] What the plugin says to `prepare`.
    std::function<void(size_t plugin, uint64_t reload, tharsis_status, std::string sentence)> on_prepared;
    // [the plugin's strand] A running plugin cannot go on.
    std::function<void(size_t plugin, std::string reason)> on_failed;
    // [the plugin's strand] `commit` has come back; if it failed, on_failed was told before.
    std::function<void(size_t plugin, uint64_t reload)> on_committed = {};
    // [the plugin's strand] It has gone, and this it has left open: "left 1 timer open ...", for each kind.
    std::function<void(size_t plugin, const std::vector<std::string>& sentences)> on_gone = {};
  };

  plugin_host(const shared& s, size_t index, const plugin_entry& entry);
  ~plugin_host();
  plugin_host(const plugin_host&) = delete;

  // Maps the library and checks it against the manifest. Before open(). [the thread that starts, or the runtime's strand]
  tharsis_status load(tharsis_error* error);
  // Opens the strand, in which it is created. [runtime's strand]
  tharsis_status open(tharsis_error* error);

  // Begin a step; its end comes through on_step. [runtime's strand]
  void take(lifecycle::step step);
  // Its code is stuck: nobody waits for it any more, nothing of it is touched. [runtime's strand]
  void give_up();
  // A step waits for the strand, and it is not the plugin's last step that holds it up. [any thread]
  bool crowded_out() const { return waiting_ > 0 && !inside_; }

  const std::string& id() const { return id_; }
  // It was created once; to start the plugin again takes a new one.
  bool spent() const { return spent_; }
  // Whether it may take other settings while it runs. [any thread, after load()]
  bool configures() const;
  // The new settings, of which its library is asked; the answer comes through on_prepared, with the number of
  // the reload. [runtime's strand]
  void prepare(const plugin_entry& next, uint64_t reload);
  // Its settings are the prepared ones from now on, which comes through on_committed, or never will be.
  // [runtime's strand]
  void commit(uint64_t reload);
  void abort();
  const tharsis_strand* strand() const { return strand_; }
  // Run f(optional table with this id, instance, as long as the instance lives), nulls where it has none. [own strand]
  using borrower = std::function<void(const void*, void*, std::weak_ptr<const void>)>;
  void use_extension(const std::string& id, const borrower& f);
  strand_inbox& inbox() { return *inbox_; }
  // [any thread, after open()]
  void network_changed() {
    inbox_->send([this] { network_.on_change(); });
  }

 private:
  struct watcher {
    tharsis_on_service told;
    void* context;
  };

  template <class F>
  std::string enter(const char* step, F code);
  static void caught(void* context);
  void on_failure(std::string reason);
  bool on_own_strand() const;
  tharsis_status not_here(tharsis_error* error, std::string_view function) const;
  void carry_out(lifecycle::step step);
  tharsis_status interposed(const char* step, tharsis_error* error);
  tharsis_status configure(uint32_t phase, const setting_value& shown, tharsis_error* reason);
  void create();
  void start();
  void withdraw();
  void stop();
  void destroy();
  void await_blocking(uint32_t count);
  void destroy_now();
  void started();
  void close();
  void finish(lifecycle::step step, std::string failure = {});
  void rebind(const std::string& id, const void* table);
  void report_leaks();
  tharsis_strand_audit audit() const;
  void log(uint32_t level, std::string_view text) const { log_.write(level, text); }

  // The tables' functions; each `self` is this.
  static const void* query(void* self, const char* id);
  static void ready(void* self);
  static void stopped(void* self);
  static void failed(void* self, const tharsis_error* reason);
  static tharsis_status bus_declare(void* self, const tharsis_topic* topic, tharsis_handle* id, tharsis_error* error);
  static tharsis_status bus_publish(void* self, tharsis_handle topic, const void* payload);
  static tharsis_status bus_subscribe(void* self, const char* pattern, const tharsis_subscription* wanted,
                                      tharsis_handle* id, tharsis_error* error);
  static tharsis_status bus_unsubscribe(void* self, tharsis_handle id);
  static tharsis_status registry_provide(void* self, const char* id, const void* table, int32_t rank,
                                         tharsis_error* error);
  static tharsis_status registry_withdraw(void* self, const char* id, tharsis_on_service done, void* context);
  static const void* registry_bound(void* self, const char* id);
  static tharsis_status registry_watch(void* self, const char* id, tharsis_on_service told, void* context,
                                       tharsis_error* error);
  static tharsis_status metrics_cells(void* self, const tharsis_metric* wanted, uint64_t** cells, tharsis_error* error);
  static void metrics_visit(void* self, void (*visit)(void*, const tharsis_metric_value*), void* context);
  static tharsis_text data_path(void* self);
  static tharsis_text plugin_path(void* self);
  static plugin_host& of(void* self) { return *static_cast<plugin_host*>(self); }

  const shared& shared_;
  const size_t index_;
  const std::string id_;
  std::unique_ptr<const plugin_entry> entry_;  // Pointers, so that the settings' texts stay where they are.
  std::unique_ptr<const plugin_entry> next_;   // Prepared.
  const tharsis_strand* strand_ = nullptr;
  std::unique_ptr<strand_inbox> inbox_;
  const tharsis_plugin* library_ = nullptr;
  void* instance_ = nullptr;
  std::shared_ptr<const bool> life_ = std::make_shared<const bool>(true);  // Until the instance has been destroyed, or is given up.
  lifecycle::step pending_ = lifecycle::step::destroy;  // The step whose end is awaited.
  std::atomic<int> waiting_ = 0;      // Steps that were asked for and have not begun.
  std::atomic<bool> inside_ = false;  // The plugin's code is running a step.
  instant blocking_limit_{};  // So long a destroy waits for blocking work.
  bool step_open_ = false;
  bool spent_ = false;
  bool running_ = false;  // What it provides is seen at once.
  plugin_settings settings_;
  plugin_files files_;
  std::unique_ptr<leak_audit> leaks_;
  std::map<tharsis_handle, std::string> subscribed_;  // The patterns.
  const std::string data_path_, plugin_path_;
  network_table network_;
  std::map<std::string, const void*> bound_;
  std::map<std::string, std::vector<watcher>> watchers_;
  log_table log_;

  tharsis_host host_{};
  const tharsis_host* seen_ = &host_;  // What the plugin sees of it.
  tharsis_bus bus_{};
  tharsis_registry registry_{};
  tharsis_paths paths_{};
  tharsis_metrics metrics_{};
};

}  // namespace tharsis::runtime

// Where every log line of a runtime passes: kept here until a sink takes over, then handed on. Lines in rings pass
// by: here threads only get their rings, for as long as the sink is there.
#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include <string>
#include <utility>
#include <vector>

#include "runtime/os_fork_linux.h"
#include "sdk/abi/log.h"
#include "sdk/pure/metrics.h"

namespace tharsis::runtime {

class log_hub {
 public:
  struct clock {
    std::function<int64_t()> wall;     // [any thread]
    std::function<uint64_t()> thread;  // [any thread]
  };
  // Prints a warning or worse for a person while no sink is there. [any thread]
  using printer = std::function<void(uint32_t level, std::string_view plugin, std::string_view text)>;

  // `hear` gets every line, whoever else does; so with it there are no rings. [any thread]
  log_hub(clock c, printer print, shared_counter dropped = {}, printer hear = {});
  log_hub(const log_hub&) = delete;

  // Dropped when it is below all levels of the plugin, and, counted, when this thread is inside the hub already: a signal came, or a sink
  // logs. [any thread]
  void write(uint32_t level, std::string_view plugin, std::string_view text) { write(level, plugin, text, print_); }
  // As write(); never printed, because the owner tells people itself.
  void write_unprinted(uint32_t level, std::string_view plugin, std::string_view text) { write(level, plugin, text, {}); }
  // The lowest that is kept of anything.
  const std::atomic<uint32_t>& level() const { return level_; }
  // See tharsis_log.level_of. [any thread]
  const std::atomic<uint32_t>& level_of(std::string_view plugin, std::string_view tag);

  // A level over what any sink says, for as long as the hub lives; nothing: the sink's again. The empty tag stands for all
  // tags of the plugin that have none of their own.
  struct level_change {
    std::string plugin, tag;
    std::optional<uint32_t> level;
  };
  // False: those there are fill their table, nothing was changed. [any thread, but not from inside the sink]
  bool override_levels(const std::vector<level_change>& changes);
  struct known_level {
    std::string plugin, tag;
    uint32_t level;
    bool overridden;
  };
  // Of all plugins and tags that were asked for or overridden, in the order of their names. [as above]
  std::vector<known_level> known_levels();

  // Null: the sink goes; when this returns no call into it is under way and nobody is inside a line of its rings.
  // The kept records are handed to a new one. [any thread, one at a time, but not from inside the sink]
  void set_sink(const tharsis_log_sink* sink);
  // Asks the sink again what it keeps. [any thread, but not from inside the sink]
  void reread_level();

  void flush(const tharsis_loop& loop, tharsis_handle strand, tharsis_wake wake, void* context,
             tharsis_handle handle);
  // See tharsis_log; a sink without rings cannot. [any thread but those in the sink]
  tharsis_status flush_now(int64_t most);
  // As the sink says; where none is there or it cannot, as usual (sdk/pure/secret_names.h). [any thread]
  bool is_secret(std::string_view field);

  // Rings, as tharsis_log has them.

  const std::atomic<uint32_t>& generation() const { return generation_; }
  tharsis_log_ring* ring();                                             // [any thread]
  uint32_t site(std::string_view plugin, const tharsis_log_site& site);  // [any thread]
  // Not locked: the sink that gave the ring stays until the ring is not busy any more. [the ring's thread, busy]
  int32_t room(tharsis_log_ring* ring, uint64_t bytes, uint32_t site) {
    const tharsis_log_sink* const sink = rings_.load(std::memory_order_acquire);
    return sink != nullptr ? sink->room(sink->self, ring, bytes, site) : 0;
  }
  void wake_sink() {
    const tharsis_log_sink* const sink = rings_.load(std::memory_order_acquire);
    if (sink != nullptr) sink->wake(sink->self);
  }

 private:
  class turn;
  struct kept {
    tharsis_log_record record;  // Its texts are the two below.
    std::string plugin;
    std::string text;
  };
  using name = std::pair<std::string, std::string>;  // A plugin's, a tag.
  using seen_name = std::pair<std::string_view, std::string_view>;
  struct name_order {
    using is_transparent = void;
    template <class A, class B>
    bool operator()(const A& a, const B& b) const {
      return seen_name(a) < seen_name(b);
    }
  };

  void write(uint32_t level, std::string_view plugin, std::string_view text, const printer& print);
  void hand_on(const tharsis_log_record& record, turn& mine);
  void close_rings();
  void take_levels();
  uint32_t level_now(std::string_view plugin, std::string_view tag) const;
  const uint32_t* override_of(std::string_view plugin, std::string_view tag) const;
  uint32_t lowest_of(std::string_view plugin) const;
  void hold();
  void let_go();
  void go_on_in_child();

  clock clock_;
  printer print_;
  const printer hear_;
  const shared_counter dropped_;
  std::mutex mutex_;
  const tharsis_log_sink* sink_ = nullptr;
  int inside_sink_ = 0;                                // Calls of its write().
  std::condition_variable sink_left_;                  // They have ended.
  std::deque<kept> kept_;
  uint32_t untagged_ = THARSIS_LOG_DEBUG;              // What is kept where the sink makes no difference.
  std::atomic<uint32_t> level_{THARSIS_LOG_DEBUG};
  std::map<name, std::atomic<uint32_t>, name_order> levels_;  // Never taken out.
  std::map<name, uint32_t, name_order> overrides_;
  bool leaving_ = false;                               // The sink, and takes no lines any more.
  bool held_for_fork_ = false;
  const void* outside_fork_ = nullptr;                 // Which hub the thread that forks was inside of.
  bool forked_ = false;                                // This is a child, and nothing of the parent's runs here.

  std::shared_mutex flush_gate_;                       // Those in flush_now() share it; they may be long.
  std::shared_mutex gate_;                             // Those in ring(), site() and is_secret() share it.
  const tharsis_log_sink* knows_secrets_ = nullptr;
  std::atomic<const tharsis_log_sink*> rings_{nullptr};  // The sink, if it has rings.
  std::atomic<uint32_t> generation_{0};
  const fork_watch forks_;                             // Last: it tells of forks as soon as it is there.
};

}  // namespace tharsis::runtime

// Where every log line of a runtime passes: kept here until a sink takes over, then handed on.
#pragma once
#include <atomic>
#include <deque>
#include <functional>
#include <mutex>
#include <string>

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

  // `hear` gets every line, whoever else does. [any thread]
  log_hub(clock c, printer print, counter dropped = {}, printer hear = {})
      : clock_(std::move(c)), print_(std::move(print)), hear_(std::move(hear)), dropped_(dropped) {}
  log_hub(const log_hub&) = delete;

  // Dropped when below level(). [any thread]
  void write(uint32_t level, std::string_view plugin, std::string_view text) { write(level, plugin, text, print_); }
  // As write(); never printed, because the owner tells people itself.
  void write_unprinted(uint32_t level, std::string_view plugin, std::string_view text) { write(level, plugin, text, {}); }
  const std::atomic<uint32_t>& level() const { return level_; }

  // Null: the sink goes; when this returns no call into it is under way. The kept records are handed
  // to a new one. [any thread, but not from inside the sink]
  void set_sink(const tharsis_log_sink* sink);
  // Asks the sink again what it keeps. [any thread, but not from inside the sink]
  void reread_level();

  void flush(const tharsis_loop& loop, tharsis_handle strand, tharsis_wake wake, void* context,
             tharsis_handle handle);

 private:
  struct kept {
    tharsis_log_record record;  // Its texts are the two below.
    std::string plugin;
    std::string text;
  };

  void write(uint32_t level, std::string_view plugin, std::string_view text, const printer& print);

  clock clock_;
  printer print_;
  const printer hear_;
  const counter dropped_;  // [mutex held]
  std::mutex mutex_;
  const tharsis_log_sink* sink_ = nullptr;
  std::deque<kept> kept_;
  std::atomic<uint32_t> level_{THARSIS_LOG_DEBUG};
};

}  // namespace tharsis::runtime

// Where lines from any thread wait for the writer: the only mutex of all plugins. It is held for as
// long as a line is queued or a batch is moved out, never during a write.
#pragma once
#include <algorithm>
#include <atomic>
#include <mutex>
#include <utility>
#include <vector>

#include "plugins/xlog/core/backlog.h"
#include "plugins/xlog/core/line.h"
#include "plugins/xlog/core/settings.h"
#include "sdk/abi/loop.h"
#include "sdk/pure/utf8.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {

class intake {
 public:
  // What the writer is woken for.
  enum reason : uint32_t {
    lines = 1,  // Something waits.
    soon = 2,   // It should not wait for more: much of it, or an error.
    flush = 4,  // Somebody wants to know when it is written.
  };
  // on_news(context, reasons) is posted to the plugin's strand. A batch never fills the memory, so
  // that others can come in while it is written.
  intake(const tharsis_loop* loop, tharsis_wake on_news, void* context, const settings& s)
      : loop_(loop), on_news_(on_news), context_(context), batch_(std::min(s.batch, s.memory / 4)), level_(s.level),
        backlog_(s.memory) {}
  intake(const intake&) = delete;

  uint32_t level() const { return level_.load(std::memory_order_relaxed); }
  void set_level(uint32_t level) { level_.store(level, std::memory_order_relaxed); }

  // [any thread]
  void write(const tharsis_log_record& said) {
    if (said.level < level()) return;
    record r = copy(said);
    const uint32_t severity = r.level;
    uint32_t reasons = lines;
    {
      const std::lock_guard lock(mutex_);
      backlog_.add(std::move(r));
      if (severity >= THARSIS_LOG_ERROR || backlog_.waiting_bytes() >= batch_) reasons |= soon;
      reasons = news(reasons);
    }
    wake(reasons);
  }

  struct asker {
    uint64_t through;  // Lines up to this sequence must be in the file.
    tharsis_handle strand;
    tharsis_wake wake;
    void* context;
    tharsis_handle handle;
  };
  // `through` is filled in here. [any thread]
  void ask(asker a) {
    {
      const std::lock_guard lock(mutex_);
      a.through = backlog_.last_sequence();
      askers_.push_back(a);
    }
    wake(flush);  // Each time: the writer may be pausing, and then takes nothing.
  }

  // The next lines, none if nothing waits. Whoever takes has heard all reasons. [own strand]
  backlog::batch take() {
    const std::lock_guard lock(mutex_);
    told_ = 0;
    return backlog_.take(batch_);
  }

  // The memory of a batch is free again. [own strand]
  void release(size_t bytes) {
    const std::lock_guard lock(mutex_);
    backlog_.release(bytes);
  }

  // Tells those who asked for lines up to `through` that no more will happen to them. [own strand]
  void answer(uint64_t through) {
    std::vector<asker> ready, rest;
    {
      const std::lock_guard lock(mutex_);
      for (const asker& a : askers_) (a.through <= through ? ready : rest).push_back(a);
      askers_.swap(rest);
    }
    for (const asker& a : ready) loop_->post(loop_->self, a.strand, a.wake, a.context, a.handle);
  }

  bool empty() {
    const std::lock_guard lock(mutex_);
    return backlog_.empty() && askers_.empty();
  }
  uint64_t lost() {
    const std::lock_guard lock(mutex_);
    return backlog_.lost();
  }
  // Gives up what waits. [own strand]
  uint64_t clear() {
    const std::lock_guard lock(mutex_);
    return backlog_.clear();
  }

 private:
  static record copy(const tharsis_log_record& said) {
    record r;
    r.wall = said.wall;
    r.level = std::min<uint32_t>(said.level, THARSIS_LOG_FATAL);
    r.thread = said.thread;
    r.plugin = utf8_cut(view(said.plugin), plugin_max);
    const std::string_view text = view(said.text);
    r.text = utf8_cut(text, text_max);
    if (r.text.size() < text.size()) r.text += cut_note(text.size() - r.text.size());
    return r;
  }

  // Those reasons the writer has not been woken for since it took last. [mutex held]
  uint32_t news(uint32_t reasons) {
    const uint32_t fresh = reasons & ~told_;
    told_ |= fresh;
    return fresh;
  }
  void wake(uint32_t reasons) {
    if (reasons != 0) loop_->post(loop_->self, 0, on_news_, context_, reasons);
  }

  const tharsis_loop* loop_;
  const tharsis_wake on_news_;
  void* const context_;
  const size_t batch_;
  std::atomic<uint32_t> level_;
  std::mutex mutex_;
  backlog backlog_;
  std::vector<asker> askers_;
  uint32_t told_ = 0;
};

}  // namespace tharsis::xlog

// Where lines of all threads come in: the functions behind tharsis.log_sink/1, and who waits until they are in the file.
#pragma once
#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "plugins/xlog/core/line_rules.h"
#include "plugins/xlog/core/settings.h"
#include "plugins/xlog/core/tick_clock.h"
#include "plugins/xlog/finished_text.h"
#include "plugins/xlog/held.h"
#include "plugins/xlog/ring_set.h"
#include "plugins/xlog/site_registry.h"
#include "plugins/xlog/taps.h"
#include "sdk/abi/loop.h"
#include "sdk/pure/logger.h"
#include "sdk/pure/secret_names.h"
#include "sdk/pure/utf8.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {

class intake {
 public:
  // What the writer is woken for: ring_set's news, and
  static constexpr uint32_t flush = 8;   // Somebody wants to know when it is written.
  static constexpr uint32_t soon = 16;   // An error: people look for it.
  static constexpr uint32_t tapped = 32;  // Somebody listens from now on.

  // on_news(context, reasons) comes on the plugin's strand, once open_bell() has answered OK.
  intake(const tharsis_loop* loop, tharsis_wake on_news, void* context, line_rules r, std::vector<std::string> secrets)
      : loop_(loop), on_news_(on_news), context_(context), secrets_(std::move(secrets)), rules_(std::move(r)) {}
  intake(const intake&) = delete;

  // Where lines go from now on; `clock` tells when they were. Before the first line.
  void open(std::unique_ptr<ring_set> rings, std::unique_ptr<site_registry> sites, const tick_clock* clock) {
    rings_ = std::move(rings);
    sites_ = std::move(sites);
    sites_->set_rules(rules_);
    clock_ = clock;
  }
  // Nobody gets a ring or room from now on; when it comes back no one is inside a line. Where somebody still is after
  // `most`, a thread that was stopped for example, the rings and `under_them` are left behind for good: it will go on.
  void close_rings(duration most, const std::shared_ptr<const void>& under_them) {
    if (rings_->close(most)) return;
    struct left_behind {
      ring_set* rings;
      std::shared_ptr<const void> under_them;
      left_behind* next;
    };
    static std::atomic<left_behind*> all{nullptr};
    auto* const mine = new left_behind{rings_.get(), under_them, nullptr};
    mine->next = all.exchange(mine);
    is_left_ = true;
  }
  ~intake() {
    if (is_left_) (void)rings_.release();
  }
  ring_set& rings() { return *rings_; }
  site_registry& sites() { return *sites_; }
  // [own strand, once]
  tharsis_status open_bell() { return loop_->bell_open(loop_->self, on_bell, this, 0, &bell_); }
  // [any thread, in a signal's handler too]
  void on_ring_news(uint32_t what) {
    news_ |= what;
    loop_->bell_ring(loop_->self, bell_);
  }

  uint32_t level() const {
    const held lock(mutex_);
    return rules_.lowest();
  }
  // Where a signal interrupted this thread in here, all is kept that comes so far.
  uint32_t level_of(std::string_view plugin, std::string_view tag) const {
    if (held::by_this_thread(mutex_)) return THARSIS_LOG_VERBOSE;
    const held lock(mutex_);
    return rules_.wanted(plugin, tag);
  }
  // After open(). [any thread]
  void set_rules(const line_rules& r) {
    sites_->set_rules(r);
    const held lock(mutex_);
    rules_ = r;
  }

  // 0 also where a field is secret: the line comes as finished text, without it.
  // Whoever asks for a site has a ring: the host gives rings once it has handed over all that it kept.
  uint32_t site(std::string_view plugin, const tharsis_log_site& s) {
    counted_.store(true, std::memory_order_relaxed);
    if (s.text != nullptr && has_secret_field(s.text, secrets_)) return 0;
    const auto text = [](const char* t) { return std::string(t != nullptr ? t : ""); };
    return sites_->number_of({std::min<uint32_t>(s.level, THARSIS_LOG_FATAL), s.line, std::string(plugin), text(s.tag), text(s.file),
                              text(s.text), text(s.codes)});
  }

  bool is_secret(std::string_view field) const { return is_secret_name(field, secrets_); }

  // See tharsis_log.room. [the ring's thread, busy]
  bool room(tharsis_log_ring* ring, uint64_t bytes, uint32_t site) { return rings_->room(ring, bytes, site); }

  // A line of finished text; the host has looked at its level. In a signal handler that interrupts a line of its own
  // thread it takes no memory, and no lock that the thread may hold. [any thread]
  void write(const tharsis_log_record& said) {
    const uint32_t level = std::min<uint32_t>(said.level, THARSIS_LOG_FATAL);
    const std::string_view plugin = utf8_cut(view(said.plugin), plugin_max);
    tharsis_log_ring* ring = rings_->ring();
    const bool interrupts = held::any_by_this_thread() || (ring != nullptr && __atomic_load_n(&ring->busy, __ATOMIC_RELAXED) != 0);
    const auto place = interrupts ? sites_->text_place_at_once(plugin, level) : sites_->text_place_of(plugin, level);
    const finished_text text(place, plugin, view(said.text), rings_->record_max() / 2, tick_of(said));
    uint64_t end = 0;
    if (ring == nullptr || !text.put_into(*ring, *rings_, end)) ring = write_shared(text, end);
    if (ring != nullptr && __atomic_load_n(ring->asleep, __ATOMIC_RELAXED) != 0) {
      if (interrupts) rings_->rouse_drain();  // What it interrupts it cannot wait for.
      else rings_->wake(*ring, end);
    }
    if (level >= THARSIS_LOG_ERROR) on_ring_news(soon);
  }

  // Who listens. [any thread]
  tharsis_handle open_tap(const tharsis_log_filter* filter, bool decides, tharsis_on_line on_line, void* context) {
    const tharsis_handle opened = taps_.open(filter, decides, on_line, context, rings_->heads());
    on_ring_news(tapped);
    return opened;
  }
  taps& listeners() { return taps_; }

  struct asker {
    tharsis_handle strand;
    tharsis_wake wake;
    void* context;
    tharsis_handle handle;
  };
  // [any thread]
  void ask(const asker& a) {
    {
      const held lock(mutex_);
      askers_.push_back(a);
    }
    on_ring_news(flush);
  }
  // See tharsis_log.flush_now. [any thread]
  tharsis_status flush_now(duration most) {
    if (!rings_->may_wait()) return THARSIS_E_TIMEOUT;
    const std::vector<uint64_t> heads = rings_->heads();
    on_ring_news(flush);
    return rings_->wait_kept(heads, most) ? THARSIS_OK : THARSIS_E_TIMEOUT;
  }
  // Who asked so far: to be answered when all lines of now are written. [own strand]
  std::vector<asker> take_askers() {
    const held lock(mutex_);
    return std::exchange(askers_, {});
  }
  // Each of them once.
  void answer(std::vector<asker>& ready) {
    for (const asker& a : std::exchange(ready, {})) loop_->post(loop_->self, a.strand, a.wake, a.context, a.handle);
  }

 private:
  static void on_bell(void* self, tharsis_handle) {
    auto& me = *static_cast<intake*>(self);
    if (const uint32_t what = me.news_.exchange(0); what != 0) me.on_news_(me.context_, what);
  }
  // Beside lines that read the counter by themselves, so that both are in order whatever the wall's clock does: none, it is
  // read then. What was said before there were rings may be old.
  std::optional<uint64_t> tick_of(const tharsis_log_record& said) const {
    if (counted_.load(std::memory_order_relaxed)) return {};
    return clock_->tick_at(said.wall);
  }
  // Where it stands then, up to `end`; null: it is lost.
  tharsis_log_ring* write_shared(const finished_text& text, uint64_t& end) {
    const ring_set::shared_line shared(*rings_);
    tharsis_log_ring* const ring = shared.ring();
    const uint64_t begin = ring != nullptr ? ring->position : 0;
    if (ring == nullptr || !text.put_into(*ring, *rings_, end, shared.thread())) return sites_->count_lost(text.site()), nullptr;
    if (taps_.is_telling()) taps_.on_said_inside({begin, end});
    return ring;
  }

  const tharsis_loop* loop_;
  const tharsis_wake on_news_;
  void* const context_;
  tharsis_handle bell_ = 0;
  std::atomic<uint32_t> news_{0};
  const std::vector<std::string> secrets_;
  std::unique_ptr<ring_set> rings_;
  bool is_left_ = false;
  std::unique_ptr<site_registry> sites_;
  const tick_clock* clock_ = nullptr;
  taps taps_;
  std::atomic<bool> counted_{false};  // Some lines have ticks of the counter.
  mutable std::mutex mutex_;
  line_rules rules_;
  std::vector<asker> askers_;
};

}  // namespace tharsis::xlog

// Who listens to lines as they come: behind tharsis.log_tap/1. And what the drain keeps in mind so that each line is
// told once, though it may read it again.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "plugins/xlog/core/clock_anchor.h"
#include "plugins/xlog/core/record.h"
#include "plugins/xlog/core/row.h"
#include "plugins/xlog/core/site.h"
#include "plugins/xlog/ring_set.h"
#include "plugins/xlog/site_registry.h"
#include "sdk/abi/xlog.h"

namespace tharsis::xlog {

// A stretch of a ring.
struct said_inside {
  uint64_t begin, end;
};

class taps {
 public:
  taps() = default;
  taps(const taps&) = delete;

  // See tharsis_log_tap. `from`: for each ring the position where lines from now on begin. [any thread]
  tharsis_handle open(const tharsis_log_filter* filter, bool decides, tharsis_on_line on_line, void* context, std::vector<uint64_t> from);
  void close(tharsis_handle tap);
  bool any() const { return count_.load(std::memory_order_relaxed) > 0; }

  // For whoever tells, one thread at a time.

  // Another number each time that a tap is opened or closed.
  uint32_t turn() const { return turn_.load(std::memory_order_acquire); }
  // Whether a line of this site could be wanted, whatever its text is.
  bool may_want(const site& s) const;
  // Tells the line at this place to all who want it. False: somebody who decides leaves it out of the file.
  bool tell(uint32_t ring, uint64_t position, const record& r);
  // Whether the calling thread is inside a call of on_line. [any thread]
  bool is_telling() const { return telling_.load(std::memory_order_relaxed) == std::this_thread::get_id(); }
  // On that thread: what it said to the shared ring; and all of it since the last call.
  void on_said_inside(said_inside s) { said_inside_.push_back(s); }
  std::vector<said_inside> take_said_inside() { return std::exchange(said_inside_, {}); }

 private:
  struct tap {
    tharsis_handle handle;
    uint32_t level;
    std::string plugin, tag, text;
    bool decides;
    tharsis_on_line on_line;
    void* context;
    std::vector<uint64_t> from;
    bool closed = false;

    bool may_want(const site& s) const {
      return s.level >= level && (plugin.empty() || plugin == s.plugin) && (tag.empty() || tag == s.tag);
    }
    bool wants(uint32_t ring, uint64_t position, const record& r) const {
      return r.level >= level && position >= from[ring] && (plugin.empty() || plugin == r.plugin) && (tag.empty() || tag == r.tag) &&
             r.text.find(text) != std::string::npos;
    }
  };
  using list = std::vector<std::shared_ptr<tap>>;

  std::shared_ptr<const list> all() const;
  void change(std::shared_ptr<const list> to);
  bool begin_call(const tap& t);
  void end_call();

  mutable std::mutex mutex_;
  std::condition_variable ended_;                  // A call of on_line.
  std::shared_ptr<const list> all_ = std::make_shared<list>();
  tharsis_handle last_ = 0;
  const tap* called_ = nullptr;                    // Now.
  std::atomic<std::thread::id> telling_{};
  std::vector<said_inside> said_inside_;
  std::atomic<size_t> count_{0};
  std::atomic<uint32_t> turn_{0};
};

// Of one drain, and like it on one thread at a time.
class tap_feed {
 public:
  tap_feed(taps& to, ring_set& rings, const site_registry& sites);

  // Whether takes() makes a difference now.
  bool is_needed() const;
  // Whether the file gets the line that is next in its ring, at `position`, said by this thread. It is told on the way, if
  // it was not yet.
  bool takes(const row& r, uint64_t position, uint64_t thread, const clock_anchor& anchor);
  // Lines before `to` are not read again.
  void forget(uint32_t ring, uint64_t to);

 private:
  struct of_ring {
    uint64_t told = 0;                // Lines before it.
    std::vector<uint64_t> left_out;   // Of those, where the ones are that the file does not get.
    std::vector<said_inside> own;     // Lines of the taps' own, of which none is told.
  };

  const site* wanted(uint32_t number);
  static bool is_own(const of_ring& ring, uint64_t position);
  bool tell(const row& r, uint64_t position, uint64_t thread, const site& s, const clock_anchor& anchor);

  taps& to_;
  ring_set& rings_;
  const site_registry& sites_;
  std::vector<of_ring> of_;
  uint32_t turn_ = 0;                        // For which wanted_ holds.
  std::vector<std::optional<site>> wanted_{1};  // By number; none: nobody wants its lines.
};

}  // namespace tharsis::xlog

// The rings of one segment: who writes which, when there is room, when the drain may sleep, and when nobody
// writes any more. The rules for those who write are in sdk/abi/log.h.
//
// A ring belongs to one thread until that thread is gone, which is asked of the system when another one wants a
// ring: a thread may log from its very last destructor, and no hook at its end is late enough. Threads for which
// none is left get none, and write in turn to ring 0, the shared one.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "plugins/xlog/core/line_thread.h"
#include "plugins/xlog/core/ring_cursor.h"
#include "plugins/xlog/held.h"
#include "plugins/xlog/segment.h"
#include "plugins/xlog/write_waits.h"
#include "sdk/abi/log.h"

namespace tharsis::xlog {

struct ring_settings {
  // How long a line of this site waits for room in a full ring; zero: it is dropped at once. [any thread] Null: all are.
  std::function<duration(uint32_t site)> wait;
  // While room is scarce, other lines than these get half of a ring. [any thread] Null: all do.
  std::function<bool(uint32_t site)> may_use_all{};
};

class ring_set {
 public:
  enum news : uint32_t {
    woken = 1,    // The drain slept and there is something.
    filling = 2,  // A ring is more than half full.
    full = 4,     // Somebody waits for room.
    awaited = 64,  // Somebody waits until a line is in the file.
  };
  struct callbacks {
    // The drain should look. [any thread] Must not block.
    std::function<void(uint32_t)> on_news;
    // Makes the keystream from stream_position(ring, position) on, a multiple of 64; empty: the segment is plain.
    // False: it cannot, and no line is written there. [any thread, one at a time for each ring]
    fill_keystream fill;
    // A line of this site was dropped. [any thread] Null: nobody counts.
    std::function<void(uint32_t site)> dropped{};
    // As fill, at the same time as that. [drain] Null: fill does it, which two may then call at once.
    fill_keystream fill_draining{};
  };

  ring_set(std::unique_ptr<segment> memory, const segment_geometry& g, bool sealed, ring_system& system,
           const ring_settings& s, callbacks c);
  ring_set(const ring_set&) = delete;
  // After close(). What a thread that still lives may look at is left to it.
  ~ring_set();

  // For those who write.

  // The calling thread's own; null: none is left, or its disk is full. [any thread]
  tharsis_log_ring* ring();
  // Which one the calling thread has, if any. [any thread]
  std::optional<uint32_t> ring_of_caller() const;
  // See tharsis_log.room. While close() is under way what finds no room is not dropped: it goes elsewhere. [the
  // ring's thread]
  bool room(tharsis_log_ring* ring, uint64_t bytes, uint32_t site);
  // Whoever wrote a line and saw *asleep calls it. In sync mode it comes back when the line is in the file, or that took
  // too long. [any thread; the first one the ring's, or with the end of its line in that ring]
  void wake();
  void wake(const tharsis_log_ring& ring, uint64_t position);
  // Never waits. [any thread, in a signal's handler too]
  void rouse_drain() {
    if (rouse()) tell(woken);
  }
  // Ring 0, for one line, while this lives. Waits for others' lines. [any thread]
  class shared_line {
   public:
    explicit shared_line(ring_set& rings);
    shared_line(const shared_line&) = delete;
    // Null: this thread, interrupted by a signal, has it already, or there is none.
    tharsis_log_ring* ring() const { return ring_; }
    // What stands before the line's arguments (core/line_thread.h).
    uint64_t thread() const { return thread_; }

   private:
    const uint64_t thread_;
    std::optional<held> mine_;
    tharsis_log_ring* ring_ = nullptr;
  };

  // In the order of the calls, there for whoever comes after us when this has come back; sealed here where the
  // segment is sealed. False: no room. [any thread]
  bool append_to_dictionary(std::span<const uint8_t> entry);

  // For the drain, one strand. Rings 0..count()-1; those never leased have an empty span of bytes. Number count() is the
  // flight ring, where the segment has one.

  uint32_t count() const { return geometry_.rings; }
  bool is_open(uint32_t ring) const { return leases_[ring]->open.load(std::memory_order_acquire); }
  ring_bytes bytes(uint32_t ring) const;
  uint32_t record_max() const { return geometry_.ring_size / 2; }
  uint64_t head(uint32_t ring) { return load(front_.control(ring).head); }
  // Of all; 0 of those never leased. [any thread]
  std::vector<uint64_t> heads();
  uint64_t tail(uint32_t ring) { return load(front_.control(ring).tail); }
  uint64_t thread_of(uint32_t ring, uint64_t position) { return front_.owner_of(ring, position); }
  // From which position on lines behind this one are another thread's.
  uint64_t owned_until(uint32_t ring, uint64_t position) { return front_.owned_until(ring, position); }
  // Everything before `to` is in a file: its room is free.
  void commit(uint32_t ring, uint64_t to);
  // True: nothing has come after `seen` (a position for each ring), and whatever comes now will call on_news(woken).
  bool may_sleep(std::span<const uint64_t> seen);
  // Lines of this thread never wait for room: it is the one that makes it. Until the end of it there are no news: it looks at
  // the rings again and again. [drain]
  void begin_draining() {
    draining_ = system_.thread();
    awaited_.exchange(false);  // Before the heads are looked at.
  }
  void end_draining();
  // For whoever comes after our death. [drain]
  void set_anchor(const clock_anchor& a) { front_.set_anchor(a); }
  void set_intent(const write_intent& w) { front_.set_intent(w); }

  // The flight ring, whose only writer is the drain. flight() is null where there is none.
  error open_flight();
  tharsis_log_ring* flight() { return geometry_.flight_size > 0 && is_open(count()) ? leases_[count()] : nullptr; }
  // False: older lines must give way first, by commit().
  bool flight_room(uint64_t bytes) { return extend(*leases_[count()], bytes); }

  // Gives no more rings and no more room; when it comes back nobody is inside a line and the heads are final. False:
  // somebody was still inside after `most`; then nothing of this may be destroyed. After *generation has changed.
  bool close(duration most);

  // In sync mode, where a line's call comes back when the line is in the file, but after at most so long. Zero: async.
  // [any thread, one at a time]
  void set_sync(duration most);
  // Lines whose call came back before they were in the file, in sync mode, since the last call.
  uint64_t take_late() { return late_lines_.exchange(0); }
  // What was committed is where it is promised to be. [drain]
  void on_kept();
  // It will be a while: nobody waits in sync mode until something is kept again. [any thread]
  void on_stuck();
  // Nothing is written for long, and half of each ring is for lines that may use all. [any thread]
  void set_scarce(bool scarce) { scarce_ = scarce; }
  // This thread has the drain called, so it never waits for it; nor for those who wait in the shared ring, since it has one of its
  // own from now on. [any thread, one at a time]
  void set_caller() {
    caller_ = system_.thread();
    ring();
  }

  // Whether all before these heads is kept within that time. [any thread, but see may_wait()]
  bool wait_kept(const std::vector<uint64_t>& heads, duration most);
  // The drain does not need this thread.
  bool may_wait();

  segment& memory() { return *memory_; }

 private:
  struct lease : tharsis_log_ring {
    uint32_t index = 0;
    std::atomic<bool> open{false};
    std::atomic<uint64_t> owner{0};      // 0: nobody; shared_owner: all, in turn.
    std::atomic<uint64_t> kept{0};       // Positions below this are in the file, on disk where that is promised.
    std::atomic<uint64_t> released{0};   // Positions below this may be written over; a multiple of 64.
    std::atomic<uint32_t> turn{0};       // Counts commits, for those who wait.
    std::atomic<bool> waiting{false};
    std::atomic<bool> told_filling{false};
    uint64_t prepared = 0;               // Keystream of the first lap; its thread's.
    bool told_full = false;              // Since it was full last; its thread's.
    uint64_t left_to = 0;                // A thread that had it in an earlier set and may look at it still. [mutex held]

    void begin(uint32_t number, uint64_t size, bool sealed, const std::atomic<uint32_t>& asleep, uint64_t* head_at);
  };
  static constexpr uint64_t shared_owner = ~uint64_t{0};
  // Why whoever wrote a line comes to wake(): the drain looks at nothing, or waits for the line are to be had.
  static constexpr uint32_t drain_sleeps = 1, in_sync = 2;
  // What threads look at that may outlive this. The next set takes it over, with each lease for whom it was left to: a thread
  // marks its old ring as busy before it sees that it is its own no more, so nobody else may have it meanwhile.
  struct left_behind {
    void* link = nullptr;                // ring_system's, while it is left.
    bool made = true;                    // Else it is fresh memory.
    std::atomic<uint32_t> asleep{0};     // drain_sleeps and in_sync.
    lease leases[rings_max];             // The last one is the flight ring's, for which no thread ever asks.
  };
  static left_behind* take_handles(ring_system& system);

  bool open_shared();
  lease* lease_unowned(uint64_t thread);
  lease* give(lease& l, uint64_t thread);
  bool lives(uint64_t thread) const { return thread != 0 && thread != shared_owner && !system_.is_gone(thread); }
  error open(lease& l);
  bool grant(lease& l, uint64_t bytes);
  bool is_reserved(const lease& l, uint64_t bytes) const { return scarce_ && l.position + bytes - l.released > (l.mask + 1) / 2; }
  bool extend(lease& l, uint64_t bytes);
  bool wait_for_room(lease& l, uint64_t bytes, duration most);
  bool prepare(lease& l, uint64_t position, uint64_t count, bool draining = false);
  void tell(uint32_t what);
  void tell_the_rest();
  void wake_waiting(lease& l);
  bool rouse();
  void on_child();

  const std::unique_ptr<segment> memory_;
  ring_system& system_;
  const ring_settings settings_;
  const callbacks callbacks_;
  const segment_geometry geometry_;
  const bool sealed_;
  segment_front front_;
  left_behind* const handles_;
  std::atomic<uint32_t>* const asleep_;
  std::vector<lease*> leases_;
  std::atomic<bool> closing_{false};
  std::atomic<bool> in_child_{false};
  std::atomic<int64_t> none_before_{0};  // No ring is looked for before this time.
  std::atomic<uint64_t> draining_{0};
  std::atomic<uint32_t> untold_{0};      // News for when it is over.
  std::atomic<uint64_t> caller_{0};
  std::atomic<int64_t> sync_most_{0};    // Nanoseconds; 0: async.
  std::atomic<bool> awaited_{false};     // That was told, and the drain has not looked since.
  std::atomic<bool> stuck_{false};
  std::atomic<bool> scarce_{false};
  std::atomic<uint64_t> late_lines_{0};
  write_waits waits_;
  std::mutex mutex_;                  // Over leases and the dictionary.
  std::mutex shared_;
};

}  // namespace tharsis::xlog

// Lets threads read what one owner replaces, without a lock: a reader stands at its place while it reads, and what the owner
// has taken out of sight is freed once every place was seen empty since. A reader never waits; the owner neither.
#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <deque>

namespace tharsis::dns {

class reader_gate {
 public:
  reader_gate() = default;
  reader_gate(const reader_gate&) = delete;
  // No reader is inside any more.
  ~reader_gate() {
    for (const retired& r : retired_) r.free(r.what);
  }

  // Whatever is reached through atomic pointers inside its scope stays as it is until the scope ends. [any thread]
  class pass {
   public:
    explicit pass(const reader_gate& g) : place_(g.places_[mine()].state) { place_.fetch_add(1 + one_reading, std::memory_order_seq_cst); }
    pass(const pass&) = delete;
    ~pass() { place_.fetch_sub(1, std::memory_order_release); }

   private:
    std::atomic<uint64_t>& place_;
  };

  // `what` is out of every reader's sight: no atomic pointer leads to it any more, and the last store to one was sequentially
  // consistent. [owner]
  void retire(const void* what, void (*free)(const void*)) {
    retired_.push_back({what, free, round_});
    sweep();
  }
  // Frees what nobody can be reading. [owner]
  void sweep() {
    while (!retired_.empty()) {
      for (size_t i = 0; i < places_max; ++i)
        if ((unseen_ >> i & 1) != 0 && (places_[i].state.load(std::memory_order_seq_cst) & inside) == 0) unseen_ &= ~(uint64_t{1} << i);
      if (unseen_ != 0) return;
      while (!retired_.empty() && retired_.front().round < round_) {
        retired_.front().free(retired_.front().what);
        retired_.pop_front();
      }
      // What came since has to wait for a round of its own.
      ++round_;
      unseen_ = ~uint64_t{0};
    }
  }
  size_t waiting() const { return retired_.size(); }
  // How often somebody has read.
  uint64_t readings() const {
    uint64_t all = 0;
    for (const place& p : places_) all += p.state.load(std::memory_order_relaxed) / one_reading;
    return all;
  }

 private:
  static constexpr size_t places_max = 64;
  // How many are inside, and above that how many ever were.
  static constexpr uint64_t one_reading = uint64_t{1} << 16;
  static constexpr uint64_t inside = one_reading - 1;

  struct alignas(64) place {
    std::atomic<uint64_t> state = 0;
  };
  struct retired {
    const void* what;
    void (*free)(const void*);
    uint64_t round;
  };
  // Threads share a place only where there are more of them than places.
  static size_t mine() {
    static std::atomic<uint32_t> last = 0;
    thread_local const uint32_t number = last.fetch_add(1, std::memory_order_relaxed);
    return number % places_max;
  }

  mutable std::array<place, places_max> places_;
  std::deque<retired> retired_;
  uint64_t round_ = 1;
  uint64_t unseen_ = ~uint64_t{0};  // Places that have not been empty in this round.
};

}  // namespace tharsis::dns

// Rings as a sink of the log has them, in ordinary memory and as simple as the rules in sdk/abi/log.h allow. What is
// freed when the rings close is really freed, so that a line written too late is a fault.
#pragma once
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "sdk/abi/log.h"
#include "sdk/pure/log_format.h"
#include "sdk/pure/views.h"

namespace tharsis::test {

// Every other thread of the process has passed a full barrier when it comes back.
inline void barrier_for_all() {
  static const bool ready = syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0;
  if (!ready || syscall(SYS_membarrier, MEMBARRIER_CMD_PRIVATE_EXPEDITED, 0, 0) != 0) std::abort();
}

class plain_rings {
 public:
  struct site_entry {
    uint32_t level;
    uint32_t line;
    std::string plugin, tag, file, text, codes;
  };
  struct line {
    uint32_t site;
    uint64_t tick;
    uint64_t thread;  // A number from 0.
    std::vector<uint8_t> arguments;
    site_entry of;
    std::string text() const { return format_line(of.text, of.codes, arguments); }
  };

  // `bytes` a power of two; sealed: no byte of the keystream is zero. The clock, if any, outlives all threads.
  explicit plain_rings(uint64_t bytes = 1 << 16, bool sealed = true, const uint64_t* clock = nullptr)
      : bytes_(bytes), sealed_(sealed), clock_(clock) {}
  plain_rings(const plain_rings&) = delete;

  std::atomic<bool> reads_when_full{true};  // Else the line is dropped.
  std::atomic<bool> has_sites{true};
  std::atomic<bool> has_rings{true};
  std::atomic<int> asked_rings{0}, asked_sites{0}, asked_room{0}, woken{0}, dropped{0};

  tharsis_log_ring* ring() {
    ++asked_rings;
    const std::lock_guard lock(mutex_);
    if (!has_rings || closed_) return nullptr;
    for (const auto& l : leases_)
      if (l->thread == std::this_thread::get_id()) return &l->shown;
    leases_.push_back(new_lease());
    return &leases_.back()->shown;
  }

  uint32_t site(std::string_view plugin, const tharsis_log_site& s) {
    ++asked_sites;
    const std::lock_guard lock(mutex_);
    if (!has_sites || closed_) return 0;
    sites_.push_back({s.level, s.line, std::string(plugin), s.tag, s.file != nullptr ? s.file : "", s.text, s.codes});
    return static_cast<uint32_t>(sites_.size());
  }

  int32_t room(tharsis_log_ring* ring, uint64_t bytes, uint32_t) {
    ++asked_room;
    const std::lock_guard lock(mutex_);
    if (!reads_when_full && ring->position + bytes - of(ring).read > bytes_) {
      ++dropped;
      return 0;
    }
    if (ring->position + bytes - of(ring).read > bytes_) read(of(ring));
    ring->limit = of(ring).read + bytes_;
    return 1;
  }

  void close_rings() {
    barrier_for_all();
    std::vector<lease*> all;
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
      all = leases_;
    }
    for (lease* l : all)
      while (__atomic_load_n(&l->shown.busy, __ATOMIC_ACQUIRE) != 0) std::this_thread::yield();
    const std::lock_guard lock(mutex_);
    for (lease* l : all) {
      read(*l);
      l->bytes.reset();
      l->keystream.reset();
    }
  }

  // As the drain would before it sleeps.
  void set_asleep(bool is) {
    const std::lock_guard lock(mutex_);
    for (lease* l : leases_) __atomic_store_n(&l->asleep, is ? 1 : 0, __ATOMIC_RELAXED);
  }

  // What has been written since the last call, thread by thread.
  std::vector<line> take() {
    const std::lock_guard lock(mutex_);
    for (lease* l : leases_)
      if (l->bytes) read(*l);
    return std::move(lines_);
  }
  std::vector<std::string> take_texts() {
    std::vector<std::string> texts;
    for (const line& l : take()) texts.push_back(l.text());
    return texts;
  }
  size_t site_count() {
    const std::lock_guard lock(mutex_);
    return sites_.size();
  }

 private:
  struct lease {
    tharsis_log_ring shown{};
    std::thread::id thread = std::this_thread::get_id();
    uint64_t number = 0;
    uint64_t head = 0, read = 0;
    uint32_t asleep = 0;
    std::unique_ptr<uint8_t[]> bytes, keystream;
  };

  // A line begins in the first half and may reach into the second, which stands for the same bytes mapped again.
  lease* new_lease() {
    // Never freed: threads may look at it as long as they live.
    static std::mutex mutex;
    static std::deque<lease> ever;
    const std::lock_guard lock(mutex);
    lease& l = ever.emplace_back();
    l.number = leases_.size();
    l.bytes = std::make_unique<uint8_t[]>(bytes_ * 2);
    l.keystream = std::make_unique<uint8_t[]>(bytes_ * 2);
    for (uint64_t i = 0; i < bytes_ * 2; ++i) l.keystream[i] = sealed_ ? static_cast<uint8_t>(1 + i * 7 % 251) : 0;
    l.shown.size = sizeof l.shown;
    l.shown.bytes = l.bytes.get();
    l.shown.keystream = l.keystream.get();
    l.shown.mask = bytes_ - 1;
    l.shown.limit = bytes_;
    l.shown.head = &l.head;
    l.shown.asleep = &l.asleep;
    l.shown.clock = clock_;
    return &l;
  }
  lease& of(tharsis_log_ring* ring) { return *reinterpret_cast<lease*>(ring); }

  void read(lease& l) {
    const uint64_t head = __atomic_load_n(&l.head, __ATOMIC_ACQUIRE);
    while (l.read != head) {
      std::vector<uint8_t> open(16);
      unseal(l, open);
      uint32_t size = 0;
      line found{};
      std::memcpy(&size, open.data(), 4);
      std::memcpy(&found.site, open.data() + 4, 4);
      std::memcpy(&found.tick, open.data() + 8, 8);
      if (size < 16 || size % 8 != 0 || size > head - l.read || found.site == 0 || found.site > sites_.size()) std::abort();
      open.resize(size);
      unseal(l, open);
      found.arguments.assign(open.begin() + 16, open.end());
      found.of = sites_[found.site - 1];
      found.thread = l.number;
      lines_.push_back(std::move(found));
      l.read += size;
    }
  }
  void unseal(const lease& l, std::vector<uint8_t>& to) const {
    const uint64_t at = l.read & (bytes_ - 1);
    for (uint64_t i = 0; i < to.size(); ++i) to[i] = l.bytes[at + i] ^ l.keystream[at + i];
  }

  const uint64_t bytes_;
  const bool sealed_;
  const uint64_t* const clock_;
  std::mutex mutex_;
  bool closed_ = false;
  std::vector<lease*> leases_;
  std::vector<site_entry> sites_;
  std::vector<line> lines_;
};

}  // namespace tharsis::test

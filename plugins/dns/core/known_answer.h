// An answer as it is remembered: one packed block that never changes but for what users tell of its addresses, a word of each, so that
// any thread may read it while others do. Some hundred bytes, where an `answer` has a kilobyte. Pure.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>

#include "plugins/dns/core/answer.h"
#include "plugins/dns/core/text_pool.h"
#include "sdk/pure/address_memory.h"

namespace tharsis::dns {

class known_answer {
 public:
  struct term {
    instant until;         // It holds up to here.
    instant refresh_from;  // Whoever uses it from here on has it looked up again.
    instant over;          // Nobody may have it any more, not even marked as stale.
  };
  struct one {
    tharsis_address address;
    bool proven;
    uint16_t source, why;  // In the pool.
    duration connect;      // As told.
    bool avoided;
  };
  struct deleter {
    void operator()(const known_answer* k) const { destroy(k); }
  };
  using owned = std::unique_ptr<const known_answer, deleter>;

  // The addresses in their order, behind them candidates that are not among them.
  static owned pack(const answer& a, const term& t, text_pool& texts);
  static void destroy(const void* self);
  // As it was, with all candidates among the addresses.
  answer unpack(const text_pool& texts) const;

  // What is known of its addresses now, in their order; to the microsecond. [owner, while others read]
  void tell(const std::vector<known_address>& known) const;

  // Bytes of memory, with what malloc() keeps beside.
  size_t weight() const;

  instant learned() const { return learned_; }
  const term& times() const { return term_; }
  tharsis_status status() const { return status_; }
  uint32_t source() const { return source_; }
  bool trusted() const { return trusted_; }
  bool stale() const { return stale_; }
  std::string_view verdict(const text_pool& texts) const { return texts.text(verdict_); }
  // How many addresses are worth a try, of how many that are known.
  uint16_t usable() const { return usable_; }
  uint16_t count() const { return count_; }
  one at(size_t i) const {
    const packed& p = entries()[i];
    const uint32_t told = p.told.load(std::memory_order_relaxed);
    one o{p.address, p.address.reserved != 0, p.source, p.why, std::chrono::microseconds(told & ~avoided_bit), (told & avoided_bit) != 0};
    o.address.reserved = 0;
    return o;
  }

 private:
  known_answer() = default;
  struct packed {
    tharsis_address address;  // `reserved` says whether it is proven.
    uint16_t source, why;
    mutable std::atomic<uint32_t> told = 0;  // One word, so that it is of one moment.
  };
  static constexpr uint32_t avoided_bit = uint32_t{1} << 31;
  static size_t size_of(size_t entries, size_t reason) { return sizeof(known_answer) + entries * sizeof(packed) + reason; }
  const packed* entries() const { return reinterpret_cast<const packed*>(this + 1); }
  packed* entries() { return reinterpret_cast<packed*>(this + 1); }
  const char* reason() const { return reinterpret_cast<const char*>(entries() + count_ + refused_); }
  static packed pack_one(const tharsis_address& a, bool proven, std::string_view source, std::string_view why, text_pool& texts);

  term term_{};
  instant learned_{};
  tharsis_status status_ = THARSIS_OK;
  uint16_t usable_ = 0, count_ = 0, refused_ = 0, verdict_ = 0, reason_size_ = 0;
  uint8_t source_ = 0;
  bool trusted_ = false, stale_ = false, no_name_ = false, unbelieved_ = false;
};

}  // namespace tharsis::dns

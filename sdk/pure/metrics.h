// Counters, gauges and histograms over the cells that a host lends (sdk/abi/metrics.h).
//
// `counter`, `gauge` and `histogram` may be changed by one strand only, and then cost as much as a plain
// increment; `shared_counter` and the like by any thread, at some nanoseconds more. Each is a pointer, to be
// copied at will. One that was made without a cell counts nothing.
#pragma once
#include <cstdint>

#include "sdk/pure/histogram.h"

namespace tharsis {

struct one_writer {
  static void add(uint64_t* cell, uint64_t n) {
    __atomic_store_n(cell, __atomic_load_n(cell, __ATOMIC_RELAXED) + n, __ATOMIC_RELAXED);
  }
  static void raise(uint64_t* cell, int64_t to) {
    if (static_cast<int64_t>(__atomic_load_n(cell, __ATOMIC_RELAXED)) < to)
      __atomic_store_n(cell, static_cast<uint64_t>(to), __ATOMIC_RELAXED);
  }
};

struct many_writers {
  static void add(uint64_t* cell, uint64_t n) { __atomic_fetch_add(cell, n, __ATOMIC_RELAXED); }
  static void raise(uint64_t* cell, int64_t to) {
    uint64_t before = __atomic_load_n(cell, __ATOMIC_RELAXED);
    while (static_cast<int64_t>(before) < to &&
           !__atomic_compare_exchange_n(cell, &before, static_cast<uint64_t>(to), true, __ATOMIC_RELAXED, __ATOMIC_RELAXED)) {
    }
  }
};

template <class Writer>
class basic_counter {
 public:
  static constexpr uint32_t kind = THARSIS_METRIC_COUNTER;
  basic_counter() = default;
  explicit basic_counter(uint64_t* cell) : cell_(cell) {}
  void add(uint64_t n = 1) const {
    if (cell_ != nullptr) Writer::add(cell_, n);
  }

 private:
  uint64_t* cell_ = nullptr;
};

template <class Writer>
class basic_gauge {
 public:
  static constexpr uint32_t kind = THARSIS_METRIC_GAUGE;
  basic_gauge() = default;
  explicit basic_gauge(uint64_t* cell) : cell_(cell) {}
  void set(int64_t value) const {
    if (cell_ != nullptr) __atomic_store_n(cell_, static_cast<uint64_t>(value), __ATOMIC_RELAXED);
  }
  void add(int64_t n) const {
    if (cell_ != nullptr) Writer::add(cell_, static_cast<uint64_t>(n));
  }
  // To the highest that it ever was.
  void raise(int64_t to) const {
    if (cell_ != nullptr) Writer::raise(cell_, to);
  }

 private:
  uint64_t* cell_ = nullptr;
};

template <class Writer>
class basic_histogram {
 public:
  static constexpr uint32_t kind = THARSIS_METRIC_HISTOGRAM;
  basic_histogram() = default;
  explicit basic_histogram(uint64_t* cells) : cells_(cells) {}
  void record(uint64_t value) const {
    if (cells_ == nullptr) return;
    Writer::add(cells_, value);
    Writer::add(cells_ + 1 + bucket_of(value), 1);
  }

 private:
  uint64_t* cells_ = nullptr;
};

using counter = basic_counter<one_writer>;
using gauge = basic_gauge<one_writer>;
using histogram = basic_histogram<one_writer>;
using shared_counter = basic_counter<many_writers>;
using shared_gauge = basic_gauge<many_writers>;
using shared_histogram = basic_histogram<many_writers>;

}  // namespace tharsis

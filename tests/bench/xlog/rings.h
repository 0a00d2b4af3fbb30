// What a line goes into: xlog's own rings in a mapped file, and beside them the raw ring that figures are compared with,
// a timestamp and a copy into a mapped file. Nobody drains them; make_room() does, outside of what is measured.
#pragma once
#include <cstdint>
#include <cstring>
#include <memory>
#include <optional>
#include <string>

#include "plugins/xlog/core/keystream.h"
#include "plugins/xlog/ring_set.h"
#include "sdk/pure/logger.h"

namespace tharsis::bench {

inline constexpr uint32_t ring_size = 1 << 20;  // As xlog has it by default.

struct own_folder {
  own_folder();
  own_folder(const own_folder&) = delete;
  ~own_folder();
  std::string path;
};

inline uint64_t now_ticks() { return log_detail::tick(tharsis_log_ring{}); }
double ticks_per_nanosecond();

class raw_ring {
 public:
  raw_ring();
  raw_ring(const raw_ring&) = delete;
  ~raw_ring();

  // `size` bytes in all, of which the first 16 are made here.
  void write(const uint8_t* record, size_t size) {
    if (position_ + size > ring_size) position_ = 64;
    const uint64_t head[] = {size, now_ticks()};
    std::memcpy(bytes_ + position_, head, sizeof head);
    std::memcpy(bytes_ + position_ + sizeof head, record + sizeof head, size - sizeof head);
    position_ += size;
    __atomic_store_n(reinterpret_cast<uint64_t*>(bytes_), position_, __ATOMIC_RELEASE);
  }

 private:
  own_folder folder_;
  uint8_t* bytes_ = nullptr;
  uint64_t position_ = 64;
};

class log_rings {
 public:
  explicit log_rings(bool sealed);
  ~log_rings();

  const logger& log() const { return *log_; }
  void make_room() { rings_->commit(1, rings_->head(1)); }
  void set_level(uint32_t level) { __atomic_store_n(&level_, level, __ATOMIC_RELAXED); }

 private:
  static log_rings& of(void* self) { return *static_cast<log_rings*>(self); }

  own_folder folder_;
  std::unique_ptr<xlog::ring_system> threads_;
  std::optional<xlog::keystream> stream_;
  std::unique_ptr<xlog::ring_set> rings_;
  uint32_t level_ = THARSIS_LOG_VERBOSE, generation_, sites_ = 0;
  tharsis_log table_{};
  std::optional<logger> log_;
};

}  // namespace tharsis::bench

// Whose a line is, where its ring does not say it.
//
// In the ring that many threads share there are 8 bytes between a line's head and its arguments: the system's number of
// the thread that said it.
//
// In a block each row has the number of its ring, and the block's extra says whose that is. Other rows have numbers that
// are no ring's, and the extra says which thread each of them is.
#pragma once
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <span>

#include "plugins/xlog/core/ring_layout.h"

namespace tharsis::xlog {

// Where lines of threads stand that have no ring of their own.
inline constexpr uint32_t shared_ring = 0;
inline constexpr size_t shared_thread_size = 8;

// Takes it off the arguments; nothing, if they are too short to hold one.
inline std::optional<uint64_t> take_shared_thread(std::span<const uint8_t>& arguments) {
  if (arguments.size() < shared_thread_size) return {};
  uint64_t thread = 0;
  std::memcpy(&thread, arguments.data(), sizeof thread);
  arguments = arguments.subspan(shared_thread_size);
  return thread;
}

// Numbers from here on: lines that were recorded before an error came (flight_line.h).
inline constexpr uint32_t recorded_threads_from = 64;
static_assert(recorded_threads_from >= rings_max);
// And from here on: lines of the shared ring, and of a ring that changed hands within the block.
inline constexpr uint32_t named_threads_from = 1 << 16;

constexpr bool is_recorded(uint32_t number) { return number >= recorded_threads_from && number < named_threads_from; }

// Gives the threads of a block their numbers.
class thread_numbers {
 public:
  explicit thread_numbers(uint32_t first) : first_(first) {}

  uint32_t of(uint64_t thread) {
    return numbers_.emplace(thread, static_cast<uint32_t>(first_ + numbers_.size())).first->second;
  }
  const std::map<uint64_t, uint32_t>& all() const { return numbers_; }
  void clear() { numbers_.clear(); }

 private:
  const uint32_t first_;
  std::map<uint64_t, uint32_t> numbers_;
};

}  // namespace tharsis::xlog

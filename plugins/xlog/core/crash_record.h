// What a process that died of a signal wrote into its segment with its last breath. It holds numbers and the names of a
// thread and a library, no text of any line; so it is never sealed there, and the next start can put it into words.
#pragma once
#include <array>
#include <cstdint>
#include <string>

namespace tharsis::xlog {

struct crash_record {
  uint32_t whole = 0;  // 1: there is one.
  int32_t signal = 0;
  int32_t code = 0;    // The signal's si_code.
  uint32_t reserved = 0;
  uint64_t address = 0;
  uint64_t program_counter = 0;
  uint64_t offset = 0;  // The program counter's, from where the library begins in memory.
  uint64_t thread = 0;
  uint64_t tick = 0;
  std::array<char, 16> thread_name{};  // Texts may fill their place.
  std::array<char, 64> library{};      // Empty: the program counter is in none.

  bool operator==(const crash_record&) const = default;
};
static_assert(sizeof(crash_record) == 136);

// "process 4711 died of SIGSEGV at address 0x10, in thread 4712 'loop-1', pc library.so+0x1234"
std::string crash_sentence(const crash_record& c, uint32_t process);

}  // namespace tharsis::xlog

// What a process is about to append to a file that does not say itself which lines of which rings it holds. It stands in the
// segment before the bytes are written: whoever comes after a death looks into the file whether they have been.
//
// A process that dies inside the very write leaves a part of them; then all those lines are taken again.
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "sdk/pure/error.h"

namespace tharsis::xlog {

inline constexpr uint32_t rings_max = 48;  // With the flight ring.

struct write_intent {
  uint32_t sum = 0;   // CRC-32C of all behind it.
  uint32_t content = 0;  // CRC-32C of the bytes.
  uint64_t turn = 0;  // The higher one of two holds. 0: there is none.
  uint64_t offset = 0, size = 0;  // Of the bytes in the file.
  // Of the file; one in the segment's folder has its name only. Texts may fill their place.
  std::array<char, 224> path{};
  // By ring. All before `from` is in files; all before `to` is, when the bytes are.
  struct range {
    uint64_t from = 0, to = 0;
    bool operator==(const range&) const = default;
  };
  std::array<range, rings_max> ranges{};

  uint32_t sum_of() const;
  bool holds() const { return turn > 0 && sum == sum_of(); }

  // False: the name finds no room, and nobody will know of this write.
  bool set(std::string_view file, std::string_view folder, uint64_t at, std::string_view bytes);
  std::string path_in(const std::string& folder) const;

  bool operator==(const write_intent&) const = default;
};
static_assert(sizeof(write_intent) == 1024);

// Tells whoever comes after us what this file is about to get.
using will_write = std::function<error(const std::string& file, uint64_t offset, std::string_view bytes)>;

}  // namespace tharsis::xlog

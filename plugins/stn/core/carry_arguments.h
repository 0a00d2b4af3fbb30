// What was typed behind `tharsis stn upload` and `tharsis stn download`, and what they say on the way.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/stn/core/link_line.h"
#include "plugins/stn/core/stream_order.h"
#include "sdk/pure/error.h"
#include "sdk/pure/time.h"

namespace tharsis::stn {

struct carry_arguments : link_line {
  explicit carry_arguments(bool upload) : link_line(upload ? "stn upload" : "stn download"), up(upload) {}

  bool up;
  std::string file;  // As typed: what goes up, or where it goes.
  std::string name;  // On the server.
  std::string stream_key;  // Empty: made of what the file is.
  uint64_t rate = 0;
  duration timeout{};  // Zero: as long as it takes.
  bool json = false, help = false;
};

// A failure is a sentence for the person who typed it.
result<carry_arguments> parse_carry_arguments(bool upload, const std::vector<std::string>& words);
std::string carry_help(bool upload);

// "a.bin  42 %, 12.3 of 29.0 MiB, 3.1 MiB/s, 5 s left"
std::string carry_progress_text(const std::string& name, uint64_t done, uint64_t all, uint64_t before, duration took);
// "29.0 MiB"
std::string size_words(uint64_t bytes);

struct carry_report {
  std::string name;
  tharsis_status status = THARSIS_OK;
  uint64_t bytes = 0;   // That are there.
  uint64_t before = 0;  // Of them, those that were there already.
  uint32_t opens = 0;
  std::string sum;  // Hexadecimal.
  duration took{};
  std::string reason;
};
std::string carry_json(const carry_report& r);

}  // namespace tharsis::stn

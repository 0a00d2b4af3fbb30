// What was typed behind `tharsis stn send`.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "plugins/stn/core/link_line.h"
#include "plugins/stn/core/send_schedule.h"
#include "sdk/pure/error.h"

namespace tharsis::stn {

struct send_arguments : link_line {
  send_arguments() : link_line("stn send") {}

  uint32_t command = 0;
  std::optional<std::string> body, body_file;  // One of them.
  send_plan plan;
  bool keys = false;  // Each task has an idempotency key.
  bool hash = false;
  bool json = false;
  bool help = false;
};

// A failure is a sentence for the person who typed it.
result<send_arguments> parse_send_arguments(const std::vector<std::string>& words);

std::string send_help();

}  // namespace tharsis::stn

// What was typed behind `tharsis stn send`.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/stn/core/send_schedule.h"
#include "sdk/pure/address.h"
#include "sdk/pure/error.h"
#include "sdk/pure/key_pin.h"
#include "sdk/pure/proxy.h"

namespace tharsis::stn {

struct send_arguments {
  std::string command_name = "stn send";  // For sentences; others have such lines too.
  std::vector<endpoint> endpoints;
  uint32_t command = 0;
  std::optional<std::string> body, body_file;  // One of them.
  send_plan plan;
  // What is said here is stronger than --set links.main.
  std::string ca, certificate, key;  // As typed.
  std::optional<proxy> through;
  std::vector<key_pin> pins;
  std::vector<tharsis_address> addresses;  // These instead of what the endpoints' names resolve to.
  std::optional<std::string> user;
  std::optional<std::string> codec;
  std::optional<uint32_t> client_version;
  bool plain = false;
  bool keys = false;  // Each task has an idempotency key.
  bool hash = false;
  bool json = false;
  bool help = false;
};

// A failure is a sentence for the person who typed it.
result<send_arguments> parse_send_arguments(const std::vector<std::string>& words);

extern const std::string_view send_help;

}  // namespace tharsis::stn

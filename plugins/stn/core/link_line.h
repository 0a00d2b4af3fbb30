// What the commands that open a link of their own are told of it, behind `tharsis stn send` and `tharsis stn listen`.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "sdk/pure/address.h"
#include "sdk/pure/key_pin.h"
#include "sdk/pure/option_words.h"
#include "sdk/pure/proxy.h"

namespace tharsis::stn {

// What is said here is stronger than --set links.main.
struct link_line {
  explicit link_line(std::string c) : command_name(std::move(c)) {}

  std::string command_name;  // For sentences: "stn send".
  std::vector<endpoint> endpoints;
  std::string ca, certificate, key;  // As typed.
  std::optional<proxy> through;
  std::vector<key_pin> pins;
  std::vector<tharsis_address> addresses;  // These instead of what the endpoints' names resolve to.
  std::optional<std::string> user;
  std::optional<std::string> codec;
  std::optional<uint32_t> client_version;
  bool plain = false;
};

// `known` reads them into `line` from now on, which outlives it: endpoints as plain words, the rest as options.
void read_link_line(option_words& known, link_line& line);
// One endpoint's word; what is wrong with it, or nothing.
std::string take_endpoint(const std::string& word, link_line& line);
// What is missing once all words are read, or THARSIS_OK.
error mistake_in_link_line(const option_words& known, const link_line& line);

// A proxy's URL. Its sentences leave the password out.
option_words::taker take_proxy(std::optional<proxy>& to);

// Their part of the help, of both alike.
extern const std::string_view link_line_help;

}  // namespace tharsis::stn

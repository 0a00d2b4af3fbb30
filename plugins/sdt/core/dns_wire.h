// The DNS messages that probes send and hear: one question, and what an answer says of it. Reading never leaves the bytes,
// follows compression backwards only, and keeps a bounded number of addresses. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/abi/net.h"

namespace tharsis::sdt {

enum class record_type : uint16_t { a = 1, txt = 16, aaaa = 28 };
std::string_view name_of(record_type t);

struct dns_question {
  uint16_t id = 0;
  std::string name;  // Its letters' cases are repeated by whoever answers.
  record_type type = record_type::a;
  bool edns = true;
};

// Empty where the name is none.
std::vector<uint8_t> write_question(const dns_question& q);

struct dns_reply {
  int rcode = 0;
  bool truncated = false;
  bool edns = false;       // It has options of its own.
  bool case_kept = false;  // The name came back letter by letter.
  std::vector<tharsis_address> addresses;  // Port 0.
  std::vector<std::string> texts;          // Of TXT records.
  uint32_t ttl = 0;        // The shortest, seconds; 0 without records.
};
// Nothing: it answers another question, or is no message.
std::optional<dns_reply> read_reply(std::span<const uint8_t> bytes, const dns_question& q);

}  // namespace tharsis::sdt

// What a resolver's message says in answer to a probe's question. Who believes answers takes whole ones alone; a probe
// also notes what a message that was cut on its way still has. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/abi/net.h"
#include "sdk/pure/dns_question.h"

namespace tharsis::sdt {

// What probes ask for.
enum class record_type : uint16_t { a = dns::type::a, txt = dns::type::txt, aaaa = dns::type::aaaa };
std::string_view name_of(record_type t);

// A name as a person wrote it, in letters whose cases `chance` decides (0: small ones). Nothing: it is no name.
std::optional<dns::question> question_of(std::string_view name, record_type type, uint64_t chance);

struct name_reply {
  int rcode = 0;
  bool truncated = false;
  bool edns = false;       // It has options of its own.
  bool case_kept = false;  // The name came back letter by letter.
  bool damaged = false;    // It was whole until somewhere; what follows is of the part before.
  std::vector<tharsis_address> addresses;  // Port 0; of the family that was asked for.
  std::vector<std::string> texts;          // Of TXT records; each one's first piece.
  uint32_t ttl = 0;        // The shortest, seconds; 0 without records.
};
// Nothing: it answers another question, or is no message, or it is damaged before it gives what was asked for.
std::optional<name_reply> read_reply(std::span<const uint8_t> bytes, const dns::question& q);

}  // namespace tharsis::sdt

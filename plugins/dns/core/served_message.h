// A message in which a program asks us, and the one that answers it: what a resolver does on the other side of the wire. Pure.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/abi/net.h"
#include "sdk/pure/dns_message.h"

namespace tharsis::dns {

struct served_question {
  std::vector<uint8_t> asked;  // Its bytes as they came, to the end of the question: each answer begins with them.
  std::string name;            // As canonical_name() writes it.
  uint16_t kind = 0;
  bool has_options = false;
  size_t room = 512;  // Of a datagram that its sender takes.
};

// What came: a question, or what is said at once; nothing of both: it is not worth an answer (RFC 9267 has why a broken
// head, or an answer, gets none).
struct heard_request {
  std::optional<served_question> question;
  std::vector<uint8_t> refusal;
};
heard_request hear_request(std::span<const uint8_t> bytes);

// What may be said of why there is no answer (RFC 8914), at most so much of it.
inline constexpr size_t reason_max = 200;

// `life` in seconds. What does not fit into `room` is left out, and the message says that it is cut.
std::vector<uint8_t> reply_with(const served_question& q, std::span<const tharsis_address> addresses, uint32_t life, size_t room);
// No records: `code` 0 where the name has none of this type. `why` is told to who understands options.
std::vector<uint8_t> reply_without(const served_question& q, uint16_t code, std::string_view why);
// What a server has said to the same question, as `answer`, in whatever letters: the records that were asked for, the aliases that
// lead to them, and where there is nothing the start of the zone. No others: nobody has weighed them.
std::vector<uint8_t> reply_like(const served_question& q, std::span<const uint8_t> answer, size_t room);

// The shortest life of what a reply says, in seconds; 0: it says nothing.
uint32_t life_of(std::span<const uint8_t> reply);

}  // namespace tharsis::dns

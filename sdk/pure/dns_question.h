// One question as it goes out, and whether something that came is the answer to it. Pure.
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "sdk/pure/dns_message.h"

namespace tharsis::dns {

// What whoever does not see the question would have to guess.
struct chance {
  uint16_t id = 0;
  // The case of its letters (0x20), a bit for each.
  std::array<uint8_t, 32> cases{};
  // Our half of a cookie (RFC 7873).
  std::array<uint8_t, 8> cookie{};
};

struct question {
  std::string name;   // As canonical_name() writes it.
  uint16_t kind = type::a;
  chance secret{};
  bool cookie = false;
  // Without EDNS, for servers that are older than it: no cookie and no padding either.
  bool bare = false;
  // Up to a multiple of this (RFC 8467: 128 over encrypted ways); 0: as long as it is.
  size_t padded_to = 0;
};

// Larger datagrams are cut in pieces on some ways, and pieces get lost (DNS flag day 2020).
inline constexpr uint16_t datagram_max = 1232;
// No question is longer.
inline constexpr size_t question_max = 512;

// Its bytes, at the begin of `into`. Its name is one that canonical_name() has written, no address.
std::span<const uint8_t> write(const question& q, std::array<uint8_t, question_max>& into);

enum class fit : uint8_t {
  fits,
  damaged,         // See the defect.
  no_answer,       // It is a question, or something else than a query's answer.
  other_id,
  other_question,
  other_case,      // The right question, in letters of another case: who answers has not seen them, or does not keep them.
  other_cookie,    // A cookie that was not ours.
};
// The end of a sentence that begins with "a message".
constexpr std::string_view sentence(fit f) {
  switch (f) {
    case fit::fits: return "answers it";
    case fit::damaged: return "is damaged";
    case fit::no_answer: return "is no answer";
    case fit::other_id: return "has another id";
    case fit::other_question: return "answers another question";
    case fit::other_case: return "does not keep the question's letters";
    case fit::other_cookie: return "has another cookie";
  }
  return "is wrong";
}

// Is this the answer? `into` is the message unless it is damaged. A server that failed may leave the question out
// (RFC 1035, 4.1.1: FORMERR of old servers).
fit match(const question& q, std::span<const uint8_t> bytes, message& into, defect* why = nullptr);
// The same of a message that was read, as a whole or as far as it goes; never fit::damaged.
fit match(const question& q, const message& m);

}  // namespace tharsis::dns

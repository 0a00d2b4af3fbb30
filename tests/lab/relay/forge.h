// DNS questions, and lies that answer them before the truth can.
#pragma once
#include <string>

#include "tests/lab/relay/plan.h"

namespace tharsis::lab {

inline constexpr uint16_t dns_port = 53, dns_type_a = 1, dns_type_aaaa = 28;

struct dns_question {
  std::string name;  // With dots, without the last one.
  uint16_t type = 0;
  byte_view header, written;  // As they stand in the query.
};

// A query with one question. Nothing for everything else.
std::optional<dns_question> parse_question(byte_view message);

struct forgery {
  bytes packet;  // To the one who asked, from the server that was asked.
  bool only = false;
};

// Of rules for a name, one whose address the question's type asks for counts; a rule of the other
// family says that there is no such address. Other types are nobody's business.
std::optional<forgery> forge_answer(const packet& query, const std::vector<forge_rule>& rules);

}  // namespace tharsis::lab

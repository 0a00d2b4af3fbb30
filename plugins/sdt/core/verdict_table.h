// What there is to say about each verdict, once: its place, its words, and the rules it is given by.
//
// Words have places: {target} as a person gave it, {host}, {port}, and what the judge adds ({size}, {url}, ...).
#pragma once
#include <span>
#include <string_view>

#include "plugins/sdt/core/verdict.h"

namespace tharsis::sdt {

struct verdict_entry {
  verdict_code code;
  int rank;                     // The lowest is the headline.
  blame who;                    // Unless the judge saw more.
  uint32_t kind;                // THARSIS_SDT_FINE ...: the number of sdt.verdict that comes nearest to it.
  bool information;             // Worth knowing, and breaks nothing.
  std::string_view sentence;    // For a person.
  std::string_view advice;      // What to do; may be empty.
  std::string_view evidence;    // What must be seen.
  std::string_view confidence;  // What makes it sure.
  std::string_view action;      // What a program does; may be empty.
};

const verdict_entry& entry_of(verdict_code code);
std::span<const verdict_entry> verdict_table();  // By code.

}  // namespace tharsis::sdt

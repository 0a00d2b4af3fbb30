// What a shared library shows the dynamic linker, read from its bytes. Pure; no code of it runs.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "sdk/pure/error.h"

namespace tharsis::runtime {

struct exported_symbols {
  std::vector<std::string> exported;  // Defined and seen by others, sorted.
  std::vector<std::string> unique;    // Of them, those that keep a library in memory for ever (STB_GNU_UNIQUE).
  std::vector<std::string> needed;    // Not defined here.
};

// An ELF library of this machine's kind; whatever else is refused with a sentence, however its bytes lie.
result<exported_symbols> read_exported_symbols(std::string_view library);

}  // namespace tharsis::runtime

// Any bytes as a stranger's shared library: it is refused with a sentence, or shows names that are not much more than it is itself.
#include "runtime/simulation/exported_symbols.h"
#include "tests/fuzz/harness.h"

using namespace tharsis;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto found = runtime::read_exported_symbols(fuzz::text_of(data, size));
  if (!found) {
    require(!found.failure().text.empty(), "a refusal has a sentence");
    return 0;
  }
  size_t bytes = 0;
  for (const auto* list : {&found->exported, &found->unique, &found->needed}) {
    require(std::is_sorted(list->begin(), list->end()), "names are sorted");
    for (const std::string& name : *list) bytes += name.size();
  }
  require(bytes <= 8 * size, "whoever is read takes no memory that he does not have");
  require(std::includes(found->exported.begin(), found->exported.end(), found->unique.begin(), found->unique.end()), "what is unique is exported");
  return 0;
}

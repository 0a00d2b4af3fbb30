#include "runtime/reload_answer.h"

namespace tharsis::runtime {

void reload_answer::add_rereads(const std::vector<std::string>& plugins, const std::vector<live_calls::outcome>& said) {
  std::string refused;
  for (size_t i = 0; i < said.size(); ++i) {
    if (!said[i].printed.empty()) reread += plugins[i] + ": " + said[i].printed;
    if (said[i].code == 0) continue;
    const std::string& why = said[i].complained;
    refused += (refused.empty() ? "" : "\n") + plugins[i] + ": " + why.substr(0, why.find_last_not_of('\n') + 1);
  }
  if (!refused.empty()) failure = error{THARSIS_E_DENIED, "the profile is taken, but not every file it names: " + refused};
}

std::string reload_answer::text() const { return (changes.empty() && !reread.empty() ? "" : words_of(changes)) + reread; }

}  // namespace tharsis::runtime

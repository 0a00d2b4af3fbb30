#include "plugins/xlog/core/crash_record.h"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace tharsis::xlog {
namespace {

// As Linux numbers them on the processors that we run on.
constexpr std::pair<int32_t, const char*> signals[] = {{4, "SIGILL"}, {5, "SIGTRAP"}, {6, "SIGABRT"}, {7, "SIGBUS"}, {8, "SIGFPE"}, {11, "SIGSEGV"}};

std::string signal_text(int32_t number) {
  for (const auto& [known, name] : signals)
    if (known == number) return name;
  return "signal " + std::to_string(number);
}

std::string hex(uint64_t number) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(number));
  return text;
}

template <size_t Size>
std::string text_in(const std::array<char, Size>& place) {
  return {place.begin(), std::find(place.begin(), place.end(), '\0')};
}

// A signal that somebody sent has a code of at most 0, and no address; an abort or a trap has none either.
bool has_address(const crash_record& c) { return c.code > 0 && c.signal != 5 && c.signal != 6; }

}  // namespace

std::string crash_sentence(const crash_record& c, uint32_t process) {
  const std::string name = text_in(c.thread_name), library = text_in(c.library);
  return "process " + std::to_string(process) + " died of " + signal_text(c.signal) +
         (has_address(c) ? " at address " + hex(c.address) : "") + ", in thread " + std::to_string(c.thread) +
         (name.empty() ? "" : " '" + name + "'") + ", pc " +
         (library.empty() ? hex(c.program_counter) : library + "+" + hex(c.offset));
}

}  // namespace tharsis::xlog

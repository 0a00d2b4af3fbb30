// A console that remembers what was printed and how the work ended.
#pragma once
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "sdk/abi/console.h"
#include "sdk/pure/views.h"

namespace tharsis::test {

class recording_console {
 public:
  recording_console() {
    table_.size = sizeof table_;
    table_.self = this;
    table_.colours = [](void*) -> int32_t { return 0; };
    table_.progress = [](void* self, tharsis_text line) { of(self).keep(of(self).progress, line); };
    table_.print = [](void* self, tharsis_text text) { of(self).keep(of(self).printed, text); };
    table_.json = [](void* self, tharsis_text object) {
      const std::lock_guard lock(of(self).mutex_);
      of(self).json = view(object);
    };
    table_.complain = [](void* self, tharsis_text text) { of(self).keep(of(self).complaints, text); };
    table_.finish = [](void* self, int32_t first) {
      const std::lock_guard lock(of(self).mutex_);
      if (!of(self).code) of(self).code = first;
    };
  }
  recording_console(const recording_console&) = delete;

  const tharsis_console* table() const { return &table_; }

  std::vector<std::string> progress, printed, complaints;
  std::string json;
  std::optional<int> code;  // Of the first finish().

  // All that a person would have read, for a failing test's message.
  std::string transcript() const {
    std::string text;
    for (const auto* lines : {&progress, &printed, &complaints})
      for (const std::string& line : *lines) text += line + "\n";
    return text + json + "\n";
  }

 private:
  static recording_console& of(void* self) { return *static_cast<recording_console*>(self); }
  void keep(std::vector<std::string>& into, tharsis_text text) {
    const std::lock_guard lock(mutex_);
    into.emplace_back(view(text));
  }

  tharsis_console table_{};
  std::mutex mutex_;
};

}  // namespace tharsis::test

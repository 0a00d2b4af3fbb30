// Texts that recur in answers, each once: who said something, and why it counts. Read by any thread; grown by the owner,
// who publishes what has a text's number after the text itself.
#pragma once
#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>

namespace tharsis::dns {

class text_pool {
 public:
  // Sources and their sentences are few; more than this, or longer ones, are somebody's attempt to fill memory. A sentence may have what
  // a stranger chose, the name in his certificate for one: these leave room for sources, whatever they are.
  static constexpr size_t texts_max = 1024, sentences_max = texts_max - 128, size_max = 512;

  text_pool() { (void)number(""); }
  text_pool(const text_pool&) = delete;

  // The same text has the same number; where there is no room for one more it is that of the empty text. [owner]
  uint16_t number(std::string_view text) { return number(text, texts_max); }
  uint16_t sentence(std::string_view text) { return number(text, sentences_max); }
  // Valid as long as the pool. [any thread]
  std::string_view text(uint16_t number) const { return *texts_[number]; }

 private:
  uint16_t number(std::string_view text, size_t most) {
    text = text.substr(0, size_max);
    if (const auto known = numbers_.find(text); known != numbers_.end()) return known->second;
    if (numbers_.size() >= most) return 0;
    const auto next = static_cast<uint16_t>(numbers_.size());
    const auto at = numbers_.emplace(text, next).first;
    texts_[next] = &at->first;
    return next;
  }

  std::map<std::string, uint16_t, std::less<>> numbers_;  // A map's keys stay where they are.
  std::array<const std::string*, texts_max> texts_{};
};

}  // namespace tharsis::dns

// Commands of which a server wants no more for now, by user: tasks like the one whose answer said so end with the
// same answer, and are not sent.
#pragma once
#include <algorithm>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "sdk/pure/time.h"

namespace tharsis::stn {

class stopped_commands {
 public:
  struct stop {
    uint32_t command;
    std::string user;
    instant until;
    std::vector<uint8_t> body;
    int32_t code;
  };

  void add(stop s, instant now) {
    std::erase_if(all_, [&](const stop& old) { return old.until <= now || (old.command == s.command && old.user == s.user); });
    if (all_.size() == most) all_.erase(std::min_element(all_.begin(), all_.end(), [](const stop& a, const stop& b) { return a.until < b.until; }));
    all_.push_back(std::move(s));
  }
  // Null: go on.
  const stop* find(uint32_t command, const std::string& user, instant now) const {
    for (const stop& s : all_)
      if (s.command == command && s.user == user && now < s.until) return &s;
    return nullptr;
  }

 private:
  static constexpr size_t most = 64;  // A server that stops more is down.
  std::vector<stop> all_;
};

}  // namespace tharsis::stn

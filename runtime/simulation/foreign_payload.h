// A payload of a topic as a stranger might fill it: every field holds something that its type allows.
#pragma once
#include <deque>
#include <string>
#include <vector>

#include "sdk/abi/bus.h"
#include "sdk/pure/dice.h"

namespace tharsis::runtime {

class foreign_payload {
 public:
  foreign_payload(const tharsis_topic& topic, dice& chance);
  const void* bytes() const { return bytes_.data(); }

 private:
  void fill(const tharsis_field& field, dice& chance);
  template <class T>
  void put(const tharsis_field& field, T value);

  std::vector<uint64_t> bytes_;  // Aligned for all types.
  std::deque<std::string> texts_;
};

}  // namespace tharsis::runtime

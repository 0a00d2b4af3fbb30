// Bytes that mean nothing.
#pragma once
#include <string>

#include "sdk/pure/dice.h"

namespace tharsis::runtime {

inline std::string noise(dice& chance, size_t size) {
  std::string bytes(size, ' ');
  for (char& c : bytes) c = static_cast<char>(chance.next());
  return bytes;
}

}  // namespace tharsis::runtime

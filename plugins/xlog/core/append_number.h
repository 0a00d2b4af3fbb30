// A number as it stands in memory: the format's is little-endian, as every machine is that xlog runs on.
#pragma once
#include <string>

namespace tharsis::xlog {

template <class T>
void append_number(std::string& to, T value) {
  to.append(reinterpret_cast<const char*>(&value), sizeof value);
}

}  // namespace tharsis::xlog

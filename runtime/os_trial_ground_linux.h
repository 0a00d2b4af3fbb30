// What a trial on the machine underneath needs of it: a folder of its own, what this process has open, and strangers.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sdk/abi/net.h"

namespace tharsis::runtime {

// Deleted with all that is in it.
class trial_folder {
 public:
  trial_folder();
  ~trial_folder();
  trial_folder(const trial_folder&) = delete;
  const std::string& path() const { return path_; }  // Empty: none could be made.

 private:
  std::string path_;
};

// Of this process.
size_t open_descriptors();
// Where it listens for connections.
std::vector<tharsis_address> open_ports();

// Somebody who connects to such a port, and hangs up when destroyed.
class stranger {
 public:
  explicit stranger(const tharsis_address& to);
  ~stranger();
  stranger(stranger&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}
  // As much as is taken at once.
  void send(std::string_view bytes);

 private:
  int descriptor_;
};

}  // namespace tharsis::runtime

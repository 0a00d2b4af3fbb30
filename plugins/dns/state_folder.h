// Where dns keeps what it knows for its next start.
#pragma once
#include <string>

#include "sdk/async/kept_file.h"

namespace tharsis::dns {

class state_folder {
 public:
  // Empty: nothing is kept. `only_read`: a program that runs writes it, and who looks leaves it as it is.
  state_folder(std::string path = {}, bool only_read = false) : path_(std::move(path)), only_read_(only_read) {}

  std::string file(const char* name) const { return path_.empty() ? path_ : path_ + "/" + name; }
  kept_file::content content(kept_file::content whole) const {
    if (only_read_) whole.write = nullptr;
    return whole;
  }

 private:
  std::string path_;
  bool only_read_;
};

}  // namespace tharsis::dns

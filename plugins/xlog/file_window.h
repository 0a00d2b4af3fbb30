// The bytes of a file on the disk, read at offsets as they are asked for. [may block]
#pragma once
#include <optional>
#include <string>

#include "plugins/xlog/core/byte_window.h"
#include "sdk/abi/files.h"
#include "sdk/pure/error.h"

namespace tharsis::xlog {

class file_window final : public byte_window {
 public:
  // `grows`: what is behind its end is still to come.
  file_window(const tharsis_files* files, std::string path, bool grows) : files_(files), path_(std::move(path)), grows_(grows) {}
  file_window(const file_window&) = delete;
  file_window& operator=(const file_window&) = delete;
  ~file_window() override { let_go(); }

  // How long the file is now.
  void look() {
    let_go();
    size_.reset();
  }
  void stops_growing() { grows_ = false; }
  // Gives back the descriptor and the memory until it is asked again: there may be more files than either allows.
  void let_go();

  uint64_t size() override;
  bool ended() override { return !grows_; }
  std::string_view at(uint64_t offset, size_t most) override;
  bool read(uint64_t offset, std::span<uint8_t> into) override;

  // Of what could not be read; THARSIS_OK: nothing.
  const error& failure() const { return failure_; }

 private:
  bool open();
  bool is_same();
  size_t read_some(uint64_t offset, uint8_t* into, size_t most);

  const tharsis_files* const files_;
  const std::string path_;
  bool grows_;
  tharsis_handle file_ = 0;
  std::optional<uint64_t> size_;
  std::string kept_;  // What was read last,
  uint64_t kept_at_ = 0;
  error failure_{THARSIS_OK, {}};
};

}  // namespace tharsis::xlog

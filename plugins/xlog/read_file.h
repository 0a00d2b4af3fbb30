// Bytes of files over the host's table, where it may block.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "sdk/abi/files.h"
#include "sdk/pure/error.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {

// A file that is open for reading for as long as this lives.
class open_file {
 public:
  static result<open_file> open(const tharsis_files* files, const std::string& path) {
    open_file f(files);
    tharsis_error why = no_error();
    const tharsis_status status = files->open(files->self, text_of(path), THARSIS_FILES_READ, &f.file_, &why);
    if (status != THARSIS_OK) return error_from(status, why);
    return f;
  }
  open_file(open_file&& other) noexcept : files_(other.files_), file_(std::exchange(other.file_, 0)) {}
  open_file& operator=(open_file&&) = delete;
  ~open_file() {
    if (file_ != 0) files_->close(files_->self, file_);
  }

  // As many bytes as there are, up to `most`.
  result<std::string> read(uint64_t offset, size_t most) const {
    std::string bytes(most, '\0');
    size_t count = 0;
    tharsis_error why = no_error();
    const tharsis_status status =
        files_->read(files_->self, file_, offset, reinterpret_cast<uint8_t*>(bytes.data()), most, &count, &why);
    if (status != THARSIS_OK) return error_from(status, why);
    bytes.resize(count);
    return bytes;
  }

 private:
  explicit open_file(const tharsis_files* files) : files_(files) {}

  const tharsis_files* files_;
  tharsis_handle file_ = 0;
};

// The beginning of a file, up to `most` bytes.
inline result<std::string> read_file(const tharsis_files* files, const std::string& path, size_t most) {
  auto file = open_file::open(files, path);
  if (!file) return file.failure();
  return file->read(0, most);
}

}  // namespace tharsis::xlog

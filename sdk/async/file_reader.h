// Bytes of files over the host's table. [a thread that may block]
#pragma once
#include <cstdint>
#include <string>
#include <utility>

#include "sdk/abi/files.h"
#include "sdk/pure/error.h"

namespace tharsis {

// A file that is open for reading for as long as this lives.
class file_reader {
 public:
  // `more`: THARSIS_FILES_SECRET, or 0.
  static result<file_reader> open(const tharsis_files* files, const std::string& path, uint32_t more = 0);
  file_reader(file_reader&& other) noexcept : files_(other.files_), file_(std::exchange(other.file_, 0)) {}
  file_reader& operator=(file_reader&&) = delete;
  ~file_reader();

  result<uint64_t> length() const;
  // As many bytes as there are, up to `most`.
  result<std::string> read(uint64_t offset, size_t most) const;

 private:
  explicit file_reader(const tharsis_files* files) : files_(files) {}

  const tharsis_files* files_;
  tharsis_handle file_ = 0;
};

// The first bytes of a file, up to `most`.
result<std::string> read_beginning(const tharsis_files* files, const std::string& path, size_t most);

// All of it. `what` it is meant to be ("a list of certificates"), for the sentence when it has more than `most` bytes.
result<std::string> read_whole(const tharsis_files* files, const std::string& path, uint64_t most, const std::string& what, uint32_t more = 0);
// The same of a file that nobody else may read: keys.
inline result<std::string> read_secret(const tharsis_files* files, const std::string& path, uint64_t most, const std::string& what) {
  return read_whole(files, path, most, what, THARSIS_FILES_SECRET);
}

}  // namespace tharsis

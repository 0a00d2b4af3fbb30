// Files that become code: who could change them, and the descriptor on which that was checked.
//
// A file is trusted when it and every folder above it belong to root or to the user who runs this
// process, and nobody else may write to them. Folders that others may write to are accepted with the
// sticky bit (/tmp): nobody can replace there what belongs to another. Links on the way must belong
// to root or the user too; a file that is a link must not lead out of its folder.
#pragma once
#include <cstdint>
#include <string>

#include "sdk/pure/error.h"

namespace tharsis::runtime {

// A trusted regular file, open for reading. What is hashed and loaded is what was checked, whatever
// happens to the name meanwhile.
class trusted_file {
 public:
  // Which file it is, and in which state; equal for the same unchanged file under all its names.
  struct identity {
    uint64_t device = 0, inode = 0;
    int64_t size = 0, changed_ns = 0;
    bool is_same_file(const identity& other) const { return device == other.device && inode == other.inode; }
    bool operator==(const identity& other) const = default;
  };

  trusted_file(int descriptor, std::string path, const identity& which)
      : descriptor_(descriptor), path_(std::move(path)), which_(which) {}
  trusted_file(trusted_file&& other) noexcept;
  trusted_file& operator=(trusted_file&&) = delete;
  ~trusted_file();

  int descriptor() const { return descriptor_; }
  const std::string& path() const { return path_; }  // Without links.
  const identity& which() const { return which_; }
  result<std::string> sha256() const;

 private:
  int descriptor_;
  std::string path_;
  identity which_;
};

// `path` is absolute. Fails with THARSIS_E_UNTRUSTED, or NOT_FOUND, DENIED, INVALID, IO for the file itself.
result<trusted_file> open_trusted(const std::string& path);

}  // namespace tharsis::runtime

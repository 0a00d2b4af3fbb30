// The files that streams bring, and those that are half here:
//     FOLDER/NAME             whole
//     FOLDER/.halves/ID       what came of one; its name and key make the ID
//     FOLDER/.halves/ID.note  what it is: see half_record; stays for a while when it is whole, and holds as long as that file is there
//     FOLDER/.lock            held by the gateway whose folder it is
// A file is never seen half: it is written beside, and then takes its name. Everything here is the disk's business alone and
// may block; who may have which half at a time is the stream_shelf's. [a thread that may block]
#pragma once
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "plugins/gateway/core/stream_rules.h"
#include "plugins/gateway/kept_folder.h"
#include "sdk/abi/files.h"
#include "sdk/pure/sha256.h"

namespace tharsis::gateway {

// Open for as long as somebody has it.
class disk_file {
 public:
  static result<std::shared_ptr<const disk_file>> open(const tharsis_files* files, const std::string& path, uint32_t mode);
  disk_file(const tharsis_files* files, tharsis_handle file) : files_(files), file_(file) {}
  disk_file(const disk_file&) = delete;
  ~disk_file() { files_->close(files_->self, file_); }

  error append(std::span<const uint8_t> bytes) const;
  result<std::vector<uint8_t>> read(uint64_t offset, size_t most) const;
  result<uint64_t> length() const;
  error sync() const;
  // Adds `size` bytes from `offset` on; fewer are a failure.
  error add_up(uint64_t offset, size_t size, sha256_sum& to) const;

 private:
  const tharsis_files* files_;
  tharsis_handle file_;
};
using shared_file = std::shared_ptr<const disk_file>;

class stream_store : private kept_folder {
 public:
  stream_store(const tharsis_files* files, std::string folder) : kept_folder(files, std::move(folder)) {}

  // A half, made if it is not there; or, with `whole`, what is known of one that is over: then there is no file.
  struct half {
    shared_file file;
    uint64_t length = 0;
    half_record about;
    bool made = false;  // Nothing of it was there.
  };
  result<half> open_half(const std::string& id, const std::string& name, std::optional<uint64_t> size) const;
  result<shared_file> read_half(const std::string& id) const { return disk_file::open(files_, half_path(id), THARSIS_FILES_READ); }
  // It takes its name, and the place of what had it. How many bytes that had.
  result<uint64_t> finish(const std::string& id, const half& h, const streams::sum& whole) const;
  void drop(const std::string& id) const;

  struct stored {
    shared_file file;
    uint64_t length = 0;
  };
  result<stored> open_file(const std::string& name) const;

  struct swept {
    uint64_t files = 0, bytes = 0;  // That stay.
    uint64_t notes = 0;             // Of what came whole; where they are more than the whole files, `files` has these: many bring one name.
    uint64_t removed = 0;  // Files and halves that went.
    std::vector<std::string> complaints;
  };
  // Makes the folders, removes what need not stay, and measures what does. Those in `held` stay whatever they are.
  swept sweep(int64_t wall, const stream_settings& s, const std::set<std::string>& held) const;

 private:
  std::string half_path(const std::string& id) const { return folder_ + "/.halves/" + id; }
  std::string note_path(const std::string& id) const { return half_path(id) + ".note"; }
  error note(const std::string& id, const half_record& r) const;
  bool is_still_there(const half_record& r) const;
  void sweep_halves(int64_t wall, const stream_settings& s, const std::set<std::string>& held, swept& done) const;
};

}  // namespace tharsis::gateway

// The table "tharsis.files/1" of one machine, over its disk.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "sdk/abi/files.h"
#include "sdk/sim/disk.h"
#include "sdk/sim/handles.h"

namespace tharsis::sim {

class files {
 public:
  // `wall`: the machine's clock, for when files were written; without it nobody knows.
  explicit files(std::shared_ptr<disk> storage, std::function<int64_t()> wall = {});
  files(const files&) = delete;
  // The locks do not outlive the machine; the disk may.
  ~files() { close_all(); }

  const tharsis_files* table() const { return &table_; }
  const std::shared_ptr<disk>& storage() const { return disk_; }
  void lose_power(dice& chance);

 private:
  struct file {
    disk::node_pointer node;
    std::string path;
    uint32_t mode;  // THARSIS_FILES_*; 0: it is a lock.
  };
  tharsis_handle add(disk::node_pointer node, tharsis_text path, uint32_t mode);
  result<file*> find(tharsis_handle handle) const;
  void close_all();

  // The table's functions; `self` is this.
  static tharsis_status open(void* self, tharsis_text path, uint32_t mode, tharsis_handle* out,
                             tharsis_error* error);
  static tharsis_status append(void* self, tharsis_handle handle, tharsis_bytes data, tharsis_error* error);
  static tharsis_status read(void* self, tharsis_handle handle, uint64_t offset, uint8_t* into,
                             size_t capacity, size_t* count, tharsis_error* error);
  static tharsis_status length(void* self, tharsis_handle handle, uint64_t* bytes, tharsis_error* error);
  static tharsis_status sync(void* self, tharsis_handle handle, tharsis_error* error);
  static tharsis_status close(void* self, tharsis_handle handle);
  static tharsis_status replace(void* self, tharsis_text path, tharsis_bytes data, tharsis_error* error);
  static tharsis_status make_folder(void* self, tharsis_text path, tharsis_error* error);
  static tharsis_status remove(void* self, tharsis_text path, tharsis_error* error);
  static tharsis_status list(void* self, tharsis_text folder, void (*visit)(void* context, tharsis_text name),
                             void* context, tharsis_error* error);
  static tharsis_status lock(void* self, tharsis_text path, tharsis_handle* out, tharsis_error* error);
  static tharsis_status describe(void* self, tharsis_text path, tharsis_file_facts* facts, tharsis_error* error);
  static tharsis_status space(void* self, tharsis_text folder, tharsis_space* space, tharsis_error* error);
  static tharsis_status rename(void* self, tharsis_text from, tharsis_text to, tharsis_error* error);
  static files& of(void* self) { return *static_cast<files*>(self); }

  int64_t wall() const { return wall_ ? wall_() : 0; }

  std::shared_ptr<disk> disk_;
  const std::function<int64_t()> wall_;
  tharsis_files table_;
  handles<file> open_;
};

}  // namespace tharsis::sim

// The files table of a real process.
#pragma once
#include <memory>
#include <mutex>

#include "runtime/handle_table.h"
#include "sdk/abi/files.h"

namespace tharsis::runtime {

class real_files {
 public:
  real_files();
  ~real_files();
  real_files(const real_files&) = delete;

  const tharsis_files* table() const { return &table_; }

 private:
  struct open_file;
  using held = std::shared_ptr<open_file>;  // A call that is under way keeps its file open.

  tharsis_status open(tharsis_text path, uint32_t mode, tharsis_handle* file, tharsis_error* error);
  tharsis_status append(tharsis_handle file, tharsis_bytes data, tharsis_error* error);
  tharsis_status read(tharsis_handle file, uint64_t offset, uint8_t* into, size_t capacity, size_t* count,
                      tharsis_error* error);
  tharsis_status length(tharsis_handle file, uint64_t* bytes, tharsis_error* error);
  tharsis_status sync(tharsis_handle file, tharsis_error* error);
  tharsis_status close(tharsis_handle file);
  tharsis_status replace(tharsis_text path, tharsis_bytes data, tharsis_error* error);
  tharsis_status make_folder(tharsis_text path, tharsis_error* error);
  tharsis_status remove(tharsis_text path, tharsis_error* error);
  tharsis_status list(tharsis_text folder, void (*visit)(void*, tharsis_text), void* context,
                      tharsis_error* error);
  tharsis_status lock(tharsis_text path, tharsis_handle* lock, tharsis_error* error);
  tharsis_status describe(tharsis_text path, tharsis_file_facts* facts, tharsis_error* error);
  tharsis_status space(tharsis_text folder, tharsis_space* space, tharsis_error* error);
  tharsis_status rename(tharsis_text from, tharsis_text to, tharsis_error* error);

  tharsis_status keep(held file, tharsis_handle* id, tharsis_error* error);
  held find(tharsis_handle id);

  std::mutex mutex_;
  handle_table<held> files_;
  tharsis_files table_{};
};

}  // namespace tharsis::runtime

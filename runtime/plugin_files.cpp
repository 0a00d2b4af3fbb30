#include "runtime/plugin_files.h"

#include <utility>

#include "sdk/pure/views.h"

namespace tharsis::runtime {

plugin_files::plugin_files(const tharsis_files& platform) : platform_(platform) {
  table_.size = sizeof table_;
  table_.self = this;
  table_.open = [](void* self, tharsis_text path, uint32_t mode, tharsis_handle* file, tharsis_error* error) {
    const tharsis_files& f = of(self).platform_;
    return of(self).note(f.open(f.self, path, mode, file, error), path, file);
  };
  table_.lock = [](void* self, tharsis_text path, tharsis_handle* lock, tharsis_error* error) {
    const tharsis_files& f = of(self).platform_;
    return of(self).note(f.lock(f.self, path, lock, error), path, lock);
  };
  table_.close = [](void* self, tharsis_handle file) {
    {
      const std::lock_guard held(of(self).mutex_);
      of(self).open_.erase(file);
    }
    return of(self).platform_.close(of(self).platform_.self, file);
  };
  table_.append = [](void* self, tharsis_handle file, tharsis_bytes data, tharsis_error* error) {
    return of(self).platform_.append(of(self).platform_.self, file, data, error);
  };
  table_.read = [](void* self, tharsis_handle file, uint64_t offset, uint8_t* into, size_t capacity, size_t* count,
                   tharsis_error* error) {
    return of(self).platform_.read(of(self).platform_.self, file, offset, into, capacity, count, error);
  };
  table_.length = [](void* self, tharsis_handle file, uint64_t* bytes, tharsis_error* error) {
    return of(self).platform_.length(of(self).platform_.self, file, bytes, error);
  };
  table_.sync = [](void* self, tharsis_handle file, tharsis_error* error) {
    return of(self).platform_.sync(of(self).platform_.self, file, error);
  };
  table_.replace = [](void* self, tharsis_text path, tharsis_bytes data, tharsis_error* error) {
    return of(self).platform_.replace(of(self).platform_.self, path, data, error);
  };
  table_.make_folder = [](void* self, tharsis_text path, tharsis_error* error) {
    return of(self).platform_.make_folder(of(self).platform_.self, path, error);
  };
  table_.remove = [](void* self, tharsis_text path, tharsis_error* error) {
    return of(self).platform_.remove(of(self).platform_.self, path, error);
  };
  table_.list = [](void* self, tharsis_text folder, void (*visit)(void*, tharsis_text), void* context, tharsis_error* error) {
    return of(self).platform_.list(of(self).platform_.self, folder, visit, context, error);
  };
  table_.describe = [](void* self, tharsis_text path, tharsis_file_facts* facts, tharsis_error* error) {
    return of(self).platform_.describe(of(self).platform_.self, path, facts, error);
  };
  table_.space = [](void* self, tharsis_text folder, tharsis_space* space, tharsis_error* error) {
    return of(self).platform_.space(of(self).platform_.self, folder, space, error);
  };
  table_.rename = [](void* self, tharsis_text from, tharsis_text to, tharsis_error* error) {
    return of(self).platform_.rename(of(self).platform_.self, from, to, error);
  };
}

tharsis_status plugin_files::note(tharsis_status status, tharsis_text path, const tharsis_handle* file) {
  if (status != THARSIS_OK) return status;
  const std::lock_guard held(mutex_);
  open_[*file] = view(path);
  return status;
}

std::vector<std::string> plugin_files::close_all() {
  std::map<tharsis_handle, std::string> left;
  {
    const std::lock_guard held(mutex_);
    left.swap(open_);
  }
  std::vector<std::string> paths;
  for (auto& [file, path] : left) {
    platform_.close(platform_.self, file);
    paths.push_back(std::move(path));
  }
  return paths;
}

}  // namespace tharsis::runtime

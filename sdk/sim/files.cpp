#include "sdk/sim/files.h"

#include <algorithm>

#include "sdk/pure/views.h"

namespace tharsis::sim {

files::files(std::shared_ptr<disk> storage, std::function<int64_t()> wall) : disk_(std::move(storage)), wall_(std::move(wall)) {
  table_ = {sizeof table_, this,   open, append, read,     length, sync,  close,
            replace, make_folder, remove, list, lock, describe, space, rename};
}

tharsis_handle files::add(disk::node_pointer node, tharsis_text path, uint32_t mode) {
  return open_.add(std::make_unique<file>(file{std::move(node), std::string(view(path)), mode}));
}

result<files::file*> files::find(tharsis_handle handle) const {
  file* const f = open_.find(handle);
  if (f == nullptr) return error{THARSIS_E_GONE, "the file has been closed"};
  if (disk_->broken) return error{THARSIS_E_IO, f->path + ": input/output error"};
  return f;
}

void files::close_all() {
  for (const tharsis_handle h : open_.all()) close(this, h);
}

void files::lose_power(dice& chance) {
  close_all();
  disk_->lose_power(this, chance);
}

tharsis_status files::open(void* self, tharsis_text path, uint32_t mode, tharsis_handle* out,
                           tharsis_error* error) {
  files& me = of(self);
  const bool used = (mode & (THARSIS_FILES_READ | THARSIS_FILES_APPEND)) != 0, secret = (mode & THARSIS_FILES_SECRET) != 0;
  const bool known = (mode & ~uint32_t{THARSIS_FILES_READ | THARSIS_FILES_APPEND | THARSIS_FILES_SECRET}) == 0;
  if (!used || !known || (secret && (mode & THARSIS_FILES_READ) == 0))  // Who may read it nobody asks: one user alone is here.
    return fail(error, THARSIS_E_INVALID, "a file is opened to read, to append, or both");
  const bool may_append = (mode & THARSIS_FILES_APPEND) != 0;
  auto found = may_append ? me.disk_->find_or_make(view(path), me.wall()) : me.disk_->find(view(path));
  if (!found) return fail(error, found.failure());
  if (may_append && (*found)->link) return fail(error, THARSIS_E_DENIED, std::string(view(path)) + ": it is a link");
  *out = me.add(std::move(*found), path, mode);
  return THARSIS_OK;
}

tharsis_status files::append(void* self, tharsis_handle handle, tharsis_bytes data, tharsis_error* error) {
  const auto f = of(self).find(handle);
  if (!f) return fail(error, f.failure());
  if (!((*f)->mode & THARSIS_FILES_APPEND))
    return fail(error, THARSIS_E_INVALID, (*f)->path + ": was not opened to append");
  return of(self).disk_->append(*(*f)->node, (*f)->path, as_text(view(data)), self, of(self).wall(), error);
}

tharsis_status files::read(void* self, tharsis_handle handle, uint64_t offset, uint8_t* into, size_t capacity,
                           size_t* count, tharsis_error* error) {
  *count = 0;
  const auto f = of(self).find(handle);
  if (!f) return fail(error, f.failure());
  if (!((*f)->mode & THARSIS_FILES_READ))
    return fail(error, THARSIS_E_INVALID, (*f)->path + ": was not opened to read");
  const std::string& bytes = (*f)->node->bytes;
  if (offset >= bytes.size()) return THARSIS_OK;
  *count = std::min(capacity, bytes.size() - offset);
  std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), *count, into);
  return THARSIS_OK;
}

tharsis_status files::length(void* self, tharsis_handle handle, uint64_t* bytes, tharsis_error* error) {
  const auto f = of(self).find(handle);
  if (!f) return fail(error, f.failure());
  *bytes = (*f)->node->bytes.size();
  return THARSIS_OK;
}

tharsis_status files::sync(void* self, tharsis_handle handle, tharsis_error* error) {
  const auto f = of(self).find(handle);
  if (!f) return fail(error, f.failure());
  (*f)->node->synced = (*f)->node->bytes.size();
  (*f)->node->named = true;
  return THARSIS_OK;
}

tharsis_status files::close(void* self, tharsis_handle handle) {
  const auto f = of(self).open_.take(handle);
  if (f == nullptr) return THARSIS_E_GONE;
  if (f->mode == 0) f->node->locked = false;
  return THARSIS_OK;
}

tharsis_status files::replace(void* self, tharsis_text path, tharsis_bytes data, tharsis_error* error) {
  return of(self).disk_->replace(view(path), as_text(view(data)), error, of(self).wall());
}

tharsis_status files::make_folder(void* self, tharsis_text path, tharsis_error* error) {
  return of(self).disk_->make_folder(view(path), error);
}

tharsis_status files::remove(void* self, tharsis_text path, tharsis_error* error) {
  return of(self).disk_->remove(view(path), error);
}

tharsis_status files::list(void* self, tharsis_text folder, void (*visit)(void* context, tharsis_text name),
                           void* context, tharsis_error* error) {
  const auto names = of(self).disk_->list(view(folder));
  if (!names) return fail(error, names.failure());
  for (const std::string& name : *names) visit(context, text_of(name));
  return THARSIS_OK;
}

tharsis_status files::lock(void* self, tharsis_text path, tharsis_handle* out, tharsis_error* error) {
  files& me = of(self);
  auto found = me.disk_->find_or_make(view(path), me.wall());
  if (!found) return fail(error, found.failure());
  if ((*found)->link) return fail(error, THARSIS_E_DENIED, std::string(view(path)) + ": it is a link");
  if ((*found)->locked)
    return fail(error, THARSIS_E_IN_USE, std::string(view(path)) + ": somebody else holds the lock");
  (*found)->locked = true;
  *out = me.add(std::move(*found), path, 0);
  return THARSIS_OK;
}

tharsis_status files::describe(void* self, tharsis_text path, tharsis_file_facts* facts, tharsis_error* error) {
  const auto found = of(self).disk_->at(view(path));
  if (!found) return fail(error, found.failure());
  const disk::node& n = **found;
  facts->kind = n.link ? THARSIS_FILE_OTHER : n.folder ? THARSIS_FILE_FOLDER : THARSIS_FILE_PLAIN;
  facts->bytes = n.bytes.size();
  facts->modified = n.modified;
  return THARSIS_OK;
}

tharsis_status files::space(void* self, tharsis_text folder, tharsis_space* space, tharsis_error* error) {
  const auto found = of(self).disk_->at(view(folder));
  if (!found) return fail(error, found.failure());
  const uint64_t used = of(self).disk_->used();
  space->total = of(self).disk_->capacity.value_or(uint64_t{1} << 40);
  space->free = space->total > used ? space->total - used : 0;
  return THARSIS_OK;
}

tharsis_status files::rename(void* self, tharsis_text from, tharsis_text to, tharsis_error* error) {
  return of(self).disk_->rename(view(from), view(to), error);
}

}  // namespace tharsis::sim

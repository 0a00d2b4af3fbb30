// The operations of a disk that fail where a test wants it.
#pragma once
#include "sdk/abi/files.h"
#include "sdk/pure/error.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {

// A disk of which the operations from one on fail, so many of them.
struct failing_files {
  explicit failing_files(const tharsis_files* t) : to(t) {
    table = {sizeof table, this, open, append, read, length, sync, close, replace, make_folder, remove, list, lock, describe, space, rename};
  }
  failing_files(const failing_files&) = delete;
  static failing_files& of(void* self) { return *static_cast<failing_files*>(self); }
  template <class Call>
  static tharsis_status unless_failing(void* self, tharsis_error* why, Call call) {
    failing_files& f = of(self);
    const uint64_t number = f.operations++;
    if (number >= f.first && number - f.first < f.count) return fail(why, f.status, "the test wants it so");
    return call(*f.to, f.to->self);
  }
  static tharsis_status open(void* self, tharsis_text path, uint32_t mode, tharsis_handle* file, tharsis_error* why) {
    return unless_failing(self, why, [&](auto& t, void* s) { return t.open(s, path, mode, file, why); });
  }
  static tharsis_status append(void* self, tharsis_handle file, tharsis_bytes data, tharsis_error* why) {
    return unless_failing(self, why, [&](auto& t, void* s) { return t.append(s, file, data, why); });
  }
  static tharsis_status read(void* self, tharsis_handle file, uint64_t offset, uint8_t* into, size_t room, size_t* count, tharsis_error* why) {
    return unless_failing(self, why, [&](auto& t, void* s) { return t.read(s, file, offset, into, room, count, why); });
  }
  static tharsis_status length(void* self, tharsis_handle file, uint64_t* bytes, tharsis_error* why) {
    return unless_failing(self, why, [&](auto& t, void* s) { return t.length(s, file, bytes, why); });
  }
  static tharsis_status sync(void* self, tharsis_handle file, tharsis_error* why) {
    return unless_failing(self, why, [&](auto& t, void* s) { return t.sync(s, file, why); });
  }
  static tharsis_status close(void* self, tharsis_handle file) { return of(self).to->close(of(self).to->self, file); }
  static tharsis_status replace(void* self, tharsis_text path, tharsis_bytes data, tharsis_error* why) {
    return unless_failing(self, why, [&](auto& t, void* s) { return t.replace(s, path, data, why); });
  }
  static tharsis_status make_folder(void* self, tharsis_text path, tharsis_error* why) {
    return unless_failing(self, why, [&](auto& t, void* s) { return t.make_folder(s, path, why); });
  }
  static tharsis_status remove(void* self, tharsis_text path, tharsis_error* why) {
    return unless_failing(self, why, [&](auto& t, void* s) { return t.remove(s, path, why); });
  }
  static tharsis_status list(void* self, tharsis_text folder, void (*visit)(void*, tharsis_text), void* context, tharsis_error* why) {
    return unless_failing(self, why, [&](auto& t, void* s) { return t.list(s, folder, visit, context, why); });
  }
  static tharsis_status lock(void* self, tharsis_text path, tharsis_handle* lock, tharsis_error* why) {
    return unless_failing(self, why, [&](auto& t, void* s) { return t.lock(s, path, lock, why); });
  }

  static tharsis_status describe(void* self, tharsis_text path, tharsis_file_facts* facts, tharsis_error* why) {
    return unless_failing(self, why, [&](auto& t, void* s) { return t.describe(s, path, facts, why); });
  }
  static tharsis_status space(void* self, tharsis_text folder, tharsis_space* room, tharsis_error* why) {
    return unless_failing(self, why, [&](auto& t, void* s) { return t.space(s, folder, room, why); });
  }
  static tharsis_status rename(void* self, tharsis_text from, tharsis_text to, tharsis_error* why) {
    return unless_failing(self, why, [&](auto& t, void* s) { return t.rename(s, from, to, why); });
  }

  static constexpr uint64_t never = ~uint64_t{0};
  const tharsis_files* const to;
  tharsis_files table{};
  uint64_t operations = 0;
  uint64_t first = never, count = 1;  // From `first` on `never` comes to an end: whoever wrote was killed there.
  tharsis_status status = THARSIS_E_FULL;
};

}  // namespace tharsis::xlog

#include "plugins/gateway/stream_store.h"

#include <algorithm>
#include <utility>

#include "sdk/async/file_reader.h"
#include "sdk/pure/views.h"

namespace tharsis::gateway {
namespace {
constexpr uint64_t note_max = 1024;
constexpr std::string_view note_ending = ".note";
}  // namespace

result<shared_file> disk_file::open(const tharsis_files* files, const std::string& path, uint32_t mode) {
  tharsis_error why = no_error();
  tharsis_handle file = 0;
  const tharsis_status s = files->open(files->self, text_of(path), mode, &file, &why);
  if (s != THARSIS_OK) return error_from(s, why);
  return shared_file(std::make_shared<disk_file>(files, file));
}

error disk_file::append(std::span<const uint8_t> bytes) const {
  tharsis_error why = no_error();
  const tharsis_status s = files_->append(files_->self, file_, bytes_of(bytes), &why);
  return s == THARSIS_OK ? fine() : error_from(s, why);
}

result<std::vector<uint8_t>> disk_file::read(uint64_t offset, size_t most) const {
  tharsis_error why = no_error();
  std::vector<uint8_t> bytes(most);
  size_t count = 0;
  const tharsis_status s = files_->read(files_->self, file_, offset, bytes.data(), bytes.size(), &count, &why);
  if (s != THARSIS_OK) return error_from(s, why);
  bytes.resize(count);
  return bytes;
}

result<uint64_t> disk_file::length() const {
  tharsis_error why = no_error();
  uint64_t bytes = 0;
  const tharsis_status s = files_->length(files_->self, file_, &bytes, &why);
  if (s != THARSIS_OK) return error_from(s, why);
  return bytes;
}

error disk_file::sync() const {
  tharsis_error why = no_error();
  const tharsis_status s = files_->sync(files_->self, file_, &why);
  return s == THARSIS_OK ? fine() : error_from(s, why);
}

error disk_file::add_up(uint64_t offset, size_t size, sha256_sum& to) const {
  while (size > 0) {
    const auto bytes = read(offset, std::min(size, disk_piece));
    if (!bytes) return bytes.failure();
    if (bytes->empty()) return {THARSIS_E_IO, "a file has become shorter"};
    to.add(bytes->data(), bytes->size());
    offset += bytes->size();
    size -= bytes->size();
  }
  return fine();
}

error stream_store::note(const std::string& id, const half_record& r) const {
  tharsis_error why = no_error();
  const std::string path = note_path(id), text = record_text(r);
  const tharsis_status s = files_->replace(files_->self, text_of(path), bytes_of(as_bytes(text)), &why);
  return s == THARSIS_OK ? fine() : error_from(s, why);
}

// The whole file may have been removed since, or another one has its name.
bool stream_store::is_still_there(const half_record& r) const {
  const auto facts = facts_of(folder_ + "/" + r.name);
  return facts && facts->kind == THARSIS_FILE_PLAIN && facts->bytes == r.size && facts->modified == r.written && r.written > 0;
}

// A note that means nothing is one that a power cut has left; what it was about begins anew, and so does what was whole and is not there.
result<stream_store::half> stream_store::open_half(const std::string& id, const std::string& name, std::optional<uint64_t> size) const {
  half h;
  const auto text = read_whole(files_, note_path(id), note_max, "a note");
  if (!text && text.status() != THARSIS_E_NOT_FOUND) return text.failure();
  auto known = text ? parse_half_record(*text) : result<half_record>(error{});
  if (known && known->whole && !is_still_there(*known)) known = error{};
  if (known && known->whole) {
    h.about = *known;
    h.length = known->size.value_or(0);
    return h;
  }
  if (!known) drop(id);
  h.about = known ? *known : half_record{name, size, {}};
  h.made = !known;
  if (!known)
    if (const error failure = note(id, h.about); failure.status != THARSIS_OK) return failure;
  auto file = disk_file::open(files_, half_path(id), THARSIS_FILES_APPEND | THARSIS_FILES_READ);
  if (!file) return file.failure();
  h.file = std::move(*file);
  const auto length = h.file->length();
  if (!length) return length.failure();
  h.length = *length;
  return h;
}

result<uint64_t> stream_store::finish(const std::string& id, const half& h, const streams::sum& whole) const {
  if (const error failure = h.file->sync(); failure.status != THARSIS_OK) return failure;
  const std::string from = half_path(id), to = folder_ + "/" + h.about.name;
  const auto before = facts_of(to), now = facts_of(from);  // Before it has the name: another stream may take that at once.
  if (!now) return error{THARSIS_E_IO, from + " is gone"};
  tharsis_error why = no_error();
  const tharsis_status s = files_->rename(files_->self, text_of(from), text_of(to), &why);
  if (s != THARSIS_OK) return error_from(s, why);
  const error noted = note(id, {h.about.name, now->bytes, whole, now->modified});  // Without it a client that did not hear would send all of it again.
  if (noted.status != THARSIS_OK) return noted;
  return before ? before->bytes : uint64_t{0};
}

void stream_store::drop(const std::string& id) const {
  remove(half_path(id));
  remove(note_path(id));
}

result<stream_store::stored> stream_store::open_file(const std::string& name) const {
  const std::string path = folder_ + "/" + name;
  const auto facts = facts_of(path);
  if (!facts || facts->kind != THARSIS_FILE_PLAIN) return error{THARSIS_E_NOT_FOUND, "there is no file " + name};
  auto file = disk_file::open(files_, path, THARSIS_FILES_READ);
  if (!file) return file.failure();
  const auto length = (*file)->length();
  if (!length) return length.failure();
  return stored{std::move(*file), *length};
}

stream_store::swept stream_store::sweep(int64_t wall, const stream_settings& s, const std::set<std::string>& held) const {
  swept done;
  const std::string halves = folder_ + "/.halves";
  tharsis_error why = no_error();
  if (files_->make_folder(files_->self, text_of(halves), &why) != THARSIS_OK) done.complaints.push_back(why.text);
  sweep_halves(wall, s, held, done);
  uint64_t whole = 0;
  for (const std::string& name : names_in(folder_)) {
    const auto facts = facts_of(folder_ + "/" + name);
    if (!facts || facts->kind != THARSIS_FILE_PLAIN || !streams::is_file_name(name)) continue;
    const bool old = s.keep > duration::zero() && facts->modified > 0 && wall - facts->modified > s.keep.count();
    if (old && remove(folder_ + "/" + name)) ++done.removed;
    else ++whole, done.bytes += facts->bytes;
  }
  done.files += std::max(whole, done.notes);
  return done;
}

void stream_store::sweep_halves(int64_t wall, const stream_settings& s, const std::set<std::string>& held, swept& done) const {
  for (const std::string& name : names_in(folder_ + "/.halves")) {
    const std::string path = folder_ + "/.halves/" + name;
    const bool is_note = name.ends_with(note_ending);
    const std::string id = is_note ? name.substr(0, name.size() - note_ending.size()) : name;
    const auto facts = facts_of(path);
    if (!facts || !is_half_id(id)) continue;
    if (is_note) {
      const bool over = !facts_of(half_path(id));
      const bool old = facts->modified > 0 && wall - facts->modified > done_kept_for.count();
      if (over && old && !held.contains(id)) remove(path);
      else if (over) ++done.notes;
      continue;
    }
    const bool old = facts->modified > 0 && wall - facts->modified > s.keep_half.count();
    if (old && !held.contains(id)) drop(id), ++done.removed;
    else ++done.files, done.bytes += facts->bytes;
  }
}

}  // namespace tharsis::gateway

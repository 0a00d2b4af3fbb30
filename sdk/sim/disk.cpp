#include "sdk/sim/disk.h"

namespace tharsis::sim {
namespace {

std::string sentence(std::string_view path, std::string_view reason) {
  return std::string(path) + ": " + std::string(reason);
}

std::string_view folder_of(std::string_view path) {
  const size_t slash = path.rfind('/');
  return slash == 0 ? path.substr(0, 1) : path.substr(0, slash);
}

bool is_inside(std::string_view path, std::string_view folder) {
  if (folder == "/") return path.size() > 1;
  return path.size() > folder.size() && path.starts_with(folder) && path[folder.size()] == '/';
}

}  // namespace

// ---- what stands in the way

tharsis_status disk::usable(std::string_view path, tharsis_error* error) const {
  if (!path.starts_with('/'))
    return fail(error, THARSIS_E_INVALID, sentence(path, "a path must be absolute"));
  if (broken) return fail(error, THARSIS_E_IO, sentence(path, "input/output error"));
  return THARSIS_OK;
}

tharsis_status disk::writable(std::string_view path, tharsis_error* error) const {
  if (const auto s = usable(path, error); s != THARSIS_OK) return s;
  if (read_only) return fail(error, THARSIS_E_DENIED, sentence(path, "the file system is read-only"));
  return THARSIS_OK;
}

tharsis_status disk::parent_of(std::string_view path, tharsis_error* error) const {
  const auto parent = names_.find(folder_of(path));
  if (parent == names_.end() || !parent->second->folder)
    return fail(error, THARSIS_E_NOT_FOUND, sentence(path, "its folder does not exist"));
  return THARSIS_OK;
}

tharsis_status disk::room_for(size_t bytes, std::string_view path, tharsis_error* error) const {
  if (!capacity) return THARSIS_OK;
  return used() + bytes <= *capacity ? THARSIS_OK
                           : fail(error, THARSIS_E_FULL, sentence(path, "no space is left on the disk"));
}

uint64_t disk::used() const {
  uint64_t bytes = 0;
  for (const auto& [name, n] : names_) bytes += n->bytes.size();
  return bytes;
}

bool disk::holds_something(std::string_view folder) const {
  const auto next = names_.upper_bound(std::string(folder) + "/");
  return next != names_.end() && is_inside(next->first, folder);
}

// ---- operations

result<disk::node_pointer> disk::at(std::string_view path) const {
  tharsis_error reason = no_error();
  if (const auto s = usable(path, &reason); s != THARSIS_OK) return error_from(s, reason);
  const auto found = names_.find(path);
  if (found == names_.end()) return error{THARSIS_E_NOT_FOUND, sentence(path, "no such file")};
  return found->second;
}

result<disk::node_pointer> disk::find(std::string_view path) const {
  auto found = at(path);
  if (found && (*found)->folder) return error{THARSIS_E_IO, sentence(path, "is a folder")};
  return found;
}

result<disk::node_pointer> disk::find_or_make(std::string_view path, int64_t wall) {
  tharsis_error reason = no_error();
  if (const auto s = writable(path, &reason); s != THARSIS_OK) return error_from(s, reason);
  auto found = find(path);
  if (found.status() != THARSIS_E_NOT_FOUND) return found;
  if (const auto s = parent_of(path, &reason); s != THARSIS_OK) return error_from(s, reason);
  const auto made = std::make_shared<node>();
  made->modified = wall;
  return names_[std::string(path)] = made;
}

tharsis_status disk::append(node& file, std::string_view path, std::string_view data, const void* writer,
                            int64_t wall, tharsis_error* error) {
  if (const auto s = writable(path, error); s != THARSIS_OK) return s;
  if (const auto s = room_for(data.size(), path, error); s != THARSIS_OK) return s;
  file.bytes += torn ? data.substr(0, data.size() / 2) : data;
  file.writer = writer;
  file.modified = wall;
  return torn ? fail(error, THARSIS_E_IO, sentence(path, "input/output error in the middle of it")) : THARSIS_OK;
}

// The new content stands beside the old one until it is whole, so there must be room for both.
tharsis_status disk::replace(std::string_view path, std::string_view data, tharsis_error* error, int64_t wall) {
  if (const auto s = writable(path, error); s != THARSIS_OK) return s;
  if (const auto s = parent_of(path, error); s != THARSIS_OK) return s;
  if (const auto s = room_for(data.size(), path, error); s != THARSIS_OK) return s;
  const auto old = names_.find(path);
  if (old != names_.end() && old->second->folder)
    return fail(error, THARSIS_E_IO, sentence(path, "is a folder"));
  names_[std::string(path)] =
      std::make_shared<node>(node{false, false, std::string(data), data.size(), nullptr, true, wall, false});
  return THARSIS_OK;
}

tharsis_status disk::make_folder(std::string_view path, tharsis_error* error) {
  if (const auto s = usable(path, error); s != THARSIS_OK) return s;
  if (const auto found = names_.find(path); found != names_.end())
    return found->second->folder ? THARSIS_OK : fail(error, THARSIS_E_IO, sentence(path, "is a file"));
  if (const auto s = writable(path, error); s != THARSIS_OK) return s;
  if (const auto s = make_folder(folder_of(path), error); s != THARSIS_OK) return s;
  names_[std::string(path)] = std::make_shared<node>(node{true, false, {}, 0, nullptr, true, 0, false});
  return THARSIS_OK;
}

tharsis_status disk::remove(std::string_view path, tharsis_error* error) {
  if (const auto s = writable(path, error); s != THARSIS_OK) return s;
  const auto found = names_.find(path);
  if (found == names_.end()) return fail(error, THARSIS_E_NOT_FOUND, sentence(path, "no such file"));
  if (found->second->folder && (path == "/" || holds_something(path)))
    return fail(error, THARSIS_E_IO, sentence(path, "the folder is not empty"));
  names_.erase(found);
  return THARSIS_OK;
}

tharsis_status disk::rename(std::string_view from, std::string_view to, tharsis_error* error) {
  if (const auto s = writable(from, error); s != THARSIS_OK) return s;
  if (const auto s = parent_of(to, error); s != THARSIS_OK) return s;
  const auto file = find(from);
  if (!file) return fail(error, file.failure());
  if (!mount.empty() && is_inside(from, mount) != is_inside(to, mount))
    return fail(error, THARSIS_E_UNSUPPORTED, sentence(to, "is on another file system"));
  if (const auto old = names_.find(to); old != names_.end() && old->second->folder)
    return fail(error, THARSIS_E_IO, sentence(to, "is a folder"));
  const node_pointer moved = *file;
  names_.erase(std::string(from));
  names_[std::string(to)] = moved;
  moved->named = true;
  return THARSIS_OK;
}

result<std::vector<std::string>> disk::list(std::string_view folder) const {
  tharsis_error reason = no_error();
  if (const auto s = usable(folder, &reason); s != THARSIS_OK) return error_from(s, reason);
  const auto found = names_.find(folder);
  if (found == names_.end()) return error{THARSIS_E_NOT_FOUND, sentence(folder, "no such folder")};
  if (!found->second->folder) return error{THARSIS_E_NOT_FOUND, sentence(folder, "is a file")};
  std::vector<std::string> list;
  for (const auto& [path, n] : names_)
    if (is_inside(path, folder) && folder_of(path) == folder)
      list.push_back(path.substr(path.rfind('/') + 1));
  return list;
}

void disk::lose_power(const void* writer, dice& chance) {
  for (auto at = names_.begin(); at != names_.end();) {
    node& n = *at->second;
    if (n.writer != writer || (n.named && n.bytes.size() <= n.synced)) {
      ++at;
      continue;
    }
    n.bytes.resize(n.synced + chance.below(n.bytes.size() - n.synced + 1));
    n.synced = n.bytes.size();
    at = n.named || n.synced > 0 ? std::next(at) : names_.erase(at);
  }
}

std::optional<std::string> disk::content(std::string_view path) const {
  const auto found = names_.find(path);
  if (found == names_.end() || found->second->folder) return std::nullopt;
  return found->second->bytes;
}

std::vector<std::string> disk::paths() const {
  std::vector<std::string> all;
  for (const auto& [path, n] : names_) all.push_back(path);
  return all;
}

}  // namespace tharsis::sim

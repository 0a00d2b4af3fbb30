#include "runtime/os_files_linux.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include "runtime/table_method.h"
#include "sdk/pure/error.h"
#include "sdk/pure/views.h"

namespace tharsis::runtime {
namespace {

constexpr mode_t file_mode = 0600;
constexpr mode_t folder_mode = 0700;

class descriptor {
 public:
  explicit descriptor(int number) : number_(number) {}
  ~descriptor() {
    if (number_ >= 0) ::close(number_);
  }
  descriptor(descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  int get() const { return number_; }
  bool ok() const { return number_ >= 0; }

 private:
  int number_;
};

template <class Call>
auto uninterrupted(Call call) {
  auto value = call();
  while (value < 0 && errno == EINTR) value = call();
  return value;
}

constexpr std::pair<int, tharsis_status> statuses[] = {
    {ENOENT, THARSIS_E_NOT_FOUND}, {ENOTDIR, THARSIS_E_NOT_FOUND}, {EACCES, THARSIS_E_DENIED},
    {EPERM, THARSIS_E_DENIED},     {EROFS, THARSIS_E_DENIED},      {ENOSPC, THARSIS_E_FULL},
    {EDQUOT, THARSIS_E_FULL},      {EFBIG, THARSIS_E_FULL},        {EMFILE, THARSIS_E_BUSY},
    {ENFILE, THARSIS_E_BUSY},      {ELOOP, THARSIS_E_DENIED},
};

tharsis_status status_of(int reason) {
  for (const auto& [number, status] : statuses)
    if (number == reason) return status;
  return THARSIS_E_IO;
}

const char* advice(tharsis_status status) {
  switch (status) {
    case THARSIS_E_DENIED:
      return "; give this user the right, or choose another folder";
    case THARSIS_E_FULL:
      return "; make room, or choose another disk";
    case THARSIS_E_BUSY:
      return "; close some files, or raise the process's limit";
    default:
      return "";
  }
}

// Call it before anything else that sets errno.
tharsis_status cannot(tharsis_error* error, const std::string& what, const std::string& path) {
  const int reason = errno;
  const tharsis_status status = status_of(reason);
  if (reason == ELOOP) return fail(error, status, what + " '" + path + "' failed: it is a link, and nothing is written through one; remove it, or name the file itself");
  return fail(error, status, what + " '" + path + "' failed: " + strerrordesc_np(reason) + advice(status));
}

tharsis_status checked(tharsis_text path, std::string& into, tharsis_error* error) {
  into = view(path);
  if (!into.empty() && into.front() == '/' && into.find('\0') == std::string::npos) return THARSIS_OK;
  return fail(error, THARSIS_E_INVALID, "the path '" + into + "' is not absolute");
}

std::string folder_of(const std::string& path) {
  const size_t slash = path.find_last_of('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

descriptor open_path(const std::string& path, int flags) {
  return descriptor(
      uninterrupted([&] { return ::open(path.c_str(), flags | O_CLOEXEC | O_NOCTTY, file_mode); }));
}

// A new name survives a loss of power only when its folder has been written too.
bool sync_folder(const std::string& folder) {
  const descriptor d = open_path(folder, O_RDONLY | O_DIRECTORY);
  return d.ok() && fsync(d.get()) == 0;
}

bool write_all(int number, tharsis_bytes data) {
  while (data.size > 0) {
    const ssize_t n = uninterrupted([&] { return ::write(number, data.data, data.size); });
    if (n < 0) return false;
    data.data += n;
    data.size -= static_cast<size_t>(n);
  }
  return true;
}

// What a replace of ours has left, and nothing that somebody has put there so as to read what is written: a key, perhaps.
bool is_ours_alone(const struct stat& found) {
  return S_ISREG(found.st_mode) && found.st_uid == geteuid() && found.st_nlink == 1 && (found.st_mode & 077) == 0;
}

// More than any two programs lose against each other; a file system that numbers a file anew each time is not asked for ever.
constexpr int lock_tries = 100;

// Whether this file still has the name by which it was opened.
bool has_name(const descriptor& file, const std::string& path) {
  struct stat mine {};
  struct stat named {};
  return fstat(file.get(), &mine) == 0 && lstat(path.c_str(), &named) == 0 && mine.st_ino == named.st_ino && mine.st_dev == named.st_dev;
}

// The file that becomes another. Whoever holds its lock owns its name: a second replace waits, and one
// that a crash left behind is used again. A file system without locks has to do without.
descriptor open_successor(const std::string& path) {
  for (;;) {
    descriptor made = open_path(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW);
    const bool fresh = made.ok();
    if (!fresh && errno == EEXIST) {
      made = open_path(path, O_WRONLY | O_NOFOLLOW | O_NONBLOCK);  // Else a pipe that nobody reads would be waited for.
      if (!made.ok() && errno == ENOENT) continue;  // It has just become the other.
    }
    if (!made.ok() || uninterrupted([&] { return flock(made.get(), LOCK_EX); }) != 0) return made;
    if (!has_name(made, path)) continue;
    struct stat found {};
    if (fresh || (fstat(made.get(), &found) == 0 && is_ours_alone(found))) return made;
    if (unlink(path.c_str()) != 0) return descriptor(-1);
  }
}

}  // namespace

struct real_files::open_file {
  descriptor number;
  std::string path;
  bool reads = false;
  bool writes = false;
  std::mutex appending;       // Appends of several threads come one after the other.
  bool named_surely = false;  // Its folder has been synced since it was opened.
};

real_files::real_files() : files_(handle_kind::job, 1) {
  table_.size = sizeof table_;
  table_.self = this;
  table_.open = table_method<&real_files::open>::call;
  table_.append = table_method<&real_files::append>::call;
  table_.read = table_method<&real_files::read>::call;
  table_.length = table_method<&real_files::length>::call;
  table_.sync = table_method<&real_files::sync>::call;
  table_.close = table_method<&real_files::close>::call;
  table_.replace = table_method<&real_files::replace>::call;
  table_.make_folder = table_method<&real_files::make_folder>::call;
  table_.remove = table_method<&real_files::remove>::call;
  table_.list = table_method<&real_files::list>::call;
  table_.lock = table_method<&real_files::lock>::call;
  table_.describe = table_method<&real_files::describe>::call;
  table_.space = table_method<&real_files::space>::call;
  table_.rename = table_method<&real_files::rename>::call;
}

real_files::~real_files() = default;

tharsis_status real_files::open(tharsis_text path, uint32_t mode, tharsis_handle* file,
                                tharsis_error* error) {
  std::string name;
  if (const tharsis_status s = checked(path, name, error); s != THARSIS_OK) return s;
  const bool writes = (mode & THARSIS_FILES_APPEND) != 0;
  const bool reads = (mode & THARSIS_FILES_READ) != 0;
  const bool secret = (mode & THARSIS_FILES_SECRET) != 0;
  if ((!writes && !reads) || (secret && !reads) || (mode & ~uint32_t{THARSIS_FILES_READ | THARSIS_FILES_APPEND | THARSIS_FILES_SECRET}) != 0)
    return fail(error, THARSIS_E_INVALID,
                "'" + name + "' is opened to read, to append, or both, as a secret to read only; nothing else");
  // Without O_NONBLOCK a pipe that nobody writes to would be waited for; to plain files it means nothing. In a folder where
  // others may make names, a link would have us write to a file of their choice.
  const int ways = writes ? O_APPEND | O_CREAT | O_NOFOLLOW | (reads ? O_RDWR : O_WRONLY) : O_RDONLY;
  descriptor opened = open_path(name, ways | O_NONBLOCK);
  struct stat facts {};
  if (!opened.ok() || fstat(opened.get(), &facts) != 0) return cannot(error, "opening", name);
  if (S_ISDIR(facts.st_mode))
    return fail(error, THARSIS_E_IO, "opening '" + name + "' failed: it is a folder");
  if (!S_ISREG(facts.st_mode) && (reads || !S_ISCHR(facts.st_mode)))
    return fail(error, THARSIS_E_IO, "opening '" + name + "' failed: it is a pipe or a device, not a plain file");
  if (secret && facts.st_uid != geteuid())
    return fail(error, THARSIS_E_DENIED, "'" + name + "' holds a secret and belongs to another user; only its owner may use it");
  if (secret && (facts.st_mode & 077) != 0)
    return fail(error, THARSIS_E_DENIED, "'" + name + "' holds a secret and is open to others; take that away: chmod 600 " + name);
  return keep(held(new open_file{std::move(opened), std::move(name), reads, writes, {}, false}), file, error);
}

tharsis_status real_files::keep(held file, tharsis_handle* id, tharsis_error* error) {
  const std::lock_guard lock(mutex_);
  *id = files_.add(std::move(file)).first;
  return *id != 0 ? THARSIS_OK : fail(error, THARSIS_E_BUSY, "too many files are open; close some");
}

real_files::held real_files::find(tharsis_handle id) {
  const std::lock_guard lock(mutex_);
  const held* const found = files_.find(id);
  return found == nullptr ? nullptr : *found;
}

tharsis_status real_files::append(tharsis_handle id, tharsis_bytes data, tharsis_error* error) {
  const held file = find(id);
  if (!file) return fail(error, THARSIS_E_GONE, "the file was closed before");
  if (!file->writes) return fail(error, THARSIS_E_INVALID, "'" + file->path + "' was opened to read only");
  const std::lock_guard lock(file->appending);
  const off_t before = lseek(file->number.get(), 0, SEEK_END);
  if (write_all(file->number.get(), data)) return THARSIS_OK;
  const tharsis_status status = cannot(error, "appending to", file->path);
  struct stat facts {};
  if (before < 0 || fstat(file->number.get(), &facts) != 0 || facts.st_size == before) return status;
  if (ftruncate(file->number.get(), before) != 0)
    return cannot(error, "appending was cut short, and cutting the rest off", file->path);
  return status;
}

tharsis_status real_files::read(tharsis_handle id, uint64_t offset, uint8_t* into, size_t capacity,
                                size_t* count, tharsis_error* error) {
  *count = 0;
  const held file = find(id);
  if (!file) return fail(error, THARSIS_E_GONE, "the file was closed before");
  if (!file->reads) return fail(error, THARSIS_E_INVALID, "'" + file->path + "' was not opened to read");
  while (*count < capacity) {
    const ssize_t n = uninterrupted([&] {
      return pread(file->number.get(), into + *count, capacity - *count, static_cast<off_t>(offset + *count));
    });
    if (n < 0) return cannot(error, "reading", file->path);
    if (n == 0) break;
    *count += static_cast<size_t>(n);
  }
  return THARSIS_OK;
}

tharsis_status real_files::length(tharsis_handle id, uint64_t* bytes, tharsis_error* error) {
  const held file = find(id);
  if (!file) return fail(error, THARSIS_E_GONE, "the file was closed before");
  struct stat facts {};
  if (fstat(file->number.get(), &facts) != 0) return cannot(error, "measuring", file->path);
  *bytes = static_cast<uint64_t>(facts.st_size);
  return THARSIS_OK;
}

tharsis_status real_files::sync(tharsis_handle id, tharsis_error* error) {
  const held file = find(id);
  if (!file) return fail(error, THARSIS_E_GONE, "the file was closed before");
  const std::lock_guard lock(file->appending);
  if (fsync(file->number.get()) != 0) return cannot(error, "syncing", file->path);
  if (file->writes && !file->named_surely) {
    if (!sync_folder(folder_of(file->path))) return cannot(error, "syncing the folder of", file->path);
    file->named_surely = true;
  }
  return THARSIS_OK;
}

tharsis_status real_files::close(tharsis_handle id) {
  held file = find(id);  // Closes outside the lock.
  const std::lock_guard lock(mutex_);
  return files_.remove(id) ? THARSIS_OK : THARSIS_E_GONE;
}

tharsis_status real_files::replace(tharsis_text path, tharsis_bytes data, tharsis_error* error) {
  std::string name;
  if (const tharsis_status s = checked(path, name, error); s != THARSIS_OK) return s;
  const std::string beside = name + ".new";
  const descriptor made = open_successor(beside);
  if (!made.ok()) return cannot(error, "replacing", name);
  if (ftruncate(made.get(), 0) != 0 || !write_all(made.get(), data) || fsync(made.get()) != 0 ||
      ::rename(beside.c_str(), name.c_str()) != 0) {
    const tharsis_status status = cannot(error, "replacing", name);
    unlink(beside.c_str());
    return status;
  }
  return sync_folder(folder_of(name)) ? THARSIS_OK : cannot(error, "syncing the folder of", name);
}

tharsis_status real_files::make_folder(tharsis_text path, tharsis_error* error) {
  std::string name;
  if (const tharsis_status s = checked(path, name, error); s != THARSIS_OK) return s;
  for (size_t slash = 0; slash != std::string::npos;) {
    slash = name.find('/', slash + 1);
    const std::string part = name.substr(0, slash);
    if (mkdir(part.c_str(), folder_mode) == 0) {
      if (!sync_folder(folder_of(part))) return cannot(error, "syncing the folder of", part);
      continue;
    }
    const int reason = errno;
    struct stat facts {};
    const bool exists = stat(part.c_str(), &facts) == 0;
    if (exists && S_ISDIR(facts.st_mode)) continue;
    if (exists)
      return fail(error, THARSIS_E_IO,
                  "making the folder '" + name + "' failed: '" + part +
                      "' is a file; remove it, or choose another folder");
    errno = reason;
    return cannot(error, "making the folder", part);
  }
  return THARSIS_OK;
}

tharsis_status real_files::remove(tharsis_text path, tharsis_error* error) {
  std::string name;
  if (const tharsis_status s = checked(path, name, error); s != THARSIS_OK) return s;
  return ::remove(name.c_str()) == 0 ? THARSIS_OK : cannot(error, "removing", name);
}

tharsis_status real_files::list(tharsis_text folder, void (*visit)(void*, tharsis_text), void* context,
                                tharsis_error* error) {
  std::string name;
  if (const tharsis_status s = checked(folder, name, error); s != THARSIS_OK) return s;
  const std::unique_ptr<DIR, int (*)(DIR*)> opened(opendir(name.c_str()), closedir);
  if (!opened) return cannot(error, "listing", name);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(opened.get())) {
    const std::string_view one = entry->d_name;
    if (one != "." && one != "..") names.emplace_back(one);
    errno = 0;
  }
  if (errno != 0) return cannot(error, "listing", name);
  std::sort(names.begin(), names.end());
  for (const std::string& one : names) visit(context, text_of(one));
  return THARSIS_OK;
}

tharsis_status real_files::lock(tharsis_text path, tharsis_handle* id, tharsis_error* error) {
  std::string name;
  if (const tharsis_status s = checked(path, name, error); s != THARSIS_OK) return s;
  for (int tries = 0;; ++tries) {
    descriptor opened = open_path(name, O_RDWR | O_CREAT | O_NOFOLLOW);
    if (!opened.ok()) return cannot(error, "locking", name);
    if (uninterrupted([&] { return flock(opened.get(), LOCK_EX | LOCK_NB); }) != 0) {
      if (errno == EWOULDBLOCK)
        return fail(error, THARSIS_E_IN_USE,
                    "'" + name + "' is locked by another program or runtime; end it, or use another folder");
      return cannot(error, "locking", name);
    }
    // Whoever had the lock may have removed the file, and that of one without a name keeps nobody out.
    if (has_name(opened, name) || tries == lock_tries)
      return keep(held(new open_file{std::move(opened), std::move(name), false, false, {}, false}), id, error);
  }
}

tharsis_status real_files::describe(tharsis_text path, tharsis_file_facts* facts, tharsis_error* error) {
  std::string name;
  if (const tharsis_status s = checked(path, name, error); s != THARSIS_OK) return s;
  struct stat found {};
  if (lstat(name.c_str(), &found) != 0) return cannot(error, "looking at", name);
  facts->kind = S_ISREG(found.st_mode) ? THARSIS_FILE_PLAIN : S_ISDIR(found.st_mode) ? THARSIS_FILE_FOLDER : THARSIS_FILE_OTHER;
  facts->bytes = S_ISREG(found.st_mode) ? static_cast<uint64_t>(found.st_size) : 0;
  const bool fits = std::abs(found.st_mtim.tv_sec) < INT64_MAX / 1'000'000'000;  // Some 292 years from 1970.
  facts->modified = fits ? found.st_mtim.tv_sec * int64_t{1'000'000'000} + found.st_mtim.tv_nsec : 0;
  return THARSIS_OK;
}

tharsis_status real_files::space(tharsis_text folder, tharsis_space* space, tharsis_error* error) {
  std::string name;
  if (const tharsis_status s = checked(folder, name, error); s != THARSIS_OK) return s;
  struct statvfs found {};
  if (uninterrupted([&] { return statvfs(name.c_str(), &found); }) != 0) return cannot(error, "asking for the room at", name);
  space->total = uint64_t{found.f_blocks} * found.f_frsize;
  space->free = uint64_t{found.f_bavail} * found.f_frsize;
  return THARSIS_OK;
}

tharsis_status real_files::rename(tharsis_text from, tharsis_text to, tharsis_error* error) {
  std::string old_name, new_name;
  if (const tharsis_status s = checked(from, old_name, error); s != THARSIS_OK) return s;
  if (const tharsis_status s = checked(to, new_name, error); s != THARSIS_OK) return s;
  if (::rename(old_name.c_str(), new_name.c_str()) != 0) {
    if (errno == EXDEV)
      return fail(error, THARSIS_E_UNSUPPORTED, "'" + old_name + "' and '" + new_name + "' are on different file systems");
    return cannot(error, "renaming '" + old_name + "' to", new_name);
  }
  // The new name first: a loss of power may leave both, never none.
  for (const std::string& path : {new_name, old_name})
    if (!sync_folder(folder_of(path))) return cannot(error, "syncing the folder of", path);
  return THARSIS_OK;
}

}  // namespace tharsis::runtime

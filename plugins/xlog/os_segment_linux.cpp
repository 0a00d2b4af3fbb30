#include "plugins/xlog/os_segment_linux.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/membarrier.h>
#include <pthread.h>
#include <signal.h>
#include <sys/file.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <mutex>
#include <optional>
#include <string_view>
#include <utility>

#include "plugins/xlog/core/segment_name.h"
#include "plugins/xlog/os_crash_linux.h"
#include "plugins/xlog/spare_blocks.h"

namespace tharsis::xlog {
namespace {

// Segments of one process in one directory: one for each instance of the plugin, and those that were reloaded.
constexpr int names_max = 1000;
// Of one name that were set aside.
constexpr int bad_names_max = 100;

const error no_failure{THARSIS_OK, {}};

error failure(const char* what, const std::string& path, int number = errno) {
  tharsis_status status = THARSIS_E_IO;
  if (number == ENOSPC || number == EDQUOT) status = THARSIS_E_FULL;
  if (number == ENOENT) status = THARSIS_E_NOT_FOUND;
  if (number == EACCES || number == EPERM || number == EROFS) status = THARSIS_E_DENIED;
  if (number == EWOULDBLOCK) status = THARSIS_E_IN_USE;
  return {status, std::string("cannot ") + what + " '" + path + "': " + std::strerror(number)};
}

class descriptor {
 public:
  explicit descriptor(int number = -1) : number_(number) {}
  descriptor(descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}
  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(number_, other.number_);
    return *this;
  }
  ~descriptor() { close(); }
  void close() {
    if (number_ >= 0) ::close(std::exchange(number_, -1));
  }
  int operator*() const { return number_; }
  bool ok() const { return number_ >= 0; }

 private:
  int number_;
};

// Memory of this process that a forked child does not get.
class mapping {
 public:
  mapping() = default;
  mapping(mapping&& other) noexcept : bytes_(std::exchange(other.bytes_, nullptr)), size_(other.size_) {}
  mapping& operator=(mapping&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~mapping() {
    if (bytes_ != nullptr) munmap(bytes_, size_);
  }
  uint8_t* bytes() const { return bytes_; }
  size_t size() const { return size_; }
  // In a child: what stands at this address now is somebody else's.
  void forget() { bytes_ = nullptr; }

  bool reserve(size_t size, int protection, int flags, int file) {
    void* at = mmap(nullptr, size, protection, flags, file, 0);
    if (at == MAP_FAILED) return false;
    bytes_ = static_cast<uint8_t*>(at);
    size_ = size;
    madvise(at, size, MADV_DONTFORK);
    return true;
  }
  bool map_twice(size_t size, int file, uint64_t offset) {
    if (!reserve(2 * size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1)) return false;
    for (size_t i = 0; i < 2; ++i)
      if (mmap(bytes_ + i * size, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, file, static_cast<off_t>(offset)) ==
          MAP_FAILED)
        return false;
    madvise(bytes_, 2 * size, MADV_DONTFORK);
    return true;
  }

 private:
  uint8_t* bytes_ = nullptr;
  size_t size_ = 0;
};

// The keystream's memory: in no core dump, and not in swap where the limits allow.
bool map_secret_twice(mapping& into, size_t size) {
  const descriptor file(memfd_create("keystream", MFD_CLOEXEC));
  if (!file.ok() || ftruncate(*file, static_cast<off_t>(size)) != 0 || !into.map_twice(size, *file, 0)) return false;
  madvise(into.bytes(), into.size(), MADV_DONTDUMP);
  syscall(SYS_mlock2, into.bytes(), into.size(), MLOCK_ONFAULT);
  return true;
}

int allocate(int file, uint64_t offset, uint64_t size) {
  int number = 0;
  do number = posix_fallocate(file, static_cast<off_t>(offset), static_cast<off_t>(size));
  while (number == EINTR);
  return number;
}

bool write_all(int file, std::span<const uint8_t> bytes, uint64_t offset = 0) {
  for (size_t done = 0; done < bytes.size();) {
    const ssize_t n = pwrite(file, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
    if (n < 0 && errno != EINTR) return false;
    if (n > 0) done += static_cast<size_t>(n);
  }
  return true;
}

bool read_all(int file, uint64_t offset, std::span<uint8_t> into) {
  for (size_t done = 0; done < into.size();) {
    const ssize_t n = pread(file, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
    if (n == 0 || (n < 0 && errno != EINTR)) return false;
    if (n > 0) done += static_cast<size_t>(n);
  }
  return true;
}

std::string text_of_file(const char* path) {
  const descriptor file(open(path, O_RDONLY | O_CLOEXEC));
  std::string text(4096, '\0');
  const ssize_t n = file.ok() ? read(*file, text.data(), text.size()) : 0;
  text.resize(n > 0 ? static_cast<size_t>(n) : 0);
  return text;
}

// The 22nd word of /proc/self/stat; the second is in parentheses and may hold anything.
uint64_t process_start() {
  const std::string text = text_of_file("/proc/self/stat");
  size_t at = text.rfind(')');
  for (int word = 2; word < 22 && at != std::string::npos; ++word) at = text.find(' ', at + 1);
  uint64_t start = 0;
  if (at != std::string::npos) std::from_chars(text.data() + at + 1, text.data() + text.size(), start);
  return start;
}

std::array<uint8_t, 16> boot_id() {
  std::string digits = text_of_file("/proc/sys/kernel/random/boot_id");
  std::erase_if(digits, [](char c) { return c == '-' || c == '\n'; });
  std::array<uint8_t, 16> id{};
  for (size_t i = 0; i < id.size() && 2 * i + 2 <= digits.size(); ++i)
    std::from_chars(digits.data() + 2 * i, digits.data() + 2 * i + 2, id[i], 16);
  return id;
}

// False, with EEXIST: that name is somebody's.
bool rename_to_free(const std::string& from, const std::string& to) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return true;
  if (errno != EINVAL && errno != ENOSYS) return false;
  // File systems that do not know how: a link takes no name that is there.
  return link(from.c_str(), to.c_str()) == 0 && unlink(from.c_str()) == 0;
}

bool may_be_segment(int file) {
  std::array<char, segment_file::magic.size()> first{};
  ssize_t n = 0;
  do n = pread(file, first.data(), first.size(), 0);
  while (n < 0 && errno == EINTR);
  return n >= 0 && segment_file::may_begin(first);
}

// Whether `path` still leads to this open file.
bool is_at(int file, const std::string& path) {
  struct stat here {}, there {};
  return fstat(file, &here) == 0 && stat(path.c_str(), &there) == 0 && here.st_ino == there.st_ino &&
         here.st_dev == there.st_dev;
}

class mapped_segment;

// All of this process, for a child that it forks.
struct living {
  std::mutex mutex;
  std::vector<mapped_segment*> all;
};
living& alive() {
  static living l;
  return l;
}

class mapped_segment final : public segment {
 public:
  // The lock's description of the file is never mapped: a mapping would keep it, and the lock, alive in a child.
  mapped_segment(std::string path, const segment_geometry& g, bool sealed, descriptor lock, descriptor file)
      : path_(std::move(path)), geometry_(g), sealed_(sealed), lock_(std::move(lock)), file_(std::move(file)),
        rings_(g.all_rings()), keystreams_(g.all_rings()) {
    [[maybe_unused]] static const int once = pthread_atfork(before_fork, after_fork, in_child);
    const std::lock_guard hold(alive().mutex);
    alive().all.push_back(this);
  }
  ~mapped_segment() override {
    const std::lock_guard hold(alive().mutex);
    std::erase(alive().all, this);
  }

  bool map_front() {
    return front_.reserve(segment_file::ring_offset(geometry_, 0), PROT_READ | PROT_WRITE, MAP_SHARED, *file_);
  }
  uint8_t* front() override { return front_.bytes(); }

  result<ring_memory> open_ring(uint32_t ring) override {
    const uint64_t offset = segment_file::ring_offset(geometry_, ring);
    const size_t size = geometry_.size_of(ring);
    if (const int number = allocate(*file_, offset, size); number != 0)
      return failure("take room on disk for", path_, number);
    mapping bytes, keystream;
    if (!bytes.map_twice(size, *file_, offset)) return failure("map", path_);
    // Of a plain segment all rings share one page of zeros.
    const bool ok = sealed_ ? map_secret_twice(keystream, size)
                            : zeros_.bytes() != nullptr ||
                                  zeros_.reserve(2 * size_t{std::max(geometry_.ring_size, geometry_.flight_size)}, PROT_READ,
                                                 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1);
    if (!ok) return failure("map the keystream of", path_);
    rings_[ring] = std::move(bytes);
    keystreams_[ring] = std::move(keystream);
    return ring_memory{rings_[ring].bytes(), sealed_ ? keystreams_[ring].bytes() : zeros_.bytes()};
  }

  void watch_for_crashes(bool wanted) override {
    if (wanted && !crashes_) crashes_.emplace(*file_, segment_file::crash_offset);
    if (!wanted) crashes_.reset();
  }

  void when_in_child(std::function<void()> in_child) override {
    const std::lock_guard hold(alive().mutex);
    in_child_ = std::move(in_child);
  }
  const std::string& path() const override { return path_; }
  error remove() override { return unlink(path_.c_str()) == 0 ? no_failure : failure("delete", path_); }

 private:
  static void before_fork() {
    alive().mutex.lock();
    crash_watch::hold();
  }
  static void after_fork() {
    crash_watch::let_go();
    alive().mutex.unlock();
  }
  static void in_child() {
    crash_watch::let_go();
    for (mapped_segment* s : alive().all) s->leave_to_parent();
    alive().mutex.unlock();
  }
  void leave_to_parent() {
    crashes_.reset();
    lock_.close();
    file_.close();
    front_.forget();
    zeros_.forget();
    for (mapping& m : rings_) m.forget();
    for (mapping& m : keystreams_) m.forget();
    if (in_child_) in_child_();
  }

  const std::string path_;
  const segment_geometry geometry_;
  const bool sealed_;
  descriptor lock_;
  descriptor file_;
  mapping front_, zeros_;
  std::vector<mapping> rings_, keystreams_;
  std::function<void()> in_child_;
  std::optional<crash_watch> crashes_;  // Before the file it writes to is closed, it ends.
};

class locked_segment final : public dead_segment {
 public:
  locked_segment(std::string path, descriptor file, uint64_t size)
      : path_(std::move(path)), file_(std::move(file)), size_(size) {}
  uint64_t size() override { return size_; }
  bool read(uint64_t offset, std::span<uint8_t> into) override { return read_all(*file_, offset, into); }
  error write(uint64_t offset, std::span<const uint8_t> bytes) override {
    return write_all(*file_, bytes, offset) ? no_failure : failure("write", path_);
  }
  error remove() override { return unlink(path_.c_str()) == 0 ? no_failure : failure("delete", path_); }
  result<std::string> set_aside() override {
    for (int number = 1; number < bad_names_max; ++number) {
      std::string bad = path_ + ".bad" + (number > 1 ? "." + std::to_string(number) : "");
      if (rename_to_free(path_, bad)) return bad;
      if (errno != EEXIST) break;
    }
    return failure("rename", path_);
  }

 private:
  const std::string path_;
  const descriptor file_;
  const uint64_t size_;
};

// Nobody else had it: it is ours now, if it is still there.
error lock_file(int file, const std::string& path) {
  if (flock(file, LOCK_EX | LOCK_NB) != 0) return failure("lock", path);
  return is_at(file, path) ? no_failure : failure("find", path, ENOENT);
}

class linux_segments final : public segment_store {
 public:
  void sign(segment_info& info) override {
    info.pid = static_cast<uint32_t>(getpid());
    info.start = process_start();
    info.boot = boot_id();
  }

  // Under the name that ends in .new nobody collects it, and nobody else of the same name passes here.
  result<std::unique_ptr<segment>> create(const std::string& directory, const std::string& name, const segment_info& info,
                                          std::span<const uint8_t> front) override {
    const std::string stem = directory + "/" + name + "." + std::to_string(info.pid) + "-" + std::to_string(info.start);
    for (int number = 1; number < names_max; ++number) {
      const std::string base = stem + (number > 1 ? "-" + std::to_string(number) : "");
      const std::string path = base + std::string(segment_ending), fresh = base + std::string(unfinished_segment_ending);
      descriptor lock(::open(fresh.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600));
      if (!lock.ok() && errno == EEXIST) continue;
      if (!lock.ok()) return failure("create", fresh);
      auto made = fill(path, fresh, info, front, std::move(lock));
      if (made) return std::unique_ptr<segment>(std::move(*made));
      // Somebody who lists took it for a dead one, or a segment of this name exists.
      if (made.status() == THARSIS_E_IN_USE || made.status() == THARSIS_E_NOT_FOUND) continue;
      return made.failure();
    }
    return error{THARSIS_E_IN_USE, "all names for a segment like '" + stem + ".ring' are taken"};
  }

  result<std::vector<std::string>> list(const std::string& directory) override {
    DIR* folder = opendir(directory.c_str());
    if (folder == nullptr) return failure("list", directory);
    std::vector<std::string> paths;
    while (const dirent* entry = readdir(folder)) {
      const std::string_view name = entry->d_name;
      const std::string path = directory + "/" + std::string(name);
      if (is_segment_name(name, segment_ending)) paths.push_back(path);
      if (is_segment_name(name, unfinished_segment_ending)) delete_if_dead(path);
    }
    closedir(folder);
    std::sort(paths.begin(), paths.end());
    return paths;
  }

  result<std::unique_ptr<dead_segment>> open(const std::string& path) override {
    descriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (!file.ok()) return failure("open", path);
    if (error e = lock_file(*file, path); e.status != THARSIS_OK) return e;
    struct stat about {};
    if (fstat(*file, &about) != 0 || !S_ISREG(about.st_mode)) return failure("read", path, EINVAL);
    return std::unique_ptr<dead_segment>(
        std::make_unique<locked_segment>(path, std::move(file), static_cast<uint64_t>(about.st_size)));
  }

 private:
  static result<std::unique_ptr<mapped_segment>> fill(const std::string& path, const std::string& fresh,
                                                      const segment_info& info, std::span<const uint8_t> front,
                                                      descriptor lock) {
    if (error e = lock_file(*lock, fresh); e.status != THARSIS_OK) return e;
    const auto give_up = [&fresh](error e) {
      unlink(fresh.c_str());
      return e;
    };
    if (access(path.c_str(), F_OK) == 0) return give_up({THARSIS_E_IN_USE, path + " exists"});
    const segment_geometry& g = info.geometry;
    if (const int number = allocate(*lock, 0, segment_file::ring_offset(g, 0)); number != 0)
      return give_up(failure("take room on disk for", fresh, number));
    if (ftruncate(*lock, static_cast<off_t>(segment_file::size(g))) != 0 || !write_all(*lock, front))
      return give_up(failure("write", fresh));
    descriptor file(::open(fresh.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW));
    if (!file.ok()) return failure("open", fresh);
    auto made = std::make_unique<mapped_segment>(path, g, info.sealed, std::move(lock), std::move(file));
    if (!made->map_front()) return give_up(failure("map", fresh));
    if (rename(fresh.c_str(), path.c_str()) != 0) return give_up(failure("rename", fresh));
    return made;
  }

  static void delete_if_dead(const std::string& path) {
    const descriptor file(::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
    if (file.ok() && lock_file(*file, path).status == THARSIS_OK && may_be_segment(*file)) unlink(path.c_str());
  }
};

class linux_threads final : public ring_system {
 public:
  linux_threads(int barrier, spare_blocks& left) : barrier_(barrier), left_(left) {}
  uint64_t thread() override { return static_cast<uint64_t>(gettid()); }
  bool is_gone(uint64_t thread) override {
    return syscall(SYS_tgkill, getpid(), static_cast<pid_t>(thread), 0) != 0 && errno == ESRCH;
  }
  void* take_memory(size_t size) override {
    if (void* const left = left_.take(); left != nullptr) return left;
    void* const at = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return at == MAP_FAILED ? nullptr : at;
  }
  void give_memory(void* memory, size_t size) override { munmap(memory, size); }
  void leave_memory(void* memory) override { left_.keep(memory); }
  void barrier() override { syscall(SYS_membarrier, barrier_, 0, 0); }
  void wait(std::atomic<uint32_t>& word, uint32_t seen, duration most) override {
    const int64_t left = most.count();
    const timespec time{static_cast<time_t>(left / 1'000'000'000), static_cast<long>(left % 1'000'000'000)};
    syscall(SYS_futex, &word, FUTEX_WAIT_PRIVATE, seen, &time, nullptr, 0);
  }
  void wake_all(std::atomic<uint32_t>& word) override {
    syscall(SYS_futex, &word, FUTEX_WAKE_PRIVATE, INT32_MAX, nullptr, nullptr, 0);
  }
  instant now() override {
    timespec time{};
    clock_gettime(CLOCK_MONOTONIC, &time);
    return instant_from(int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec);
  }

 private:
  const int barrier_;
  spare_blocks& left_;
};

}  // namespace

std::unique_ptr<segment_store> system_segments() { return std::make_unique<linux_segments>(); }

spare_blocks& left_by_ring_sets() {
  static constinit spare_blocks all;
  return all;
}

result<std::unique_ptr<ring_system>> system_threads(spare_blocks& left) {
  const long known = syscall(SYS_membarrier, MEMBARRIER_CMD_QUERY, 0, 0);
  int barrier = 0;
  if (known > 0 && (known & MEMBARRIER_CMD_GLOBAL) != 0) barrier = MEMBARRIER_CMD_GLOBAL;
  if (known > 0 && (known & MEMBARRIER_CMD_PRIVATE_EXPEDITED) != 0 &&
      syscall(SYS_membarrier, MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED, 0, 0) == 0)
    barrier = MEMBARRIER_CMD_PRIVATE_EXPEDITED;
  if (barrier == 0) return error{THARSIS_E_UNSUPPORTED, "the system has no membarrier(): log lines do without rings"};
  return std::unique_ptr<ring_system>(std::make_unique<linux_threads>(barrier, left));
}

}  // namespace tharsis::xlog

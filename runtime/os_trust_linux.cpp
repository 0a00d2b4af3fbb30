#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <deque>
#include <optional>
#include <string_view>
#include <utility>

#include "runtime/expansion.h"
#include "runtime/os_trust.h"
#include "sdk/pure/sha256.h"

namespace tharsis::runtime {
namespace {

constexpr int links_most = 40;  // As the kernel has it.

error untrusted(std::string text) { return {THARSIS_E_UNTRUSTED, std::move(text)}; }

error failed(const std::string& path, int reason) {
  if (reason == ENOENT || reason == ENOTDIR) return {THARSIS_E_NOT_FOUND, "there is no " + path};
  if (reason == EACCES || reason == EPERM) return {THARSIS_E_DENIED, path + " cannot be read; are its permissions right?"};
  if (reason == ELOOP) return untrusted(path + " has become a link while it was looked at");
  return {THARSIS_E_IO, path + ": " + std::strerror(reason)};
}

std::string octal(mode_t mode) {
  std::string text;
  for (mode &= 07777; mode != 0 || text.empty(); mode /= 8) text.insert(text.begin(), static_cast<char>('0' + mode % 8));
  return "0" + text;
}

// Why others could change what lies at the path; an empty one: they cannot.
std::string who_else(const std::string& path, const struct stat& s) {
  if (s.st_uid != 0 && s.st_uid != geteuid())
    return path + " belongs to user " + std::to_string(s.st_uid) + ", neither to root nor to user " +
           std::to_string(geteuid()) + " who runs this; change its owner, or install the plugin elsewhere";
  const bool sticky_folder = S_ISDIR(s.st_mode) && (s.st_mode & S_ISVTX) != 0;
  if (S_ISLNK(s.st_mode) || sticky_folder || (s.st_mode & (S_IWGRP | S_IWOTH)) == 0) return {};
  return path + " can be changed by others (its mode is " + octal(s.st_mode) + "); take that away: chmod go-w " + path;
}

// Follows a path step by step, and checks every folder and link that decides where it ends.
class walk {
 public:
  result<std::string> to(const std::string& path) {
    take_apart(path);
    if (auto wrong = check("/")) return *wrong;
    while (!ahead_.empty()) {
      const std::string name = std::move(ahead_.front());
      ahead_.pop_front();
      if (name == "..") {
        at_ = at_.substr(0, at_.rfind('/'));
      } else if (auto wrong = step(at_ + "/" + name)) {
        return *wrong;
      }
    }
    return at_.empty() ? "/" : at_;
  }

 private:
  using problem = std::optional<error>;

  void take_apart(std::string_view path) {
    std::deque<std::string> names;
    while (!path.empty()) {
      const size_t slash = path.find('/');
      const std::string_view name = path.substr(0, slash);
      if (!name.empty() && name != ".") names.emplace_back(name);
      path.remove_prefix(slash == std::string_view::npos ? path.size() : slash + 1);
    }
    ahead_.insert(ahead_.begin(), names.begin(), names.end());
  }

  problem check(const std::string& path) {
    if (::lstat(path.c_str(), &last_) != 0) return failed(path, errno);
    const std::string wrong = who_else(path, last_);
    return wrong.empty() ? problem() : untrusted(wrong);
  }

  problem step(const std::string& next) {
    if (auto wrong = check(next)) return wrong;
    if (!S_ISLNK(last_.st_mode)) {
      at_ = next;
      return {};
    }
    if (++links_ > links_most) return failed(next, ENOENT);
    std::array<char, PATH_MAX> target;
    const ssize_t size = ::readlink(next.c_str(), target.data(), target.size());
    if (size < 0) return failed(next, errno);
    const std::string_view text(target.data(), static_cast<size_t>(size));
    if (text.starts_with('/')) at_.clear();
    take_apart(text);
    return {};
  }

  std::string at_;  // Without links; empty is the root.
  std::deque<std::string> ahead_;
  struct stat last_ {};
  int links_ = 0;
};

trusted_file::identity identity_of(const struct stat& s) {
  return {s.st_dev, s.st_ino, s.st_size, s.st_mtim.tv_sec * 1'000'000'000 + s.st_mtim.tv_nsec};
}

}  // namespace

trusted_file::trusted_file(trusted_file&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), path_(std::move(other.path_)), which_(other.which_) {}

trusted_file::~trusted_file() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

result<std::string> trusted_file::sha256() const {
  sha256_sum sum;
  std::array<char, 64 << 10> chunk;
  for (off_t at = 0;;) {
    const ssize_t size = ::pread(descriptor_, chunk.data(), chunk.size(), at);
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) return failed(path_, errno);
    if (size == 0) break;
    sum.add(chunk.data(), static_cast<size_t>(size));
    at += size;
  }
  return sum.hex();
}

result<trusted_file> open_trusted(const std::string& path) {
  if (!is_absolute(path)) return untrusted(path + " is not an absolute path");
  const auto folder = walk().to(parent_folder(path));
  if (!folder) return folder.failure();
  const auto file = walk().to(path);
  if (!file) return file.failure();
  if (!file->starts_with(*folder == "/" ? "/" : *folder + "/"))
    return untrusted(path + " is a link that leads out of its folder, to " + *file + "; put the file itself there");
  // O_NONBLOCK: a pipe must not stop us; that it is none is asked next.
  const int descriptor = ::open(file->c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (descriptor < 0) return failed(path, errno);
  struct stat s {};
  const bool known = ::fstat(descriptor, &s) == 0;
  trusted_file opened(descriptor, *file, identity_of(s));
  if (!known) return failed(path, errno);
  if (!S_ISREG(s.st_mode)) return error{THARSIS_E_INVALID, path + " is not a regular file"};
  if (const std::string wrong = who_else(path, s); !wrong.empty()) return untrusted(wrong);
  return opened;
}

}  // namespace tharsis::runtime

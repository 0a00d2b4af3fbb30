#include "runtime/os_profile_files.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <system_error>

namespace tharsis::runtime {
namespace fs = std::filesystem;

result<std::string> read_text_file(const std::string& path, size_t largest) {
  std::error_code failure;
  const fs::file_status status = fs::status(path, failure);
  if (!fs::exists(status)) return error{THARSIS_E_NOT_FOUND, "there is no such file"};
  if (fs::is_directory(status)) return error{THARSIS_E_INVALID, "this is a folder, not a file"};
  if (!fs::is_regular_file(status)) return error{THARSIS_E_INVALID, "this is not a regular file"};
  std::ifstream in(path, std::ios::binary);
  if (!in) return error{THARSIS_E_DENIED, "this file cannot be opened; are its permissions right?"};
  std::string text;
  for (char chunk[16 << 10]; in && text.size() <= largest;) {
    in.read(chunk, sizeof chunk);
    text.append(chunk, static_cast<size_t>(in.gcount()));
  }
  if (in.bad()) return error{THARSIS_E_IO, "reading this file failed"};
  if (text.size() > largest)
    return error{THARSIS_E_INVALID, "larger than " + std::to_string(largest >> 10) + " KiB; this is not a file for people"};
  if (text.starts_with("\xEF\xBB\xBF")) text.erase(0, 3);
  return text;
}

std::optional<error> make_folders(const std::string& path) {
  std::error_code failure;
  fs::create_directories(path, failure);
  if (failure) return error{THARSIS_E_IO, "the folder " + path + " cannot be made: " + failure.message()};
  return {};
}

namespace {

template <class Wanted>
std::vector<std::string> list(const std::string& path, Wanted wanted) {
  std::vector<std::string> names;
  std::error_code failure;
  for (fs::directory_iterator at(path, failure), end; !failure && at != end; at.increment(failure)) {
    std::error_code ignored;
    if (wanted(*at, ignored)) names.push_back(at->path().filename().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace

std::vector<std::string> list_folders(const std::string& path) {
  return list(path, [](const auto& entry, std::error_code& ignored) { return entry.is_directory(ignored); });
}

std::vector<std::string> list_files(const std::string& path) {
  return list(path, [](const auto& entry, std::error_code& ignored) { return entry.is_regular_file(ignored); });
}

bool file_exists(const std::string& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

bool folder_exists(const std::string& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

std::string absolute_path(const std::string& path) {
  std::error_code failure;
  const fs::path whole = fs::absolute(path, failure);
  return failure ? path : whole.lexically_normal().string();
}

std::string working_folder() {
  std::error_code failure;
  const fs::path here = fs::current_path(failure);
  return failure ? "/" : here.string();
}

std::string canonical_path(const std::string& path) {
  std::error_code failure;
  const fs::path whole = fs::weakly_canonical(path, failure);
  return failure ? absolute_path(path) : whole.string();
}

namespace {

// By the XDG base directory specification: the variable, else a folder in the user's home.
std::string user_folder(const char* variable, const char* in_home) {
  const char* given = std::getenv(variable);
  if (given != nullptr && given[0] == '/') return std::string(given) + "/tharsis";
  const char* home = std::getenv("HOME");
  return absolute_path(home != nullptr && home[0] != '\0' ? home : ".") + in_home + "/tharsis";
}

}  // namespace

std::string user_data_folder() { return user_folder("XDG_DATA_HOME", "/.local/share"); }
std::string user_cache_folder() { return user_folder("XDG_CACHE_HOME", "/.cache"); }

}  // namespace tharsis::runtime

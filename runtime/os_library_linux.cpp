#include <dlfcn.h>
#include <link.h>

#include <cstring>
#include <mutex>
#include <utility>
#include <vector>

#include "runtime/os_library.h"
#include "runtime/os_trust.h"

namespace tharsis::runtime {
namespace {

// DEEPBIND: a host such as Node exports another OpenSSL than ours. The sanitizers replace functions
// of the C library and cannot work with it.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr int flags = RTLD_NOW | RTLD_LOCAL;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr int flags = RTLD_NOW | RTLD_LOCAL;
#else
constexpr int flags = RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND;
#endif
#else
constexpr int flags = RTLD_NOW | RTLD_LOCAL | RTLD_DEEPBIND;
#endif

// The loader belongs to the process, and so does this. It knows a library by the name it was loaded by,
// which is that of a descriptor: the descriptor stays open, so that no other file ever gets the name.
struct loaded_library {
  trusted_file file;
  void* handle;
  char* loaders_name;  // What was link_map::l_name.
};
std::mutex guard;
std::vector<loaded_library>& loaded_libraries() {
  static auto* const all = new std::vector<loaded_library>();  // Code of plugins may run until the very end.
  return *all;
}

// The loader's own sentence, with the file's name in the place of the descriptor's.
error cannot_load(const std::string& path, const std::string& name) {
  const char* const said = dlerror();
  std::string why = said ? said : path;
  for (size_t at; (at = why.find(name)) != std::string::npos;) why.replace(at, name.size(), path);
  return {THARSIS_E_IO, "its library cannot be loaded: " + why + "; build it anew"};
}

// Backtraces and debuggers shall show the file's name.
char* give_readable_name(void* handle, const std::string& path) {
  link_map* map = nullptr;
  if (dlinfo(handle, RTLD_DI_LINKMAP, &map) != 0) return nullptr;
  return std::exchange(map->l_name, ::strdup(path.c_str()));
}

result<void*> map_once(trusted_file file, const std::string& path) {
  const std::lock_guard lock(guard);
  for (const loaded_library& known : loaded_libraries()) {
    if (known.file.which() == file.which()) return known.handle;
    if (known.file.which().is_same_file(file.which()))
      return error{THARSIS_E_BUSY, path + " was overwritten after it had been loaded; start the program anew, and next "
                                          "time replace the file instead of writing into it"};
  }
  const std::string name = "/proc/self/fd/" + std::to_string(file.descriptor());
  void* const handle = dlopen(name.c_str(), flags);
  if (handle == nullptr) return cannot_load(path, name);
  char* const loaders_name = give_readable_name(handle, file.path());
  loaded_libraries().push_back({std::move(file), handle, loaders_name});
  return handle;
}

result<void*> map_checked(const std::string& path, const std::string& sha256) {
  auto file = open_trusted(path);
  if (!file) return file.failure();
  if (sha256.empty()) return map_once(std::move(*file), path);
  const auto sum = file->sha256();
  if (!sum) return sum.failure();
  if (*sum != sha256)
    return error{THARSIS_E_UNTRUSTED, path + " is not the library that was locked: its sha256 is " + *sum + ", locked is " +
                                          sha256 + "; restore it, or lock the profile anew with `tharsis lock`"};
  return map_once(std::move(*file), path);
}

}  // namespace

result<const tharsis_plugin*> load_library(const std::string& path, const std::string& sha256) {
  const auto mapped = map_checked(path, sha256);
  if (!mapped) return mapped.failure();
  void* const library = *mapped;
  using entry = const tharsis_plugin* (*)(uint32_t);
  const auto ask = reinterpret_cast<entry>(dlsym(library, "tharsis_plugin_entry"));
  if (ask == nullptr)
    return error{THARSIS_E_UNSUPPORTED, path + " is a library, but no plugin: it exports no tharsis_plugin_entry"};
  const tharsis_plugin* const plugin = ask(THARSIS_ABI_MAJOR);
  if (plugin == nullptr)
    return error{THARSIS_E_UNSUPPORTED, path + " does not speak ABI major " + std::to_string(THARSIS_ABI_MAJOR) +
                                            " of this runtime; rebuild it with this version's sdk"};
  if (plugin->size < sizeof(tharsis_plugin) || !plugin->id || !plugin->version || !plugin->create || !plugin->start ||
      !plugin->stop || !plugin->destroy)
    return error{THARSIS_E_INVALID, path + " answers an incomplete table: id, version, create, start, stop and destroy are needed"};
  return plugin;
}

const tharsis_plugin* library_entry(const std::string& path, uint32_t major) {
  const auto mapped = map_checked(path, {});
  if (!mapped) return nullptr;
  using entry = const tharsis_plugin* (*)(uint32_t);
  const auto ask = reinterpret_cast<entry>(dlsym(*mapped, "tharsis_plugin_entry"));
  return ask == nullptr ? nullptr : ask(major);
}

std::string own_library_folder() {
  Dl_info facts{};
  if (dladdr(reinterpret_cast<const void*>(&own_library_folder), &facts) == 0 || facts.dli_fname == nullptr) return ".";
  const std::string file = facts.dli_fname;
  const size_t slash = file.rfind('/');
  return slash == std::string::npos ? "." : file.substr(0, slash);
}

}  // namespace tharsis::runtime

#include <dlfcn.h>

#include "runtime/os_library.h"

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

}  // namespace

result<const tharsis_plugin*> load_library(const std::string& path) {
  void* const library = dlopen(path.c_str(), flags);
  if (library == nullptr) {
    const char* const why = dlerror();
    return error{THARSIS_E_IO, "its library cannot be loaded: " + std::string(why ? why : path) + "; build it anew"};
  }
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

}  // namespace tharsis::runtime

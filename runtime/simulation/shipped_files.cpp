#include "runtime/simulation/shipped_files.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "runtime/os_profile_files.h"
#include "runtime/simulation/bounds.h"

namespace tharsis::runtime {

std::map<std::string, std::string> shipped_files(const plugin_manifest& manifest) {
  constexpr std::array<std::string_view, 3> linked = {".so", ".a", ".o"};
  const std::string folder = absolute_path(manifest.folder);
  std::map<std::string, std::string> texts;
  for (const std::string& file : list_files(folder)) {
    if (file == manifest.library) continue;
    if (std::any_of(linked.begin(), linked.end(), [&](std::string_view end) { return file.ends_with(end); })) continue;
    const std::string path = folder + "/" + file;
    if (auto text = read_text_file(path, shipped_largest)) texts[path] = std::move(*text);
  }
  return texts;
}

void put_files(const std::map<std::string, std::string>& files, sim::disk& disk) {
  for (const auto& [path, text] : files) {
    disk.make_folder(path.substr(0, path.rfind('/')), nullptr);
    disk.replace(path, text, nullptr);
  }
}

}  // namespace tharsis::runtime

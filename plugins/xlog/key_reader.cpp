#include "plugins/xlog/key_reader.h"

#include <algorithm>

#include "sdk/async/file_reader.h"

namespace tharsis::xlog {
namespace {

constexpr size_t key_text_most = key_text_max + 1;  // More than any key has.

std::string absolute_path(const std::string& folder, const std::string& path) {
  return path.starts_with('/') ? path : folder + "/" + path;
}

result<public_key> read_recipient(const tharsis_files* files, const std::string& folder, const std::string& given,
                                  const std::string& what) {
  if (given.empty()) return error{THARSIS_E_INVALID, what + " is empty; give a public key or the path of its file"};
  if (is_key_text(given)) return parse_public_key(given, what);
  const std::string path = absolute_path(folder, given);
  const auto text = read_beginning(files, path, key_text_most);
  if (!text) return error{text.status(), what + ": " + text.failure().text + "; `tharsis xlog keygen FILE` makes FILE.pub"};
  return parse_public_key(*text, what + ": " + path);
}

}  // namespace

result<std::vector<public_key>> read_recipients(const tharsis_files* files, const std::string& folder,
                                                const std::vector<std::string>& given, std::string_view what) {
  if (given.empty())
    return error{THARSIS_E_INVALID, std::string(what) + " names no key; give at least one public key or the path of its file"};
  std::vector<public_key> keys;
  for (size_t i = 0; i < given.size(); ++i) {
    const auto key = read_recipient(files, folder, given[i], std::string(what) + "." + std::to_string(i));
    if (!key) return key.failure();
    if (std::find(keys.begin(), keys.end(), *key) == keys.end()) keys.push_back(*key);
  }
  return keys;
}

result<private_key> read_private_key(const tharsis_files* files, const std::string& folder, const std::string& path) {
  const auto file = file_reader::open(files, absolute_path(folder, path), THARSIS_FILES_SECRET);
  if (!file) return file.failure();
  auto text = file->read(0, key_text_most);
  if (!text) return text.failure();
  auto key = parse_private_key(*text, path);
  wipe({reinterpret_cast<uint8_t*>(text->data()), text->size()});
  return key;
}

}  // namespace tharsis::xlog

// Public keys of signed tables, from their files. [a thread that may block]
#pragma once
#include <string>
#include <vector>

#include "plugins/dns/core/table_key.h"
#include "sdk/async/file_reader.h"

namespace tharsis::dns {

inline result<std::vector<table_key>> read_table_keys(const tharsis_files* files, const std::vector<std::string>& paths) {
  std::vector<table_key> keys;
  for (const std::string& path : paths) {
    const auto text = read_whole(files, path, key_text_max, "a key");
    if (!text) return error{text.status(), text.failure().text + "; tharsis dns keygen makes a pair of keys"};
    const auto key = parse_table_key(*text, path);
    if (!key) return key.failure();
    keys.push_back(*key);
  }
  return keys;
}

}  // namespace tharsis::dns

// Keys that servers want to see, out of the files that the servers' texts name. [a thread that may block]
#pragma once
#include <string>
#include <vector>

#include "plugins/dns/core/httpdns.h"
#include "plugins/dns/core/server.h"
#include "sdk/async/file_reader.h"

namespace tharsis::dns {

// Fills in `key` of those that have a `key_file`. A file that others may read is refused.
inline error load_server_keys(const tharsis_files* files, std::vector<server>& servers) {
  for (server& s : servers) {
    if (s.key_file.empty()) continue;
    auto text = read_secret(files, s.key_file, 4096, "a key");
    if (!text) return {text.status(), s.text + ": " + text.failure().text};
    while (!text->empty() && (text->back() == '\n' || text->back() == '\r' || text->back() == ' ')) text->pop_back();
    if (!is_httpdns_key(*text)) return {THARSIS_E_INVALID, s.text + ": " + s.key_file + " holds no key: it is at most 128 letters, digits, '-' and '_'"};
    s.key = std::move(*text);
  }
  return fine();
}

}  // namespace tharsis::dns

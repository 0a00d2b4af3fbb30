#include "plugins/dns/server_keys.h"

#include <algorithm>
#include <utility>

#include "plugins/dns/core/httpdns.h"
#include "sdk/async/blocking.h"
#include "sdk/async/file_reader.h"

namespace tharsis::dns {

error load_server_keys(const tharsis_files* files, std::vector<server>& servers) {
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

task<error> read_server_keys(strand& place, const tharsis_files* files, std::vector<server>& servers) {
  if (std::all_of(servers.begin(), servers.end(), [](const server& s) { return s.key_file.empty(); })) co_return fine();
  const auto load = [files, list = servers] {
    std::vector<server> keyed = list;
    error wrong = load_server_keys(files, keyed);
    return std::pair(std::move(wrong), std::move(keyed));
  };
  auto all = co_await blocking(place, load);
  if (!all) co_return error{THARSIS_E_BUSY, "the host has no thread free to read keys"};
  if (all->first.status == THARSIS_OK) servers = std::move(all->second);
  co_return std::move(all->first);
}

task<error> read_server_keys(strand& place, const tharsis_files* files, command_call call, std::vector<server>& servers) {
  for (server& s : servers)
    if (!s.key_file.empty()) s.key_file = call.absolute(s.key_file);
  co_return co_await read_server_keys(place, files, servers);
}

}  // namespace tharsis::dns

#include "plugins/dns/system_files.h"

#include <utility>

#include "sdk/async/blocking.h"
#include "sdk/async/file_reader.h"

namespace tharsis::dns {

task<own_words> read_own_words(strand& place, const tharsis_files* files) {
  const auto read = [files] {
    own_words own;
    if (const auto text = read_whole(files, system_hosts, hosts_file::text_max, "a hosts file")) (void)own.hosts.read(*text);
    return own;
  };
  auto own = co_await blocking(place, read);
  co_return own ? std::move(*own) : own_words();
}

}  // namespace tharsis::dns

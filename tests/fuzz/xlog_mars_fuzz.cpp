// Any bytes as a file of Mars', with a key and without, in pieces: the reader ends, tells each byte at most a few times over, and
// lines that it gives can be written again.
//
// The input: a byte, how many come at a time; then the file.
#include "plugins/xlog/core/mars_line.h"
#include "plugins/xlog/core/mars_reader.h"
#include "tests/fuzz/harness.h"

using namespace tharsis;
using namespace tharsis::xlog;
using fuzz::require;

namespace {

void read(mars_reader& reader, std::string_view file, size_t at_once) {
  size_t told = 0;
  const auto take = [&] {
    while (const auto i = reader.take()) {
      if (!i->damage.empty()) {
        require(++told <= 2 * file.size() + 8, "damage is told no more often than there are bytes");
        continue;
      }
      require(i->value.level < THARSIS_LOG_OFF, "a line has a level");
      std::string line;
      append_mars_line(line, i->value, 1, 0);
      record again;
      // Names may hold what ends a name.
      if (i->value.plugin.find_first_of("[]:/") == std::string::npos && i->value.tag.find_first_of("[]:/") == std::string::npos &&
          i->value.file.find_first_of("[]:/\\") == std::string::npos && i->value.wall >= 0)
        require(parse_mars_line(std::string_view(line).substr(0, line.size() - 1), again), "a line that was read can be written");
    }
  };
  for (size_t at = 0; at < file.size(); at += at_once) {
    reader.on_bytes(file.substr(at, at_once));
    take();
  }
  reader.on_end();
  take();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::reader in(data, size);
  const size_t at_once = size_t{in.byte()} * 64 + 1;
  const auto bytes = in.take(size);
  const std::string_view file = fuzz::text_of(bytes.data(), bytes.size());
  static const private_key key{*parse_mars_private_key(std::string(63, '1') + "2"), {}, true};
  mars_reader without;
  read(without, file, at_once);
  (void)may_be_mars(file);
  mars_reader with(&key);
  read(with, file, 1 << 20);
  return 0;
}

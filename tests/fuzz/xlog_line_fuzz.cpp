// Any bytes as a log file: the reader never stops and never skips a number, and a line that it accepts
// prints back to the same bytes.
#include <string>

#include "plugins/xlog/core/reader.h"
#include "tests/fuzz/harness.h"

using namespace tharsis;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes = fuzz::text_of(data, size);
  xlog::record line;
  if (!xlog::parse_line(bytes, line)) {
    std::string again;
    xlog::append_line(again, line);
    require(again == std::string(bytes) + "\n", "what is accepted prints back to the same bytes");
  }
  xlog::reader lines;
  uint64_t seen = 0;
  const auto take_all = [&] {
    while (const auto i = lines.take()) require(i->line == ++seen, "every line has its number");
  };
  const size_t cut = size > 0 ? data[size - 1] % size : 0;
  lines.on_bytes(bytes.substr(0, cut));
  take_all();
  lines.on_bytes(bytes.substr(cut));
  lines.on_end();
  take_all();
  require(size == 0 || seen > 0, "every byte belongs to a line");
  return 0;
}

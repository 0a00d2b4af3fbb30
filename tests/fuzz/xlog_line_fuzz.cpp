// Any bytes as a line of log and as a log file: a line that is accepted prints back to the same bytes; the reader of
// files ends, whatever the bytes are and wherever they are cut.
#include <string>

#include "plugins/xlog/core/line.h"
#include "tests/fuzz/harness.h"
#include "tests/plugins/xlog/log_reader.h"

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
  xlog::log_reader file;
  size_t items = 0;
  const auto take_all = [&] {
    while (file.take()) require(++items < 100'000 + size, "the reader ends");
  };
  const size_t cut = size > 0 ? data[size - 1] % size : 0;
  file.on_bytes(bytes.substr(0, cut));
  take_all();
  file.on_bytes(bytes.substr(cut));
  file.on_end();
  take_all();
  return 0;
}

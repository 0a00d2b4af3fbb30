// Any bytes as a file of lines, as text or as JSON, cut anywhere: the reader ends, damage has a sentence, and what was read says the
// same again in our form of JSON.
#include <string>

#include "plugins/xlog/core/json_line.h"
#include "plugins/xlog/core/json_record.h"
#include "plugins/xlog/core/plain_reader.h"
#include "tests/fuzz/harness.h"

using namespace tharsis;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view bytes = fuzz::text_of(data, size);
  xlog::may_be_plain(bytes);
  xlog::plain_reader file;
  size_t items = 0;
  const auto take_all = [&] {
    while (const auto one = file.take()) {
      require(++items <= size, "there are no more lines than bytes");
      if (!one->damage.empty()) continue;
      const std::string said = xlog::json_line(one->value);
      xlog::record again;
      require(!xlog::parse_json_line(said, again), "what is written is read");
      require(xlog::json_line(again) == said, "and says the same");
    }
  };
  const size_t cut = size > 0 ? data[size - 1] % size : 0;
  file.on_bytes(bytes.substr(0, cut));
  take_all();
  file.on_bytes(bytes.substr(cut));
  file.on_end();
  take_all();
  return 0;
}

// Any text, codes and bytes as a line of log: it is shown, whatever they are, and a text that fits its codes finds
// its arguments whole or says that they are damaged.
#include "sdk/pure/log_format.h"
#include "tests/fuzz/harness.h"

using namespace tharsis;
using fuzz::require;

// The text, a line feed, the codes, a line feed, the bytes.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view all = fuzz::text_of(data, size);
  const size_t first = all.find('\n');
  const size_t second = first == all.npos ? first : all.find('\n', first + 1);
  if (second == all.npos) return 0;
  const std::string_view text = all.substr(0, first), codes = all.substr(first + 1, second - first - 1);
  const std::span<const uint8_t> bytes(data + second + 1, size - second - 1);

  const std::string line = format_line(text, codes, bytes);
  size_t fields = 0, texts = 0;
  const bool whole = for_each_field(text, codes, bytes, [&](std::string_view, const log_argument& a) {
    ++fields;
    texts += a.text.size();
  });
  require(texts <= bytes.size(), "texts are made of the bytes");
  require(!whole || fields == codes.size(), "whole arguments are all there");
  if (check_format(text, codes) == format_mistake::none && !whole)
    require(line.ends_with(" (its arguments are damaged)"), "damage is told");
  return 0;
}

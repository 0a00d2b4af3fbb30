// Any bytes as a site, a frame's header, a file's, and as the two payloads of a block: what is accepted comes back when
// written again, rows are as many as were announced, and none is larger than a block may be.
//
// The input: a byte, the low byte of the number of rows; a byte and 256 times another, the length of the texts; then texts and rows.
#include "plugins/xlog/core/block_reader.h"
#include "plugins/xlog/core/frame.h"
#include "sdk/pure/views.h"
#include "tests/fuzz/harness.h"

using namespace tharsis;
using namespace tharsis::xlog;
using fuzz::require;

namespace {

void read_headers(std::span<const uint8_t> bytes) {
  if (const auto h = decode_frame_header(bytes)) {
    const auto again = encode(*h);
    require(std::equal(again.begin(), again.end(), bytes.begin()), "a frame's header is written as it was read");
  }
  file_opening opened;
  (void)decode_file_header(bytes, opened);
  require(find_frame(bytes) <= bytes.size(), "a frame begins within the bytes");
  if (const auto e = decode_block_extra(bytes)) {
    std::string again;
    append_block_extra(again, *e);
    require(again == as_text(bytes), "an extra is written as it was read");
  }
  for (std::string_view from = as_text(bytes); !from.empty();) {
    const auto entry = read_site(from);
    if (!entry) break;
    std::string again;
    append_site(again, entry->number, entry->value);
    std::string_view rest = again;
    require(read_site(rest)->value == entry->value, "a site that was read can be written");
  }
}

void read_block(std::span<const uint8_t> texts, std::span<const uint8_t> rows, uint32_t count) {
  block_reader reader(3);
  uint32_t number = 0;
  for (const char* const codes : {"", "u", "s", "dd", "isl", "bciulmdptwsxz"}) reader.add_site(++number, {.codes = codes});
  for (int again = 0; again < 2; ++again) {  // The second time with what the first one left.
    (void)reader.on_texts(1, texts);
    if (reader.on_rows(rows, count)) continue;
    uint32_t seen = 0;
    for (row r; reader.next(r); ++seen) {
      const auto arguments = reader.arguments();
      if (arguments) require(arguments->size() <= block_bytes_max, "a row is within the bounds");
    }
    require(seen == count, "there are as many rows as were announced");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  read_headers({data, size});
  fuzz::reader in(data, size);
  const uint32_t count = in.byte();
  const size_t low = in.byte(), high = in.byte();
  const auto texts = in.take(low + 256 * high);
  read_block(texts, in.take(size), count);
  return 0;
}

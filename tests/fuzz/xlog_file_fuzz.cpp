// Any bytes as a log file: it is read to its end, however the bytes come, and has the same lines whether all of it is there at
// once or a few more bytes each time; what is told to be damaged lies within it. Where lost bytes begin may be told otherwise.
//
// The input: a byte, whose lowest bit says that checksums are made right first, so that what is behind them is read too, and whose
// others how many bytes come at a time; then the file.
#include <cstring>
#include <string>
#include <vector>

#include "plugins/xlog/core/crc32c.h"
#include "plugins/xlog/core/log_lines.h"
#include "tests/plugins/xlog/log_reader.h"
#include "sdk/pure/views.h"
#include "tests/fuzz/harness.h"

using namespace tharsis;
using namespace tharsis::xlog;
using fuzz::require;

namespace {

void put_checksum(std::span<uint8_t> of) {
  if (of.size() < checksum_size) return;
  const uint32_t sum = crc32c(of.first(of.size() - checksum_size));
  std::memcpy(of.data() + of.size() - checksum_size, &sum, sizeof sum);
}

// As whoever makes up a file would: each header, extra and payload, as long as one frame follows the other.
void mend(std::span<uint8_t> file) {
  if (file.size() < file_header::fixed_size + checksum_size) return;
  uint32_t head = 0;
  std::memcpy(&head, file.data() + 12, sizeof head);
  if (head < file_header::fixed_size + checksum_size || head > file.size()) head = file_header::fixed_size + checksum_size;
  std::memcpy(file.data() + 12, &head, sizeof head);
  put_checksum(file.first(head));
  uint32_t chain = 0;
  for (size_t at = head; file.size() - at >= frame_header::header_size;) {
    const auto header = file.subspan(at, frame_header::header_size);
    std::memcpy(header.data(), frame_magic.data(), frame_magic.size());
    std::memcpy(header.data() + 56, &chain, sizeof chain);
    put_checksum(header);
    const auto h = decode_frame_header(header);
    if (!h || h->size() > file.size() - at) return;
    put_checksum(file.subspan(at + frame_header::header_size, h->extra));
    put_checksum(file.subspan(at + frame_header::header_size + h->extra, h->first));
    put_checksum(file.subspan(at + h->size() - h->second, h->second));
    if (h->first + h->second >= checksum_size) std::memcpy(&chain, file.data() + at + h->size() - checksum_size, sizeof chain);
    at += h->size();
  }
}

// All lines, one behind the other.
std::string read_at_once(std::span<const uint8_t> file) {
  pushed_bytes window;
  window.push(as_text(file));
  window.end();
  const query everything;
  log_lines lines(window, nullptr, everything);
  std::string said;
  byte_sink text;
  for (auto step = lines.next(); step != line_source::step::end; step = lines.next()) {
    require(step != line_source::step::more, "a file that is all there needs no more");
    require(lines.position() <= file.size(), "the reader stays within the file");
    if (step == line_source::step::damage) require(lines.told().at <= file.size(), "damage lies within the file");
    if (step != line_source::step::line) continue;
    text.clear();
    lines.line().append_text(text);
    said += std::to_string(lines.line().wall) + " " + std::string(as_text(text.bytes())) + "\n";
    if (said.size() > (size_t{8} << 20)) return {};  // Rows are cheap to make up.
  }
  return said;
}

std::string read_in_pieces(std::span<const uint8_t> file, size_t piece) {
  log_reader lines;
  std::string said;
  const auto take = [&] {
    while (const auto i = lines.take())
      if (i->damage.empty()) said += std::to_string(i->value.wall) + " " + i->value.text + "\n";
  };
  for (size_t at = 0; at < file.size(); at += piece) {
    lines.on_bytes(as_text(file.subspan(at, std::min(piece, file.size() - at))));
    take();
  }
  lines.on_end();
  take();
  return said;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::reader in(data, size);
  const uint8_t how = in.byte();
  const auto left = in.take(size);
  std::vector<uint8_t> file(left.begin(), left.end());
  if ((how & 1) != 0) mend(file);
  const std::string said = read_at_once(file);
  if (!said.empty()) require(read_in_pieces(file, size_t{1} + how * 16) == said, "its lines are the same however it comes");
  return 0;
}

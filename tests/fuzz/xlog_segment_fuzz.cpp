// Any bytes as what stands behind the whole first bytes of a segment, as a segment, and as the payload of a
// recovered frame: nothing crashes or reads past the end, records are few enough to fit, and what was read
// travels unchanged.
#include <algorithm>
#include <cstring>
#include <vector>

#include "plugins/xlog/core/recovery.h"
#include "tests/fuzz/harness.h"

using namespace tharsis;
using namespace tharsis::xlog;
using fuzz::require;

namespace {

constexpr segment_geometry geometry{2, 64 << 10, 64 << 10};

bool no_keystream(uint64_t position, std::span<uint8_t> into) {
  std::fill(into.begin(), into.end(), static_cast<uint8_t>(position >> 8));
  return true;
}

result<segment_image> image_of(std::span<const uint8_t> file) {
  return read_segment(
      [file](uint64_t offset, std::span<uint8_t> into) {
        if (offset > file.size() || into.size() > file.size() - offset) return false;
        std::copy_n(file.begin() + static_cast<ptrdiff_t>(offset), into.size(), into.begin());
        return true;
      },
      {});
}

void walk(const segment_image& image) {
  uint64_t bytes = 0, held = 0;
  for (const recovered_ring& r : image.rings) held += r.bytes.size();
  recovered_records records(image, no_keystream, 3);
  for (recovered_record r; records.next(r);) bytes += r.record.size;
  require(bytes + records.unreadable() == held, "every byte is a record's or unreadable");
  require(open_dictionary(image, no_keystream).size() == image.dictionary.size(), "the dictionary opens");
  for (const auto& payload : recovered_payloads(image, 1000)) {
    const auto again = read_recovered(payload.bytes);
    require(again.ok(), "what is handed on can be read");
    require(again->info == image.info && again->dictionary == image.dictionary, "and says the same");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::span<const uint8_t> bytes(data, size);
  if (const auto image = image_of(bytes)) walk(*image);
  if (const auto image = read_recovered(bytes)) walk(*image);
  if (size < 2) return 0;

  // A whole segment with these bytes in a ring: the first two say where it wraps and whether it is sealed.
  segment_info info;
  info.geometry = geometry;
  info.sealed = (data[0] & 1) != 0;
  std::vector<uint8_t> file = new_segment(info, {});
  file.resize(segment_file::size(geometry));
  segment_front front(file.data());
  const uint64_t tail = geometry.ring_size - 8 * uint64_t{data[1]};
  const size_t count = std::min<size_t>(size - 2, geometry.ring_size) / 8 * 8;
  front.control(0).tail = tail;
  front.control(0).head = tail + count;
  front.add_owner(0, 1);
  for (size_t i = 0; i < count; ++i)
    file[segment_file::ring_offset(geometry, 0) + (tail + i) % geometry.ring_size] = data[2 + i];
  const auto image = image_of(file);
  require(image.ok(), "a whole segment is read");
  walk(*image);
  return 0;
}

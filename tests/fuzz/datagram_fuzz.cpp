// Any bytes as a datagram, and an honest one altered: nothing opens that was not sealed, nothing opens twice; and any
// bytes as its content.
#include "sdk/async/datagram_seal.h"
#include "sdk/pure/datagram_message.h"

#include <vector>

#include "tests/fuzz/harness.h"

using namespace tharsis;
using fuzz::require;

namespace {

constexpr datagram::connection_id lane{1, 2, 3, 4, 5, 6, 7, 8};

datagram::direction_keys keys() {
  datagram::direction_keys k;
  for (size_t i = 0; i < k.key.size(); ++i) k.key[i] = static_cast<uint8_t>(i);
  return k;
}

void read_as_content(std::span<const uint8_t> bytes) {
  const auto m = datagram::read_message(bytes);
  if (!m) return;
  std::vector<uint8_t> again(datagram::content_max);
  const size_t size = datagram::write(*m, again);
  require(size == bytes.size() && std::equal(bytes.begin(), bytes.end(), again.begin()), "what was read is written the same");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  read_as_content({data, size});
  auto from = datagram::sealer::make(lane, keys());
  auto to = datagram::opener::make(lane, keys());
  require(from && to, "the cipher is there");
  std::array<uint8_t, datagram::size_max> room, sealed;
  require(!to->open({data, size}, room), "nobody makes up a datagram");

  fuzz::reader input(data, size);
  std::vector<std::vector<uint8_t>> all;
  while (!input.empty() && all.size() < 64) {
    const auto content = input.take(input.byte());
    const size_t length = from->seal(content, sealed);
    all.emplace_back(sealed.begin(), sealed.begin() + static_cast<std::ptrdiff_t>(length));
    std::vector<uint8_t> altered = all.back();
    const size_t at = input.byte() % altered.size();
    const uint8_t by = input.byte();
    altered[at] = static_cast<uint8_t>(altered[at] ^ by);
    const auto taken = to->open(altered, room);
    require(taken.has_value() == (by == 0), "an alteration does not pass unseen");
    const auto once = to->open(all.back(), room);
    require(once.has_value() != taken.has_value(), "it opens once");
    if (once) require(std::equal(content.begin(), content.end(), once->content.begin(), once->content.end()), "it is what was sealed");
  }
  for (const auto& old : all) require(!to->open(old, room), "nothing opens again");
  return 0;
}

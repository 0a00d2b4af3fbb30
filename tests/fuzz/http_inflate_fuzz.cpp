// Any bytes as a compressed body, cut where the first byte says: what comes out does not depend on the cuts, and is
// never more than was allowed.
#include <algorithm>
#include <string>
#include <vector>

#include "plugins/stn/core/http_inflate.h"
#include "tests/fuzz/harness.h"

using namespace tharsis;
using namespace tharsis::fuzz;

namespace {

constexpr uint64_t most = 100'000;

struct inflated {
  std::string text;
  bool failed = false, whole = false;
};

inflated inflate_all(stn::http_inflate::coding coding, std::span<const uint8_t> bytes, size_t piece, size_t room) {
  stn::http_inflate machine(coding, most);
  std::vector<uint8_t> into(room);
  inflated got;
  while (!bytes.empty() && !got.failed) {
    auto now = bytes.first(std::min(piece, bytes.size()));
    bytes = bytes.subspan(now.size());
    for (;;) {
      const auto made = machine.next(now, into);
      if (!made) {
        got.failed = true;
        break;
      }
      require(*made <= room, "no more than there is room for");
      if (*made == 0) break;
      got.text.append(reinterpret_cast<const char*>(into.data()), *made);
    }
    require(got.failed || now.empty(), "all is taken");
  }
  got.whole = !got.failed && machine.on_end().status == THARSIS_OK;
  require(got.text.size() <= most, "no more than was allowed");
  return got;
}

}  // namespace

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  reader input(data, size);
  const uint8_t how = input.byte();
  const auto coding = how & 1 ? stn::http_inflate::coding::gzip : stn::http_inflate::coding::deflate;
  const auto bytes = input.take(size);
  const inflated a = inflate_all(coding, bytes, bytes.size() + 1, 64 * 1024);
  const inflated b = inflate_all(coding, bytes, 1 + (how >> 4), 1 + (how & 15));
  require(a.failed == b.failed && a.whole == b.whole, "cuts do not matter to whether it is whole");
  require(a.failed || a.text == b.text, "nor to what it is");
  return 0;
}

// Any bytes as a sealed file's head and block, or an honest one altered: nothing opens that was not sealed, an
// alteration never passes unseen, and what is refused leaves nothing of the text.
#include "plugins/xlog/core/seal.h"

#include <vector>

#include "plugins/xlog/core/keystream.h"
#include "sdk/pure/views.h"
#include "tests/fuzz/harness.h"

using namespace tharsis;
using fuzz::require;

namespace {

void count_up(void*, uint8_t* into, size_t size) {
  for (size_t i = 0; i < size; ++i) into[i] = static_cast<uint8_t>(i + 1);
}
const tharsis_random counting{sizeof counting, nullptr, count_up};
constexpr std::string_view text = "one line that nobody may read";

struct sealed {
  xlog::private_key key = *xlog::make_private_key(counting);
  std::vector<uint8_t> envelope, block;
};

const sealed& honest() {
  static const sealed made = [] {
    sealed s;
    auto sealer = xlog::file_sealer::make({&s.key.open, 1}, counting, {7}, {}, xlog::cipher_suite::aes);
    s.envelope.assign(sealer->envelope().begin(), sealer->envelope().end());
    s.block.assign(text.begin(), text.end());
    s.block.resize(text.size() + xlog::tag_size);
    const std::span<uint8_t> payload(s.block);
    require(sealer->seal(5, as_bytes("header"), {&payload, 1}), "a block is sealed");
    return s;
  }();
  return made;
}

void alter(std::vector<uint8_t>& bytes, fuzz::reader& input) {
  for (int times = input.byte() % 4; times > 0 && !bytes.empty(); --times) {
    const size_t at = (input.byte() * 256u + input.byte()) % bytes.size();
    bytes[at] = static_cast<uint8_t>(bytes[at] ^ input.byte());
  }
  if (input.byte() % 8 == 0) bytes.resize(input.byte() % (bytes.size() + 1));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  require(!xlog::file_opener::make({data, size}, honest().key), "nobody makes up an envelope");
  require(!xlog::unwrap_keystream({data, size}, honest().key), "nobody makes up a ring's key");
  require(xlog::recipients_of({data, size}).size() <= xlog::recipients_max, "recipients are few");

  fuzz::reader input(data, size);
  std::vector<uint8_t> envelope = honest().envelope, block = honest().block;
  alter(envelope, input);
  alter(block, input);
  auto opener = xlog::file_opener::make(envelope, honest().key);
  require(opener.ok() || !opener.failure().text.empty(), "a refusal says why");
  if (!opener) return 0;
  require(opener->envelope_intact() == (envelope == honest().envelope), "an alteration shows");
  const bool genuine = block == honest().block;
  const xlog::file_opener::place where{input.byte() % 8u, static_cast<uint8_t>(input.byte() % 2), input.byte() % 2 == 1};
  const bool in_place = where.number == 5 && where.payload == 0 && !where.last;
  const bool opened = opener->open(where, as_bytes("header"), block).status == THARSIS_OK;
  require(opened == (genuine && in_place), "exactly what was sealed opens, where it was");
  const std::string_view shown = as_text(block);
  if (opened) require(shown.starts_with(text), "it opens to what was sealed");
  else require(shown.find_first_not_of('\0') == std::string_view::npos, "nothing unproven is handed out");
  return 0;
}

// Any text as a key: what is accepted prints to a text that is accepted again as the same key, no kind passes for
// the other, and every refusal names the text.
#include "plugins/xlog/core/key_file.h"
#include "tests/fuzz/harness.h"

using namespace tharsis;
using fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  const auto open = xlog::parse_public_key(text, "the text");
  const auto closed = xlog::parse_private_key(text, "the text");
  require(!open || !closed, "a key is of one kind");
  if (open) {
    const auto again = xlog::parse_public_key(xlog::public_key_text(*open), "again");
    require(again.ok() && *again == *open && xlog::is_key_text(text), "a public key comes back");
  } else {
    require(open.failure().text.starts_with("the text "), "a refusal says of what");
  }
  if (closed) {
    const auto again = xlog::parse_private_key(xlog::private_key_text(*closed), "again");
    require(again.ok() && again->open == closed->open && again->of_mars == closed->of_mars, "a private key comes back");
  } else {
    require(closed.failure().text.starts_with("the text "), "a refusal says of what");
  }
  return 0;
}

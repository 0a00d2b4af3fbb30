// A proxy that says anything, in pieces of any size. The first byte chooses what is spoken and how it comes.
#include "sdk/pure/proxy.h"
#include "tests/fuzz/harness.h"

namespace {

void parse_text(const uint8_t* data, size_t size) {
  using namespace tharsis;
  const auto p = parse_proxy({reinterpret_cast<const char*>(data), size});
  if (!p) return fuzz::require(!p.failure().text.empty(), "a refusal has a sentence");
  const auto again = parse_proxy(p->text());
  fuzz::require(again && again->host == p->host && again->port == p->port && again->speaks == p->speaks, "what is written is read");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tharsis;
  if (size == 0) return 0;
  parse_text(data, size);
  const uint8_t how = data[0];
  const proxy through{(how & 1) != 0 ? proxy::kind::socks5 : proxy::kind::http, false, "p", 1, (how & 2) != 0 ? "u" : "", (how & 2) != 0 ? "p" : ""};
  proxy_handshake talk(through, "im.example.com", 443);
  fuzz::require(!talk.take_output().empty(), "we speak first");
  std::span<const uint8_t> rest(data + 1, size - 1);
  const size_t most = 1 + (how >> 2);
  size_t taken = 0;
  while (!rest.empty() && talk.wants() > 0) {
    const size_t n = std::min({rest.size(), talk.wants(), most});
    talk.on_bytes(rest.first(n));
    talk.take_output();
    rest = rest.subspan(n);
    taken += n;
  }
  talk.on_end();
  fuzz::require(talk.status() != THARSIS_PENDING, "an end ends it");
  fuzz::require((talk.status() == THARSIS_OK) == talk.failure().text.empty(), "a failure has a sentence");
  fuzz::require(taken <= 2 * proxy_handshake::answer_max, "no more is listened to");
  return 0;
}

// Answers to the questions of sdt's probes: whatever comes is refused or read within its bounds.
#include <vector>

#include "plugins/sdt/core/dns_wire.h"
#include "tests/fuzz/harness.h"

using namespace tharsis;
using namespace tharsis::sdt;
using tharsis::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::reader in(data, size);
  constexpr record_type types[] = {record_type::a, record_type::aaaa, record_type::txt};
  dns_question q;
  q.type = types[in.byte() % 3];
  q.name = "im.test";
  const auto rest = in.take(size);
  const std::vector<uint8_t> own(rest.begin(), rest.end());  // So that a sanitizer sees its end.
  if (own.size() >= 2) q.id = static_cast<uint16_t>(own[0] << 8 | own[1]);
  const auto r = read_reply(own, q);
  if (!r) return 0;
  require(r->rcode >= 0 && r->rcode < 16, "a code has four bits");
  require(r->addresses.size() <= 64 && r->texts.size() <= 16, "what is kept is bounded");
  for (const auto& a : r->addresses) require(a.family == (q.type == record_type::a ? 4 : 6), "addresses are of the family that was asked for");
  require(r->addresses.empty() || q.type != record_type::txt, "texts are no addresses");
  return 0;
}

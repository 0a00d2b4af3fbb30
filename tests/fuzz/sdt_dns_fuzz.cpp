// Answers to the questions of sdt's probes: whatever comes is refused or read within its bounds.
#include <vector>

#include "plugins/sdt/core/name_reply.h"
#include "tests/fuzz/harness.h"

using namespace tharsis;
using namespace tharsis::sdt;
using tharsis::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  fuzz::reader in(data, size);
  constexpr record_type types[] = {record_type::a, record_type::aaaa, record_type::txt};
  auto q = question_of("im.test", types[in.byte() % 3], 0);
  const auto rest = in.take(size);
  const std::vector<uint8_t> own(rest.begin(), rest.end());  // So that a sanitizer sees its end.
  if (own.size() >= 2) q->secret.id = static_cast<uint16_t>(own[0] << 8 | own[1]);
  const auto r = read_reply(own, *q);
  if (!r) return 0;
  require(r->rcode >= 0 && r->rcode < 4096, "a code has twelve bits");
  require(r->addresses.size() <= 64 && r->texts.size() <= 16, "what is kept is bounded");
  for (const auto& a : r->addresses) require(a.family == (q->kind == dns::type::a ? 4 : 6), "addresses are of the family that was asked for");
  require(r->addresses.empty() || q->kind != dns::type::txt, "texts are no addresses");
  require(!r->damaged || r->rcode != 0 || !r->addresses.empty() || !r->texts.empty(), "what damage has taken is not said to be missing");
  (void)question_of({reinterpret_cast<const char*>(own.data()), own.size()}, record_type::a, 1);
  return 0;
}

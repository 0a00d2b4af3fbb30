// Any text as a file of who lied: it is refused and changes nothing, or says what it is written from again; and nobody is a liar for
// more than a day.
#include "plugins/dns/core/trust_ledger.h"
#include "tests/fuzz/harness.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace tharsis;
  using namespace tharsis::dns;
  const instant now = instant_from(1'000'000'000'000'000'000);
  constexpr int64_t wall = 1'767'225'600;
  trust_ledger read;
  const std::string empty = read.text(now, wall);
  const error why = read.read({reinterpret_cast<const char*>(data), size}, now, wall);
  if (why.status != THARSIS_OK) {
    fuzz::require(!why.text.empty(), "a refusal has a sentence");
    fuzz::require(read.text(now, wall) == empty, "a refusal changes nothing");
    return 0;
  }
  fuzz::require(read.networks() <= ledger_settings{}.networks_max + 1, "networks are few");
  trust_ledger again;
  fuzz::require(again.read(read.text(now, wall), now, wall).status == THARSIS_OK, "what is written is read");
  read.on_network("home");
  fuzz::require(!read.quarantined("udp://10.0.0.53", later(now, 24h + 1s)), "nobody is a liar for ever");
  return 0;
}

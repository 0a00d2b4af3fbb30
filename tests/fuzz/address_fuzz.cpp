// Addresses and endpoints: what is read is written as a text that reads the same.
#include "sdk/pure/address.h"

#include "tests/fuzz/harness.h"

using namespace tharsis;
using tharsis::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = fuzz::text_of(data, size);
  if (const auto ip = parse_ip(text)) {
    const auto again = parse_ip(ip_text(*ip));
    require(again.ok() && *again == *ip, "an address survives being written and read");
  } else {
    require(!ip.failure().text.empty(), "a refused address has a sentence");
  }
  if (const auto place = parse_endpoint(text)) {
    const auto again = parse_endpoint(place->text());
    require(again.ok() && again->scheme == place->scheme && again->host == place->host && again->port == place->port,
            "an endpoint survives being written and read");
  } else {
    require(!place.failure().text.empty(), "a refused endpoint has a sentence");
  }
  return 0;
}

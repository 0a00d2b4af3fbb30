// Any text as fields Set-Cookie of any hosts: what a jar gives out is writable, bounded, and only what that host may see.
#include <string>

#include "sdk/pure/cookies.h"
#include "sdk/pure/http1.h"
#include "tests/fuzz/harness.h"

using namespace tharsis;
using namespace tharsis::fuzz;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const url hosts[] = {*parse_url("https://a.b.test/one/two"), *parse_url("http://a.b.test/"), *parse_url("https://b.test/one"),
                       *parse_url("https://10.0.0.1/"), *parse_url("https://other.test/")};
  cookie_jar jar({200, 3, 6});
  reader input(data, size);
  int64_t now = 1'700'000'000;
  bool others = false;
  while (!input.empty()) {
    const uint8_t how = input.byte();
    const url& from = hosts[how % 5];
    now += how >> 5;
    const auto field = input.take(input.byte());
    const std::string_view text = text_of(field.data(), field.size());
    parse_cookie_date(text);
    others = jar.take(from, text, now) && from.host == "other.test" ? true : others;
    require(jar.size() <= 6, "a jar is bounded");
  }
  for (const url& to : hosts) {
    const std::string line = jar.header(to, now);
    require(http1::is_field_text(line), "what goes back can be written");
    require(line.size() < 6 * 210, "and is no longer than what was kept");
  }
  require(others || jar.header(hosts[4], now).empty(), "nobody sees what he has not set");
  return 0;
}

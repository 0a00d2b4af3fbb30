// Any Location, seen from any URL: it is refused, or leads to a URL that reads as itself and can be asked for.
#include <string>

#include "plugins/stn/core/http_keep_alive.h"
#include "plugins/stn/core/http_redirect.h"
#include "tests/fuzz/harness.h"

using namespace tharsis;
using namespace tharsis::fuzz;

int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view text = text_of(data, size);
  for (const char* base : {"https://a.test/one/two?q=/x", "http://10.0.0.1:81/"}) {
    const url from = *parse_url(base);
    const auto to = stn::follow_reference(from, text);
    if (!to) continue;
    const auto again = parse_url(to->text());
    require(again.ok() && again->text() == to->text(), "a URL that was made reads as itself");
    require(to->target.starts_with('/') && to->target.find('#') == std::string::npos, "its target can be asked for");
    require(http1::write_head(http1::request_head{"GET", to->target}).ok(), "and written");
  }
  const duration kept = stn::kept_for({{"Keep-Alive", std::string(text)}}, 30s);
  require(kept >= duration::zero() && kept <= 30s, "nothing is kept for longer than wanted");
  return 0;
}

// What people, profiles and servers write for sdt: targets, resolvers, canaries, dates, kept statistics. Whatever it is, there is a value
// within its bounds or a sentence. And what is left of it when private words are taken out has none.
#include <string>

#include "plugins/sdt/core/http_date.h"
#include "plugins/sdt/core/private_words.h"
#include "plugins/sdt/core/statistics.h"
#include "plugins/sdt/core/wish.h"
#include "tests/fuzz/harness.h"

using namespace tharsis;
using namespace tharsis::sdt;
using tharsis::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string text(fuzz::text_of(data, size));
  if (const auto a = parse_aim(text)) {
    require(a->any() && a->port != 0, "a target has a host and a port");
    require(a->host.size() <= 253, "a host is no longer than names are");
    require(a->scheme == "tcp" || a->scheme == "tcps" || a->scheme == "http" || a->scheme == "https", "there are four ways");
    require(!a->literal || a->literal->port == a->port, "an address has the target's port");
  } else {
    require(!a.failure().text.empty(), "there is a sentence");
  }
  if (const auto r = parse_resolver(text)) require(r->at.family != 0 && r->at.port != 0 && !r->name.empty(), "a resolver has an address and a name");
  if (const auto c = parse_canary(text))
    for (const auto& at : c->at) require(at.family != 0 && at.port == c->page.port, "a canary's addresses have its port");
  if (const auto seconds = parse_http_date(text)) require(*seconds > -70'000'000'000 && *seconds < 300'000'000'000, "years have four digits");
  statistics kept;
  if (const error why = kept.read(text); why.status == THARSIS_OK) {
    statistics again;
    require(again.read(kept.text()).status == THARSIS_OK, "what is written is read");
  } else {
    require(!why.text.empty() && kept.rows().empty(), "what is refused has a sentence and changes nothing");
  }
  size_t hidden = 0, more = 0;
  const std::string open = without_private_words(text, "im.test", hidden);
  require(without_private_words(open, "im.test", more) == open, "what has none stays as it is");
  return 0;
}

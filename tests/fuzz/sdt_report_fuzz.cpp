// A kept report of sdt: read and judged, or refused with a sentence.
#include "plugins/sdt/core/judge.h"
#include "plugins/sdt/core/observation_json.h"
#include "plugins/sdt/core/redact.h"
#include "plugins/sdt/core/report_html.h"
#include "plugins/sdt/core/report_json.h"
#include "plugins/sdt/core/report_text.h"

#include "tests/fuzz/harness.h"

using namespace tharsis;
using tharsis::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  auto seen = sdt::parse_observations(fuzz::text_of(data, size));
  if (!seen) {
    require(!seen.failure().text.empty(), "a refusal has a reason");
    return 0;
  }
  const std::string written = sdt::observations_json(*seen).text();
  const auto again = sdt::parse_observations(written);
  require(again.ok() && sdt::observations_json(*again).text() == written, "what is written is read back");
  const sdt::report r = sdt::judge(std::move(*seen));
  require(!r.verdicts.empty() && r.headline().confidence > 0 && r.headline().confidence <= 1, "there is a headline");
  const sdt::report shown = sdt::redacted(r);
  require(sdt::render_html(shown).find("<script") == std::string::npos, "no script comes into the page");
  require(sdt::render_text(shown, false).find('\033') == std::string::npos, "nothing that a terminal obeys comes into the text");
  require(sdt::render_json(shown).find('\n') == std::string::npos, "the report is one line");
  return 0;
}

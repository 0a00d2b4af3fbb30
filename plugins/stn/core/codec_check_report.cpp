#include <algorithm>

#include "plugins/stn/core/codec_check.h"
#include "sdk/pure/hex_text.h"
#include "sdk/pure/json.h"

namespace tharsis::stn {

std::string trials_table(const std::string& codec, const std::vector<codec_trial>& trials) {
  size_t width = 0, failed = 0;
  for (const codec_trial& t : trials) width = std::max(width, t.name.size());
  std::string text;
  for (const codec_trial& t : trials) {
    text += t.name + std::string(width + 2 - t.name.size(), ' ');
    text += !t.passed() ? "FAILED" : t.tries == 0 ? "-       it does not carry these" : "ok      " + std::to_string(t.tries);
    text += '\n';
    if (t.passed()) continue;
    ++failed;
    text += "    " + t.failure + "\n";
    if (!t.bytes.empty()) text += "    seed " + std::to_string(t.seed) + ", bytes " + hex_text(t.bytes) + "\n";
  }
  return text + "codec " + codec + ": " + (failed == 0 ? "all " + std::to_string(trials.size()) + " trials passed" : std::to_string(failed) + " of " + std::to_string(trials.size()) + " trials failed");
}

std::string trials_json(const std::string& codec, const std::vector<codec_trial>& trials) {
  std::string rows;
  for (const codec_trial& t : trials) {
    json_object row;
    row.add("name", t.name).add("ok", t.passed()).add("tries", t.tries);
    if (!t.passed()) row.add("failure", t.failure).add("seed", t.seed).add("bytes", hex_text(t.bytes));
    rows += (rows.empty() ? "" : ",") + row.text();
  }
  const bool ok = std::all_of(trials.begin(), trials.end(), [](const codec_trial& t) { return t.passed(); });
  return json_object().add("codec", codec).add("ok", ok).add_raw("trials", "[" + rows + "]").text();
}

}  // namespace tharsis::stn

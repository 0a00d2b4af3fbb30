// A profile's text: read, checked against a manifest that has a setting of every type, and either good
// or refused with sentences that can be printed.
#include "runtime/profile.h"

#include "tests/fuzz/harness.h"

using namespace tharsis;
using tharsis::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  runtime::profile_request request;
  request.file = "fuzz.yaml";
  request.text = std::string(fuzz::text_of(data, size));
  request.plugin_folders = {"tests/fuzz/plugins"};
  request.data_folder = "/nowhere";
  // The last line may be an override, as after --set.
  if (const size_t at = request.text->rfind("\n=="); at != std::string::npos) {
    request.sets.push_back(request.text->substr(at + 3));
    request.text->resize(at);
  }
  runtime::diagnostics problems;
  const runtime::profile made = runtime::load_profile(request, problems);
  const std::string said = runtime::render(problems, {.colours = size % 2 == 0});
  require((problems.count() + problems.warnings() == 0) == said.empty(), "what is wrong is said");
  require(said.size() < 64 * 1024, "twenty problems fit on a few screens");
  for (const char c : said)  // Tabs of the source line stay, so that the caret below it fits.
    require(static_cast<unsigned char>(c) >= ' ' || c == '\n' || c == '\t' || c == '\x1b',
            "nothing that a terminal would obey reaches it");
  if (problems.empty())
    for (const runtime::plugin_entry& plugin : made.plugins) require(plugin.manifest != nullptr, "a good profile has its plugins");
  return 0;
}

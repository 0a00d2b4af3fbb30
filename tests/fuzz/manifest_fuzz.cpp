// A plugin.yaml: understood, or refused with sentences.
#include "runtime/manifest.h"

#include "tests/fuzz/harness.h"

using namespace tharsis;
using tharsis::fuzz::require;

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto text = std::make_shared<runtime::source>();
  text->name = "plugin.yaml";
  text->text = fuzz::text_of(data, size);
  text->from = runtime::source::kind::manifest;
  runtime::diagnostics problems;
  const auto manifest = runtime::parse_manifest(text, "/nowhere", problems);
  require((manifest != nullptr) == problems.empty(), "there is a manifest, or there is a reason");
  require(runtime::render(problems).size() < 64 * 1024, "twenty problems fit on a few screens");
  if (manifest == nullptr) return 0;
  require(!manifest->id.empty() && !manifest->version.empty(), "a manifest names its plugin");
  require(manifest->library.find('/') == std::string::npos, "the library stands in the plugin's folder");
  return 0;
}

#include "runtime/schema_command.h"

#include "runtime/command_answer.h"
#include "runtime/json_schema.h"

namespace tharsis::runtime {

// A profile that is being written may be wrong in many ways; what is missing are only the plugins that
// its `path:` keys would have found, so that is all that is told.
int schema_command(const command_line& line) {
  diagnostics problems;
  plugin_catalogue found;
  (void)load_profile(request_of(line), problems, &found);
  if (found.manifests().empty()) return refuse(problems);
  return say(json_schema(found) + "\n");
}

}  // namespace tharsis::runtime

#include "runtime/lock_command.h"

#include "runtime/command_answer.h"
#include "runtime/lock_file.h"
#include "runtime/os_text_file.h"
#include "sdk/pure/sha256.h"

namespace tharsis::runtime {
namespace {

std::map<std::string, locked_plugin> sums_of(const profile& plan, diagnostics& problems) {
  std::map<std::string, locked_plugin> all;
  for (const plugin_entry& entry : plan.plugins) {
    const auto library = open_trusted(entry.manifest->library_path());
    const auto sum = library ? library->sha256() : result<std::string>(library.failure());
    if (!sum) problems.add(entry.manifest->library_at, sum.failure().text);
    else all[entry.id] = {*sum, sha256_of(entry.manifest->at.in->text), {}, {}, {}};
  }
  return all;
}

}  // namespace

int lock_command(const command_line& line) {
  diagnostics problems;
  profile_request request = request_of(line);
  request.read_lock = false;
  const profile plan = load_profile(request, problems);
  check_libraries(plan, problems);
  if (!problems.empty()) return refuse(problems);
  const auto sums = sums_of(plan, problems);
  if (!problems.empty()) return refuse(problems);
  warn(problems);
  const std::string file = lock_file_of(plan.file);
  if (const auto failure = replace_text_file(file, lock_text(sums))) return refuse("tharsis: " + failure->text + "\n");
  std::vector<std::string> ids;
  for (const auto& one : sums) ids.push_back(one.first);
  return say("wrote " + file + " with " + listed(ids) + "\n" +
             (plan.pinned ? "" : "note: it counts once the profile says 'trust: pinned'\n"));
}

}  // namespace tharsis::runtime

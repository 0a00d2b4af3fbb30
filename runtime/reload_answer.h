// What has become of a reload: of the profile, and of the files that its settings name.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "runtime/live_calls.h"
#include "runtime/profile_difference.h"
#include "sdk/pure/error.h"

namespace tharsis::runtime {

struct reload_answer {
  profile_difference changes = {};
  // Why nothing was changed; where the profile was taken, what a plugin has refused of its files: then what was good before goes on.
  std::optional<error> failure = {};
  bool taken = false;  // The profile.
  std::string reread = {};  // What plugins found new in their files: "dns: the hosts files say something else\n".

  // `plugins` have read their files again, and said so much; each has an outcome.
  void add_rereads(const std::vector<std::string>& plugins, const std::vector<live_calls::outcome>& said);
  // All that is new, for a person.
  std::string text() const;
};

}  // namespace tharsis::runtime

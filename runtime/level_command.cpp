#include "runtime/level_command.h"

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "runtime/command_answer.h"
#include "runtime/diagnostic.h"
#include "runtime/os_control_linux.h"
#include "runtime/profile.h"
#include "runtime/running_runtime.h"
#include "runtime/text_columns.h"
#include "sdk/pure/nearest.h"

namespace tharsis::runtime {
namespace {

struct wishes {
  std::map<std::string, std::string> changes;
  std::vector<std::string> shown;  // "stn", "stn/dialer"; empty: all.
  std::optional<std::string> profile;
};

// A word without '=' is the PROFILE if something of that name runs here.
result<wishes> wishes_of(const command_line& line) {
  const std::vector<std::string> running = control_names(state_folder_of(line));
  wishes w;
  for (const std::string& word : line.arguments) {
    const size_t equals = word.find('=');
    if (equals != std::string::npos) {
      w.changes[word.substr(0, equals)] = word.substr(equals + 1);
      w.shown.push_back(word.substr(0, equals));
    } else if (word.ends_with(".yaml") || std::find(running.begin(), running.end(), profile_name(word)) != running.end()) {
      if (w.profile)
        return error{THARSIS_E_INVALID, "'tharsis level' takes one PROFILE, got " + in_quotes(*w.profile) + " and " + in_quotes(word)};
      w.profile = word;
    } else {
      w.shown.push_back(word);
    }
  }
  return w;
}

bool is_of(const running_level& l, const std::string& shown) { return shown == l.plugin || shown == l.plugin + "/" + l.tag; }

// What is shown and is not there: a misspelt word, or a tag of no line so far.
std::optional<std::string> missing(const std::vector<running_level>& levels, const std::string& shown) {
  std::vector<std::string> names;
  for (const running_level& l : levels) {
    if (is_of(l, shown)) return {};
    names.push_back(l.tag.empty() ? l.plugin : l.plugin + "/" + l.tag);
  }
  const auto meant = nearest(shown, names);
  return "nothing has logged as " + in_quotes(shown) + " so far" + (meant ? "; did you mean '" + *meant + "'?" : "");
}

std::string table_of(const std::vector<running_level>& levels, const std::vector<std::string>& shown) {
  std::vector<std::vector<std::string>> rows = {{"PLUGIN", "TAG", "LEVEL", "SET BY"}};
  for (const running_level& l : levels)
    if (shown.empty() || std::any_of(shown.begin(), shown.end(), [&](const std::string& s) { return is_of(l, s); }))
      rows.push_back({l.plugin, l.tag, l.level, l.origin == "override" ? "tharsis level" : "the profile"});
  return text_columns(rows, "  ");
}

}  // namespace

int level_command(const command_line& line) {
  const auto wanted = wishes_of(line);
  if (!wanted) return refuse("tharsis: " + wanted.failure().text + "\n");
  auto runtime = reach_runtime(state_folder_of(line), wanted->profile);
  if (!runtime) return complain(runtime.failure());
  std::string json;
  const auto levels = ask_levels(**runtime, wanted->changes, json);
  if (!levels) return complain(levels.failure());
  if (line.json) return say(json + "\n");
  for (const std::string& shown : wanted->shown)
    if (const auto sentence = missing(*levels, shown)) return refuse("tharsis: " + *sentence + "\n");
  return say(table_of(*levels, wanted->shown));
}

}  // namespace tharsis::runtime

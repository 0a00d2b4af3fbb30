#include "runtime/log_levels.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

#include "runtime/diagnostic.h"
#include "sdk/pure/json.h"
#include "sdk/pure/nearest.h"

namespace tharsis::runtime {
namespace {

constexpr std::array<const char*, THARSIS_LOG_OFF + 1> level_words = {"verbose", "debug", "info", "warning", "error", "fatal", "off"};
constexpr const char* no_override = "default";

std::string meant_or_all(const std::string& word, const std::vector<std::string>& all) {
  const auto meant = nearest(word, all);
  return meant ? "; did you mean '" + *meant + "'?" : "; there are " + listed(all);
}

result<log_hub::level_change> change_of(const std::string& where, const std::string& word, const std::vector<std::string>& plugins) {
  const size_t slash = where.find('/');
  log_hub::level_change change{where.substr(0, slash), slash == std::string::npos ? "" : where.substr(slash + 1), {}};
  if (std::find(plugins.begin(), plugins.end(), change.plugin) == plugins.end())
    return error{THARSIS_E_NOT_FOUND, "there is no plugin " + in_quotes(change.plugin) + meant_or_all(change.plugin, plugins)};
  if (word == no_override) return change;
  const auto found = std::find(level_words.begin(), level_words.end(), word);
  if (found == level_words.end()) {
    std::vector<std::string> words(level_words.begin(), level_words.end());
    words.emplace_back(no_override);
    return error{THARSIS_E_INVALID, "there is no level " + in_quotes(word) + meant_or_all(word, words)};
  }
  change.level = static_cast<uint32_t>(found - level_words.begin());
  return change;
}

}  // namespace

std::optional<error> change_levels(log_hub& hub, const std::map<std::string, std::string>& words) {
  std::vector<std::string> plugins;
  for (const auto& known : hub.known_levels())
    if (plugins.empty() || plugins.back() != known.plugin) plugins.push_back(known.plugin);
  std::vector<log_hub::level_change> changes;
  for (const auto& [where, word] : words) {
    auto change = change_of(where, word, plugins);
    if (!change) return change.failure();
    changes.push_back(std::move(*change));
  }
  if (hub.override_levels(changes)) return {};
  return error{THARSIS_E_FULL, "so many levels are set already that there is no room for more; set some to " + in_quotes(no_override)};
}

std::string levels_json(log_hub& hub) {
  std::string all;
  for (const auto& known : hub.known_levels())
    all += (all.empty() ? "" : ",") + json_object()
                                          .add("plugin", known.plugin)
                                          .add("tag", known.tag)
                                          .add("level", std::string(level_words[std::min<size_t>(known.level, THARSIS_LOG_OFF)]))
                                          .add("origin", std::string(known.overridden ? "override" : "setting"))
                                          .text();
  return "[" + all + "]";
}

}  // namespace tharsis::runtime

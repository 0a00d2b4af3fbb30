#include "runtime/running_runtime.h"

#include <cstdlib>

#include "runtime/diagnostic.h"
#include "runtime/profile.h"
#include "runtime/yaml_tree.h"
#include "sdk/pure/json.h"

namespace tharsis::runtime {
namespace {

error senseless() { return {THARSIS_E_PROTOCOL, "the runtime's answer makes no sense; it is of another version"}; }

int64_t number_in(const yaml_node& map, std::string_view key) { return std::strtoll(text_in(map, key).c_str(), nullptr, 10); }

// One question, one answer; `line` is the answer as it came. A complaint is a failure, of the kind that it says.
// `takes_time`: that is no sign of trouble.
result<yaml_node> ask(control_client& runtime, const std::string& question, std::string& line, bool takes_time = false) {
  auto read = runtime.ask(question, takes_time);
  if (!read) return read.failure();
  line = std::move(*read);
  diagnostics problems;
  auto answer = parse_yaml(std::make_shared<source>(source{"answer", line, source::kind::profile, {}}), problems);
  if (!answer || !problems.empty()) return senseless();
  if (const std::string complaint = text_in(*answer, "error"); !complaint.empty()) {
    const auto status = static_cast<tharsis_status>(number_in(*answer, "status"));
    return error{status != THARSIS_OK ? status : THARSIS_E_INVALID, complaint};
  }
  return std::move(*answer);
}

}  // namespace

std::vector<std::unique_ptr<control_client>> reach_all(const std::string& state_folder, std::vector<error>* stuck) {
  std::vector<std::unique_ptr<control_client>> all;
  for (const std::string& name : control_names(state_folder)) {
    auto one = control_client::reach(state_folder, name);
    if (one) all.push_back(std::move(*one));
    else if (stuck != nullptr && one.status() == THARSIS_E_TIMEOUT) stuck->push_back(one.failure());
  }
  return all;
}

result<std::unique_ptr<control_client>> reach_runtime(const std::string& state_folder,
                                                      const std::optional<std::string>& profile) {
  if (profile) return control_client::reach(state_folder, profile_name(*profile));
  std::vector<std::string> names;
  std::unique_ptr<control_client> last;
  for (const std::string& name : control_names(state_folder))
    if (auto one = control_client::reach(state_folder, name)) {
      names.push_back(name);
      last = std::move(*one);
    }
  if (names.size() == 1) return last;
  if (names.empty())
    return error{THARSIS_E_NOT_FOUND, "nothing runs with the state folder " + state_folder + "; --state DIR names another"};
  return error{THARSIS_E_INVALID, listed(names) + " run with the state folder " + state_folder + "; say which"};
}

result<running_status> ask_status(control_client& runtime) {
  std::string line;
  const auto answer = ask(runtime, json_object().add("do", "status").text(), line);
  if (!answer) return answer.failure();
  const yaml_node* const plugins = answer->find("plugins");
  if (plugins == nullptr) return senseless();
  running_status status{line, text_in(*answer, "profile"), text_in(*answer, "process"), text_in(*answer, "state"), {}};
  for (const yaml_node& p : plugins->children) {
    status.plugins.push_back({text_in(p, "id"), text_in(p, "state"), text_in(p, "reason"),
                              number_in(p, "since"), number_in(p, "retry"), text_in(p, "stuck") == "true"});
    if (const yaml_node* const leaks = p.find("leaks"))
      for (const yaml_node& sentence : leaks->children) status.plugins.back().leaks.push_back(sentence.text);
  }
  return status;
}

result<std::string> ask_reload(control_client& runtime, std::string& json) {
  const auto answer = ask(runtime, json_object().add("do", "reload").text(), json, true);
  if (!answer) return answer.failure();
  return text_in(*answer, "text");
}

result<std::vector<running_level>> ask_levels(control_client& runtime, const std::map<std::string, std::string>& changes, std::string& json) {
  json_object words;
  for (const auto& [where, level] : changes) words.add(where, level);
  const auto answer = ask(runtime, json_object().add("do", "level").add("words", words).text(), json);
  if (!answer) return answer.failure();
  const yaml_node* const found = answer->find("levels");
  if (found == nullptr) return senseless();
  std::vector<running_level> levels;
  for (const yaml_node& l : found->children)
    levels.push_back({text_in(l, "plugin"), text_in(l, "tag"), text_in(l, "level"), text_in(l, "origin")});
  return levels;
}

result<running_metrics> ask_metrics(control_client& runtime) {
  running_metrics got;
  const auto answer = ask(runtime, json_object().add("do", "metrics").text(), got.json);
  if (!answer) return answer.failure();
  const yaml_node* const list = answer->find("metrics");
  if (list == nullptr || !read_metrics_json(*list, got.readings)) return senseless();
  return got;
}

result<std::optional<live_outcome>> ask_command(control_client& runtime, const std::string& plugin, const std::vector<std::string>& words, const std::string& folder, bool colours) {
  std::string arguments;
  for (size_t i = 1; i < words.size(); ++i) arguments += (i > 1 ? "," : "") + json_text(words[i]);
  const std::string question = json_object()
                                   .add("do", "command")
                                   .add("plugin", plugin)
                                   .add("name", words[0])
                                   .add_raw("arguments", "[" + arguments + "]")
                                   .add("folder", folder)
                                   .add("colours", colours ? "1" : "0")
                                   .text();
  std::string line;
  const auto answer = ask(runtime, question, line, true);
  if (!answer) return answer.failure();
  if (text_in(*answer, "taken") != "true") return std::optional<live_outcome>();
  return std::optional(live_outcome{text_in(*answer, "printed"), text_in(*answer, "complained"), static_cast<int>(number_in(*answer, "code"))});
}

std::optional<error> tell(control_client& runtime, const std::map<std::string, std::string>& words) {
  json_object told;
  for (const auto& [key, value] : words) told.add(key, value);
  std::string line;
  const auto answer = ask(runtime, json_object().add("do", "tell").add("words", told).text(), line);
  return answer ? std::nullopt : std::optional(answer.failure());
}

}  // namespace tharsis::runtime

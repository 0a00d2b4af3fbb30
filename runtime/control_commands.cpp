#include "runtime/control_commands.h"

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <map>
#include <vector>

#include "runtime/command_answer.h"
#include "runtime/os_clock.h"
#include "runtime/os_profile_files.h"
#include "runtime/running_runtime.h"
#include "runtime/text_columns.h"
#include "sdk/pure/json.h"
#include "sdk/pure/nearest.h"

namespace tharsis::runtime {
namespace {

std::optional<std::string> argument(const command_line& line, size_t index) {
  return index < line.arguments.size() ? std::optional(line.arguments[index]) : std::nullopt;
}

// "12 s", in the largest unit that leaves a whole number above zero.
std::string span(int64_t nanoseconds) {
  const int64_t seconds = std::max<int64_t>(nanoseconds / 1'000'000'000, 0);
  if (seconds < 120) return std::to_string(seconds) + " s";
  if (seconds < 2 * 3600) return std::to_string(seconds / 60) + " min";
  if (seconds < 2 * 86400) return std::to_string(seconds / 3600) + " h";
  return std::to_string(seconds / 86400) + " d";
}

std::string age(int64_t since) { return since == 0 ? "" : span(wall_now() - since); }

// "no disk; it is started again in 4 s"
std::string reason_of(const running_status::plugin& p) {
  return p.retry == 0 ? p.reason : p.reason + "; it is started again in " + span(p.retry - wall_now() + 999'999'999);
}

// For the table, where a line is short.
std::string reason_and_leaks_of(const running_status::plugin& p) {
  if (p.leaks.empty()) return reason_of(p);
  return reason_of(p) + (p.reason.empty() ? "" : "; ") + "it has left something open, see tharsis why " + p.id;
}

std::string status_text(const running_status& s) {
  std::vector<std::vector<std::string>> rows = {{"PLUGIN", "STATE", "SINCE", "REASON"}};
  for (const auto& p : s.plugins)
    rows.push_back({p.id, p.state + (p.stuck ? ", stuck" : ""), age(p.since), reason_and_leaks_of(p)});
  return s.profile + " is " + s.state + " in process " + s.process + "\n" + text_columns(rows, "  ");
}

// "waits is waiting since 3 s: it requires ..."
std::string plugin_text(const running_status::plugin& p) {
  std::string text = p.id + " is " + p.state + (p.stuck ? " and stuck" : "");
  if (const std::string since = age(p.since); !since.empty()) text += " since " + since;
  if (!p.reason.empty()) text += ": " + reason_of(p);
  else if (p.state == "running" && p.leaks.empty()) text += "; nothing is wrong with it";
  text += "\n";
  for (const std::string& leak : p.leaks) text += (p.state == "running" ? "  before, it " : "  it ") + leak + "\n";
  return text;
}

int no_such_plugin(const std::string& id, const std::string& profile, const std::vector<std::string>& known) {
  const auto meant = nearest(id, known);
  return refuse("tharsis: " + profile + " names no plugin " + in_quotes(id) +
                (meant ? "; did you mean '" + *meant + "'?\n" : "; it names " + listed(known) + "\n"));
}

int why_of_running(control_client& runtime, const std::string& id) {
  const auto status = ask_status(runtime);
  if (!status) return complain(status.failure());
  std::vector<std::string> known;
  for (const auto& p : status->plugins) {
    if (p.id == id) return say(plugin_text(p));
    known.push_back(p.id);
  }
  return no_such_plugin(id, status->profile, known);
}

const plugin_entry* provider_of(const profile& plan, const std::string& interface_id) {
  for (const plugin_entry& entry : plan.plugins)
    for (const placed_name& provided : entry.manifest->provided)
      if (provided.name == interface_id) return &entry;
  return nullptr;
}

// What must run before it, one line each, deeper ones below.
void add_needs(const profile& plan, const plugin_entry& entry, const std::string& indent, std::string& text) {
  for (const placed_name& need : entry.manifest->required) {
    const plugin_entry* const provider = provider_of(plan, need.name);
    if (provider == nullptr) continue;  // Then the profile was refused.
    text += indent + "it requires " + need.name + " of " + provider->id + "\n";
    add_needs(plan, *provider, indent + "  ", text);
  }
}

// Nothing runs: what stands in the way of a start, or what it would wait for.
int why_of_profile(const command_line& line, const std::string& id) {
  diagnostics problems;
  const profile plan = load_profile(request_of(line), problems);
  check_libraries(plan, problems);
  if (!problems.empty()) return refuse(problems);
  std::vector<std::string> known;
  for (const plugin_entry& entry : plan.plugins) {
    known.push_back(entry.id);
    if (entry.id != id) continue;
    std::string text = id + " does not run, because " + plan.file + " does not run with the state folder " + plan.data_folder +
                       "; nothing stands in its way\n";
    add_needs(plan, entry, "  ", text);
    return say(text);
  }
  return no_such_plugin(id, plan.file, known);
}

}  // namespace

int status_command(const command_line& line) {
  const std::string state = state_folder_of(line);
  std::vector<std::unique_ptr<control_client>> all;
  std::vector<error> silent;
  if (const auto profile = argument(line, 0)) {
    auto one = reach_runtime(state, profile);
    if (!one) return complain(one.failure());
    all.push_back(std::move(*one));
  } else {
    all = reach_all(state, &silent);
  }
  if (all.empty() && silent.empty())
    return complain({THARSIS_E_NOT_FOUND, "nothing runs with the state folder " + state + "; --state DIR names another"});
  std::string text, list;
  for (const auto& one : all) {
    const auto status = ask_status(*one);
    if (!status) {
      silent.push_back(status.failure());
      continue;
    }
    text += (text.empty() ? "" : "\n") + status_text(*status);
    list += (list.empty() ? "" : ",") + status->json;
  }
  int worst = say(line.json ? "{\"runtimes\":[" + list + "]}\n" : text);
  for (const error& e : silent) worst = std::max(worst, complain(e));
  return worst;
}

int stop_command(const command_line& line) {
  auto runtime = reach_runtime(state_folder_of(line), argument(line, 0));
  if (!runtime) return complain(runtime.failure());
  const auto heard = (*runtime)->ask(json_object().add("do", "stop").text());
  if (heard.status() == THARSIS_E_TIMEOUT) refuse("tharsis: " + heard.failure().text + "; waiting for its end\n");
  (*runtime)->wait_for_its_end();
  return say("process " + std::to_string((*runtime)->process()) + " has stopped\n");
}

int reload_command(const command_line& line) {
  auto runtime = reach_runtime(state_folder_of(line), argument(line, 0));
  if (!runtime) return complain(runtime.failure());
  std::string json;
  const auto text = ask_reload(**runtime, json);
  if (json.empty()) return complain(text.failure());
  const int said = line.json ? say(json + "\n") : exit_done;
  if (text) return line.json ? said : say(*text);
  refuse(text.failure().text + "\n");
  return text.failure().status == THARSIS_E_INVALID ? exit_input_wrong : exit_work_failed;
}

int tail_command(const command_line& line) {
  auto runtime = reach_runtime(state_folder_of(line), argument(line, 1));
  if (!runtime) return complain(runtime.failure());
  const auto answer = (*runtime)->ask(json_object().add("do", "tail").add("pattern", line.arguments[0]).text());
  if (!answer) return complain(answer.failure());
  if (answer->starts_with("{\"error\"")) return complain({THARSIS_E_INVALID, *answer});
  (*runtime)->set_patience({});
  while (const auto event = (*runtime)->read_line())
    if (const int code = say(*event + "\n"); said_in_vain()) return code;
  return exit_done;
}

int tell_command(const command_line& line) {
  std::map<std::string, std::string> words;
  std::optional<std::string> profile;
  for (const std::string& word : line.arguments) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos && profile)
      return refuse("tharsis: 'tharsis tell' takes one PROFILE and KEY=VALUE, got " + in_quotes(*profile) + " and " + in_quotes(word) + "\n");
    if (equals == std::string::npos) profile = word;
    else words[word.substr(0, equals)] = word.substr(equals + 1);
  }
  if (words.empty()) return refuse("tharsis: 'tharsis tell' needs a KEY=VALUE; see tharsis help tell\n");
  auto runtime = reach_runtime(state_folder_of(line), profile);
  if (!runtime) return complain(runtime.failure());
  const auto failure = tell(**runtime, words);
  return failure ? complain(*failure) : exit_done;
}

int why_command(const command_line& line) {
  const std::string& id = line.arguments.back();
  const bool named = line.arguments.size() == 2;
  auto runtime = reach_runtime(state_folder_of(line), named ? argument(line, 0) : std::nullopt);
  if (runtime) return why_of_running(**runtime, id);
  return named && runtime.status() == THARSIS_E_NOT_FOUND ? why_of_profile(line, id) : complain(runtime.failure());
}

}  // namespace tharsis::runtime

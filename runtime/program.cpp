#include "runtime/program.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "runtime/command_answer.h"
#include "runtime/control_commands.h"
#include "runtime/level_command.h"
#include "runtime/explain_command.h"
#include "runtime/lock_command.h"
#include "runtime/metrics_command.h"
#include "runtime/new_plugin_command.h"
#include "runtime/os_profile_files.h"
#include "runtime/os_state_folder.h"
#include "runtime/os_terminal.h"
#include "runtime/plugin_listing.h"
#include "runtime/running_runtime.h"
#include "runtime/schema_command.h"
#include "runtime/session.h"
#include "runtime/simulation/simulate_command.h"
#include "runtime/simulation/validate_plugin_command.h"
#include "runtime/text_columns.h"
#include "sdk/abi/abi.h"
#include "sdk/pure/nearest.h"

namespace tharsis::runtime {
namespace {

int run(const command_line& line) {
  diagnostics problems;
  session_request session;
  session.reload = request_of(line);
  session.plan = load_profile(*session.reload, problems);
  check_libraries(session.plan, problems);
  if (!problems.empty()) return refuse(problems);
  warn(problems);
  if (const auto failure = prepare_state_folder(session.plan.data_folder)) return refuse("tharsis: " + failure->text + "\n");
  session.json = line.json;
  session.metrics = line.metrics;
  session.control = profile_name(session.plan.file);
  session.run_for = line.run_for;
  return run_session(std::move(session));
}

int check(const command_line& line) {
  diagnostics problems;
  const profile plan = load_profile(request_of(line), problems);
  check_libraries(plan, problems);
  if (!problems.empty()) return refuse(problems);
  warn(problems);
  std::vector<std::string> ids;
  for (const plugin_entry& p : plan.plugins) ids.push_back(p.id);
  return say(plan.file + " is good; it starts " + listed(ids) + "\n");
}

int list_plugins(const command_line& line) {
  diagnostics problems;
  plugin_catalogue found;
  const profile plan = load_profile(request_of(line), problems, &found);
  if (!problems.empty()) return refuse(problems);
  return say(line.json ? plugin_listing_json(plan, found) + "\n" : plugin_listing(plan, found));
}

// A plugin's commands, each with its line of help.
std::string plugin_help(const plugin_manifest& plugin) {
  std::string text = "tharsis " + plugin.id + " COMMAND ARGUMENT... [--set KEY=VALUE]... [--state DIR] [--plugins DIR]\n";
  if (!plugin.summary.empty()) text += "  " + plugin.summary + "\n";
  std::vector<std::vector<std::string>> commands;
  for (const plugin_command& c : plugin.commands) commands.push_back({c.name, c.help});
  text += text_columns(commands, "  ");
  if (plugin.commands.empty()) text += "  It has no commands.\n";
  return text;
}

int unknown_plugin_command(const plugin_manifest& plugin, const std::string& word) {
  std::vector<std::string> names;
  for (const plugin_command& c : plugin.commands) names.push_back(c.name);
  return refuse("tharsis: plugin '" + plugin.id + "' has no command " + runtime::in_quotes(word) + (names.empty() ? "" : "; it has " + listed(names)) + "\n");
}

int unknown_command(const std::string& word, const plugin_catalogue& found) {
  std::vector<std::string> known = own_command_names();
  for (const plugin_manifest* m : found.manifests())
    if (!m->commands.empty()) known.push_back(m->id);
  const auto meant = nearest(word, known);
  return refuse("tharsis: there is no command " + runtime::in_quotes(word) +
                (meant ? "; did you mean '" + *meant + "'?\n" : "; see tharsis help\n"));
}

std::vector<std::pair<std::string, std::string>> plugin_commands(const plugin_catalogue& found) {
  std::vector<std::pair<std::string, std::string>> commands;
  for (const plugin_manifest* m : found.manifests())
    for (const plugin_command& c : m->commands) commands.emplace_back(m->id + " " + c.name, c.help);
  return commands;
}

int help(const std::string& command, const plugin_catalogue& found) {
  if (command.empty() || is_own_command(command)) return say(help_text(command, plugin_commands(found)));
  const found_plugin* plugin = found.find(command);
  return plugin && plugin->manifest ? say(plugin_help(*plugin->manifest)) : unknown_command(command, found);
}

// The plugin that carries out the first of these words, or what to tell the person.
struct carrier {
  const found_plugin* plugin = nullptr;
  int refused = 0;
};
carrier carrier_of(const std::string& id, const std::vector<std::string>& words, const plugin_catalogue& found, bool handed_on = false) {
  const found_plugin* plugin = found.find(id);
  if (plugin == nullptr) return {nullptr, unknown_command(id, found)};
  if (!plugin->manifest) return {nullptr, refuse(plugin->problems)};
  if (words.empty()) return {nullptr, refuse(plugin_help(*plugin->manifest))};
  if (words[0] == "--help" || words[0] == "-h") return {nullptr, say(plugin_help(*plugin->manifest))};
  for (const plugin_command& c : plugin->manifest->commands) {
    if (c.name == words[0] && (c.carrier.empty() || handed_on)) return {plugin, 0};
    if (c.name == words[0] && found.find(c.carrier) == nullptr)
      return {nullptr, refuse("tharsis: '" + id + " " + c.name + "' is carried out by plugin '" + c.carrier + "', which is not found\n")};
    if (c.name == words[0]) return carrier_of(c.carrier, words, found, true);
  }
  return {nullptr, unknown_plugin_command(*plugin->manifest, words[0])};
}

// By the plugin where it runs with this state folder; nothing: nobody is there who carries it out.
std::optional<int> carry_out_live(const command_line& line, const std::string& plugin) {
  std::vector<std::pair<int, live_outcome>> all;  // With the process.
  for (const auto& one : reach_all(state_folder_of(line))) {
    const auto outcome = ask_command(*one, plugin, line.arguments, working_folder(), wants_colours(stdout));
    if (!outcome && outcome.status() != THARSIS_E_GONE) return complain(outcome.failure());
    if (outcome && *outcome) all.emplace_back(one->process(), std::move(**outcome));
  }
  if (all.empty()) return {};
  int worst = exit_done;
  for (const auto& [process, o] : all) {
    if (all.size() > 1) refuse("process " + std::to_string(process) + ":\n");
    const int said = say(o.printed);
    refuse(o.complained);
    worst = std::max({worst, said, o.code});
  }
  return worst;
}

bool is_live(const plugin_manifest& plugin, const std::string& command) {
  const plugin_command* const c = plugin.command(command);
  return c != nullptr && c->live;
}

// `tharsis xlog cat FILE...`
int run_plugin_command(const command_line& line) {
  profile_request request = request_of(line);
  const plugin_catalogue found = find_manifests(request.plugin_folders);
  const auto& words = line.arguments;
  const carrier who = carrier_of(line.command, words, found);
  if (who.plugin == nullptr) return who.refused;
  const std::string& id = who.plugin->manifest->id;
  if (is_live(*who.plugin->manifest, words[0]))
    if (const auto code = carry_out_live(line, id)) return *code;
  diagnostics problems;
  session_request session;
  request.file.clear();
  session.plan = profile_of_plugin(id, request, problems, words);
  check_libraries(session.plan, problems);
  if (!problems.empty()) return refuse(problems);
  session.work = {id, words[0], {words.begin() + 1, words.end()}};
  return run_session(std::move(session));
}

// What a plugin's command takes, it says itself: `tharsis help xlog cat` is `tharsis xlog cat --help`.
int help_of_plugin_command(command_line line, const std::string& plugin, const std::string& command) {
  line.command = plugin;
  line.arguments = {command, "--help"};
  return run_plugin_command(line);
}

}  // namespace

int run_program(const std::vector<std::string>& typed) {
  const auto line = parse_command_line(typed);
  if (!line) return refuse("tharsis: " + line.failure().text + "\n");
  const auto found = [&] { return find_manifests(request_of(*line).plugin_folders); };
  const std::string& command = line->command;
  const auto& words = line->arguments;
  if (line->help && !command.empty() && !is_own_command(command) && !words.empty()) return help_of_plugin_command(*line, command, words[0]);
  if (line->help) return help(command, found());
  if (command.empty()) return refuse(help_text("", plugin_commands(found())));
  if (command == "help" && words.size() > 1 && !is_own_command(words[0])) return help_of_plugin_command(*line, words[0], words[1]);
  if (command == "help") return help(words.empty() ? "" : words[0], found());
  if (command == "version")
    return say("tharsis " THARSIS_VERSION ", contract " + std::to_string(THARSIS_ABI_MAJOR) + "." +
               std::to_string(THARSIS_ABI_MINOR) + "\n");
  for (const std::string& folder : line->plugin_folders)
    if (!folder_exists(folder)) return refuse("tharsis: --plugins: there is no folder " + absolute_path(folder) + "\n");
  if (command == "run") return run(*line);
  if (command == "check") return check(*line);
  if (command == "plugins") return list_plugins(*line);
  if (command == "explain") return explain_command(*line);
  if (command == "lock") return lock_command(*line);
  if (command == "schema") return schema_command(*line);
  if (command == "status") return status_command(*line);
  if (command == "metrics") return metrics_command(*line);
  if (command == "simulate") return simulate_command(*line);
  if (command == "new-plugin") return new_plugin_command(*line);
  if (command == "validate-plugin") return validate_plugin_command(*line);
  if (command == "stop") return stop_command(*line);
  if (command == "reload") return reload_command(*line);
  if (command == "tail") return tail_command(*line);
  if (command == "tell") return tell_command(*line);
  if (command == "level") return level_command(*line);
  if (command == "why") return why_command(*line);
  return run_plugin_command(*line);
}

}  // namespace tharsis::runtime

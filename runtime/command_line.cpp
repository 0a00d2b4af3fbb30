#include "runtime/command_line.h"

#include <charconv>
#include <map>
#include <utility>

namespace tharsis::runtime {
namespace {

const std::map<std::string, std::string>& own_commands() {
  static const std::map<std::string, std::string> texts = {
      {"run",
       "tharsis run PROFILE [--set KEY=VALUE]... [--for TIME] [--json] [--state DIR] [--plugins DIR]\n"
       "  Starts the plugins of PROFILE and runs until they are done, TIME is over, or Ctrl-C.\n"
       "  --set stn.tasks.timeout=5s   change one setting; may be repeated\n"
       "  --for 10s                    stop after that time (500ms, 10s, 2m, 1h)\n"
       "  --json                       print the result as one line of JSON, last on stdout\n"
       "  --state DIR                  where plugins keep their data\n"
       "  --plugins DIR                look for plugins here first; may be repeated\n"},
      {"check",
       "tharsis check PROFILE [--set KEY=VALUE]... [--state DIR] [--plugins DIR]\n"
       "  Says everything that is wrong with PROFILE. Runs no plugin's code.\n"},
      {"plugins",
       "tharsis plugins PROFILE [--json] [--plugins DIR]\n"
       "  Lists the plugins of PROFILE in the order in which they start, and the others that were found.\n"
       "  Runs no plugin's code.\n"},
      {"version", "tharsis version\n  Prints the version.\n"},
      {"help", "tharsis help [COMMAND]\n  Prints this, or what COMMAND takes.\n"},
  };
  return texts;
}

std::optional<duration> parse_time(std::string_view text) {
  int64_t number = 0;
  const auto [unit, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (failure != std::errc() || number < 0 || number > 1'000'000'000) return {};
  const std::string_view rest = text.substr(static_cast<size_t>(unit - text.data()));
  if (rest == "ms") return std::chrono::milliseconds(number);
  if (rest == "s") return std::chrono::seconds(number);
  if (number > 1'000'000) return {};
  if (rest == "m") return std::chrono::minutes(number);
  if (rest == "h") return std::chrono::hours(number);
  return {};
}

error wrong(std::string text) { return {THARSIS_E_INVALID, std::move(text)}; }

}  // namespace

result<command_line> parse_command_line(const std::vector<std::string>& words) {
  command_line line;
  const auto is_option = [](const std::string& w) { return w.size() > 1 && w[0] == '-'; };
  for (size_t i = 0; i < words.size(); ++i) {
    const std::string& word = words[i];
    const bool of_plugin = !line.command.empty() && !own_commands().contains(line.command);
    if (of_plugin && !(word == "--set" || word == "--state" || word == "--plugins")) {
      line.arguments.push_back(word);  // The plugin reads its own options.
      continue;
    }
    if (!is_option(word)) {
      if (line.command.empty()) line.command = word;
      else line.arguments.push_back(word);
      continue;
    }
    if (word == "--help" || word == "-h") {
      line.help = true;
      continue;
    }
    if (word == "--version") {
      line.command = "version";
      continue;
    }
    if (word == "--json") {
      line.json = true;
      continue;
    }
    if (word != "--set" && word != "--state" && word != "--plugins" && word != "--for")
      return wrong("there is no option '" + word + "'; see tharsis help" + (line.command.empty() ? "" : " " + line.command));
    if (i + 1 == words.size()) return wrong("option " + word + " needs a value behind it");
    const std::string& value = words[++i];
    if (word == "--set") {
      if (value.find('=') == std::string::npos || value[0] == '=')
        return wrong("--set takes KEY=VALUE, like --set stn.tasks.timeout=5s; got '" + value + "'");
      line.sets.push_back(value);
    } else if (word == "--state") {
      line.state = value;
    } else if (word == "--plugins") {
      line.plugin_folders.push_back(value);
    } else {
      line.run_for = parse_time(value);
      if (!line.run_for) return wrong("--for takes a time like 500ms, 10s or 2m; got '" + value + "'");
    }
  }
  return line;
}

std::string help_text(const std::string& command,
                      const std::vector<std::pair<std::string, std::string>>& plugin_commands) {
  if (const auto found = own_commands().find(command); found != own_commands().end()) return found->second;
  std::string text =
      "Tharsis runs the plugins of a profile.\n\n"
      "  tharsis run PROFILE       start them and wait until they are done\n"
      "  tharsis check PROFILE     say what is wrong with a profile\n"
      "  tharsis plugins PROFILE   list its plugins\n"
      "  tharsis help COMMAND      what a command takes\n"
      "  tharsis version\n";
  if (!plugin_commands.empty()) text += "\nCommands of plugins (each takes --help):\n";
  size_t width = 0;
  for (const auto& [name, help] : plugin_commands) width = std::max(width, name.size());
  for (const auto& [name, help] : plugin_commands)
    text += "  tharsis " + name + std::string(width - name.size() + 2, ' ') + help + "\n";
  text += "\nExit codes: 0 done, 1 the work failed, 2 the input is wrong.\n";
  return text;
}

}  // namespace tharsis::runtime

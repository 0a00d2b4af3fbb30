#include "runtime/command_line.h"

#include <algorithm>
#include <map>
#include <utility>

#include "sdk/pure/nearest.h"
#include "sdk/pure/units.h"

namespace tharsis::runtime {
namespace {

struct own_command {
  std::string summary;  // One line for the list of commands: "run PROFILE", what it does.
  size_t arguments_least, arguments_most;  // PROFILE is the first one.
  std::string text;
  std::string first = "a PROFILE";             // What is missing when there is no argument,
  std::string both = "a PROFILE and one KEY";  // and what two of them are.
};

const std::map<std::string, own_command>& own_commands() {
  static const std::map<std::string, own_command> all = {
      {"run",
       {"run PROFILE             start them and wait until they are done", 1, 1,
        "tharsis run PROFILE [--set KEY=VALUE]... [--for TIME] [--log LEVEL] [--json] [--metrics]\n"
        "            [--state DIR] [--plugins DIR]\n"
        "  Starts the plugins of PROFILE and runs until they are done, TIME is over, or Ctrl-C.\n"
        "  --set stn.tasks.timeout=5s   change one setting; may be repeated\n"
        "  --for 10s                    stop after that time (500ms, 10s, 2m, 1h)\n"
        "  --log info                   print the log's lines from this level on, on stderr: --set xlog.console=info; what\n"
        "                               xlog.level keeps out is not there (verbose, debug, info, warning, error, fatal)\n"
        "  --json                       print the result as one line of JSON, last on stdout\n"
        "  --metrics                    print at the end what the plugins, and the runtime about them, have counted\n"
        "  --state DIR                  where plugins keep their data\n"
        "  --plugins DIR                look for plugins here first; may be repeated\n"
        "  A variable THARSIS__stn__tasks__timeout=5s changes a setting too; --set is stronger.\n"}},
      {"check",
       {"check PROFILE           say what is wrong with a profile", 1, 1,
        "tharsis check PROFILE [--set KEY=VALUE]... [--state DIR] [--plugins DIR]\n"
        "  Says everything that is wrong with PROFILE. Runs no plugin's code.\n"}},
      {"plugins",
       {"plugins PROFILE         list its plugins", 1, 1,
        "tharsis plugins PROFILE [--json] [--set KEY=VALUE]... [--state DIR] [--plugins DIR]\n"
        "  Lists the plugins of PROFILE in the order in which they start, and the others that were found.\n"
        "  Runs no plugin's code.\n"}},
      {"explain",
       {"explain PROFILE [KEY]   say what a setting is, and who set it", 1, 2,
        "tharsis explain PROFILE [KEY] [--json] [--set KEY=VALUE]... [--state DIR] [--plugins DIR]\n"
        "  Tells a setting's value, type, range and meaning, and every layer that set it. A KEY that holds\n"
        "  others (stn, stn.links) prints a table of them, no KEY one of everything. Secrets are not shown.\n"}},
      {"schema",
       {"schema PROFILE          print its JSON Schema, for editors", 1, 1,
        "tharsis schema PROFILE [--plugins DIR]\n"
        "  Prints a JSON Schema (draft 2020-12) of profiles with the plugins that are found and those that\n"
        "  PROFILE names. An editor uses it by a first line like\n"
        "  # yaml-language-server: $schema=demo.schema.json\n"}},
      {"lock",
       {"lock PROFILE            pin its plugins to the files that they are now", 1, 1,
        "tharsis lock PROFILE [--set KEY=VALUE]... [--plugins DIR]\n"
        "  Writes PROFILE.lock with the sha256 of each plugin's library and manifest. A profile that says\n"
        "  'trust: pinned' loads these files and no others. Runs no plugin's code.\n"}},
      {"status",
       {"status [PROFILE]        say how the plugins of what runs are", 0, 1,
        "tharsis status [PROFILE] [--json] [--state DIR]\n"
        "  Asks every `tharsis run` with this state folder, or that of PROFILE: each plugin's state, since when\n"
        "  and why. Exit code 1: nothing runs there.\n"}},
      {"metrics",
       {"metrics [PROFILE]       say what its plugins have counted", 0, 1,
        "tharsis metrics [PROFILE] [--json | --prometheus] [--watch] [--state DIR]\n"
        "  Asks the `tharsis run` with this state folder, or that of PROFILE: every counter, gauge and histogram\n"
        "  that is not zero, plugin by plugin. Exit code 1: nothing runs there.\n"
        "  --json        all of them, with their buckets, as one line of JSON\n"
        "  --prometheus  in Prometheus' text format\n"
        "  --watch       again every second, until Ctrl-C or the end of the run\n"}},
      {"stop",
       {"stop [PROFILE]          end what runs", 0, 1,
        "tharsis stop [PROFILE] [--state DIR]\n"
        "  Stops the `tharsis run` with this state folder, as Ctrl-C does, and waits until it has ended.\n"
        "  PROFILE says which, if several run there.\n"}},
      {"reload",
       {"reload [PROFILE]        read its profile again and change what changed", 0, 1,
        "tharsis reload [PROFILE] [--json] [--state DIR]\n"
        "  A `tharsis run` reads its profile again, with its own --set, and prints the difference. A plugin takes\n"
        "  new settings while it runs or is restarted; all of it happens, or nothing: when a plugin refuses, or\n"
        "  does not start again, everything is as it was. What has failed gets another chance. SIGHUP does the\n"
        "  same. Exit code 1: a plugin did not take it; 2: the profile is wrong.\n"}},
      {"tail",
       {"tail PATTERN [PROFILE]  print its events as they come", 1, 2,
        "tharsis tail PATTERN [PROFILE] [--state DIR]\n"
        "  Prints the events of a `tharsis run` as lines of JSON until Ctrl-C, kept values first. PATTERN is a\n"
        "  topic's name, 'stn.*' or '**'. A line {\"dropped\":N} stands where N events are missing, because they\n"
        "  came faster than they were read.\n",
        "a PATTERN", "a PATTERN and one PROFILE"}},
      {"tell",
       {"tell [PROFILE] KEY=VALUE...  say what a host application would say", 1, 16,
        "tharsis tell [PROFILE] KEY=VALUE... [--state DIR]\n"
        "  Tells a `tharsis run` what only its host application can know; `tharsis tail runtime.network` shows it.\n"
        "  foreground=0            the user does not look at the application; 1: does\n"
        "  metered=1               the network is paid for by the byte; 0: is not\n"
        "  type=wifi               wired, wifi, cellular, other, none\n"
        "  network=ID              which network it is; network= : what the runtime itself observes\n"
        "  account=NAME            who is logged in; account= : nobody\n"
        "  proxy=http://HOST:PORT  or https://, socks5://, with USER:PASSWORD@ before HOST; proxy= : none\n"
        "  device=TEXT             name and kind of the device\n",
        "a KEY=VALUE", "one PROFILE and KEY=VALUE"}},
      {"level",
       {"level [PLUGIN[/TAG][=LEVEL]]... [PROFILE]  say, or change, which lines of log it keeps", 0, 64,
        "tharsis level [PLUGIN[/TAG]]... [PROFILE] [--json] [--state DIR]\n"
        "tharsis level PLUGIN[/TAG]=LEVEL... [PROFILE] [--json] [--state DIR]\n"
        "  Prints the least severe lines that a `tharsis run` keeps, of each plugin and each of its tags, or changes\n"
        "  them at once, all or none, until that run ends: also past a reload and a restart of the plugin that keeps\n"
        "  the log. LEVEL is verbose, debug, info, warning, error, fatal, off, or default: what the profile says.\n"
        "  The level of a PLUGIN is that of all its tags that have none of their own. `runtime` is what\n"
        "  holds the plugins. A word without = is the PROFILE if one of that name runs.\n"
        "  Exit code 1: nothing runs there; 2: there is no such plugin, tag or level.\n",
        "", "64 words"}},
      {"why",
       {"why [PROFILE] PLUGIN    say why a plugin does not run", 1, 2,
        "tharsis why [PROFILE] PLUGIN [--set KEY=VALUE]... [--state DIR] [--plugins DIR]\n"
        "  Says in what state PLUGIN of a `tharsis run` is, and why. When PROFILE does not run: what stands in\n"
        "  the way, and what PLUGIN would wait for.\n",
        "a PLUGIN", "a PROFILE and one PLUGIN"}},
      {"simulate",
       {"simulate PROFILE        run it in simulated worlds, with faults", 0, 1,
        "tharsis simulate PROFILE [--seeds N | --seed S] [--faults FILE] [--with PROFILE]... [--for TIME] [--json]\n"
        "                 [--set KEY=VALUE]... [--state DIR] [--plugins DIR]\n"
        "  Runs the plugins of PROFILE, their real libraries, in a simulated world for TIME (60s), or until the work is\n"
        "  done, once for each seed. A seed fails when a plugin fails without a fault that explains it, does not stop,\n"
        "  leaks, crashes, never rests, or when two runs of it differ. Exit code 1: a seed failed.\n"
        "  --seeds 500                  so many seeds, from 1 (100)\n"
        "  --seed 42                    this seed alone, with all that happens in it\n"
        "  --faults FILE                which faults are drawn; all: every one; list: what there is, and how FILE is\n"
        "                               written. Without it nothing goes wrong.\n"
        "  --with PROFILE               a further profile, on another machine of the same world; may be repeated.\n"
        "                               Machines share a disk, and what listens on loopback is reached from all.\n"
        "  --state DIR                  a folder on the simulated disk (/state)\n"}},
      {"new-plugin",
       {"new-plugin DIR --id ID  make a folder with a plugin that builds, is tested and runs", 1, 1,
        "tharsis new-plugin DIR --id ID [--kind KIND]\n"
        "  Writes a plugin of your own into DIR: manifest, source, test, profile, CMakeLists.txt. It is green at once:\n"
        "      cd DIR && cmake -B build && cmake --build build && ctest --test-dir build\n"
        "  CMake finds an installed Tharsis in /usr, else by -D CMAKE_PREFIX_PATH=PREFIX.\n"
        "  --id com.acme.hello          what the plugin is called: dotted lower-case words\n"
        "  --kind service               others call it, on their own strands (this one without --kind)\n"
        "         sink                  hears events and writes them to a file\n"
        "         codec                 the wire of stn's links\n"
        "         probe                 measures something again and again, and publishes it\n",
        "a DIR"}},
      {"validate-plugin",
       {"validate-plugin DIR     try whether a plugin bears everything that it should", 1, 1,
        "tharsis validate-plugin DIR [--only RE] [--seed S] [--json] [--set KEY=VALUE]... [--plugins DIR]\n"
        "  Tries the plugin in DIR, which holds its plugin.yaml and library, in some thirty trials: what it exports,\n"
        "  settings, hosts that lack something, stops at any moment, two of it, memory, and simulated worlds in which\n"
        "  services, disks, networks and clocks fail. Each runs in a process of its own. Exit code 1: one failed.\n"
        "  --only disks                 the trials whose names match this regular expression\n"
        "  --seed 7                     other chances (1); the same seed, the same trials\n"
        "  --set com.acme.hello.to=x    a setting that it cannot do without; may be repeated\n"
        "  --plugins DIR                look here for those whose services it requires\n",
        "a DIR"}},
      {"version", {"version", 0, 0, "tharsis version\n  Prints the version.\n"}},
      {"help",
       {"help COMMAND            what a command takes", 0, 2,
        "tharsis help [COMMAND | PLUGIN [COMMAND]] [--plugins DIR]\n"
        "  Prints all commands, those of the plugins that are found too, or what COMMAND takes.\n"}},
  };
  return all;
}

error wrong(std::string text) { return {THARSIS_E_INVALID, std::move(text)}; }

struct option {
  std::string name;
  bool takes_value;
  std::vector<std::string> commands;  // Of the program's own; those of plugins take the first three.
};

const std::vector<option>& options() {
  static const std::vector<option> all = {
      {"--set", true, {"run", "check", "plugins", "explain", "lock", "schema", "simulate", "validate-plugin", "why"}},
      {"--state", true, {"run", "check", "plugins", "explain", "lock", "schema", "simulate", "status", "metrics", "stop", "reload", "tail", "tell", "level", "why"}},
      {"--plugins", true, {"run", "check", "plugins", "explain", "lock", "schema", "simulate", "validate-plugin", "why", "help"}},
      {"--for", true, {"run", "simulate"}},
      {"--log", true, {"run"}},
      {"--json", false, {"run", "plugins", "explain", "simulate", "validate-plugin", "status", "metrics", "level", "reload"}},
      {"--metrics", false, {"run"}},
      {"--prometheus", false, {"metrics"}},
      {"--watch", false, {"metrics"}},
      {"--seeds", true, {"simulate"}},
      {"--seed", true, {"simulate", "validate-plugin"}},
      {"--faults", true, {"simulate"}},
      {"--with", true, {"simulate"}},
      {"--only", true, {"validate-plugin"}},
      {"--id", true, {"new-plugin"}},
      {"--kind", true, {"new-plugin"}},
  };
  return all;
}

// Reads one word after the other.
class reader {
 public:
  explicit reader(const std::vector<std::string>& words) : words_(words) {}

  result<command_line> read() {
    bool options = true;
    while (next_ < words_.size()) {
      const std::string& word = words_[next_++];
      options = options && !(of_plugin() && word == "--");  // What comes then is the plugin's, whatever it looks like.
      const bool option = options && word.size() > 1 && word[0] == '-';
      if (option && !(of_plugin() && !is_for_all(word))) {
        if (auto failure = read_option(word)) return *failure;
      } else if (line_.command.empty()) {
        line_.command = word;
      } else {
        line_.arguments.push_back(word);  // A plugin reads its own options.
      }
    }
    if (auto failure = check_commands()) return *failure;
    return std::move(line_);
  }

 private:
  bool of_plugin() const { return !line_.command.empty() && !own_commands().contains(line_.command); }

  static bool is_for_all(const std::string& word) {
    const std::string name = word.substr(0, word.find('='));
    return name == "--set" || name == "--state" || name == "--plugins";
  }

  std::optional<error> read_option(const std::string& word) {
    if (word == "--help" || word == "-h") return line_.help = true, std::nullopt;
    if (word == "--version") return line_.command = "version", std::nullopt;
    const size_t equals = word.find('=');
    const std::string name = word.substr(0, equals);
    const auto& all = options();
    const auto found = std::find_if(all.begin(), all.end(), [&](const option& o) { return o.name == name; });
    if (found == all.end()) return unknown(name);
    used_.push_back(&*found);
    if (!found->takes_value) {
      if (equals != std::string::npos) return wrong("option " + name + " takes no value");
      (name == "--json" ? line_.json : name == "--metrics" ? line_.metrics : name == "--watch" ? line_.watch : line_.prometheus) = true;
      return {};
    }
    if (equals == std::string::npos && next_ == words_.size())
      return wrong("option " + name + " needs a value behind it");
    return take(name, equals == std::string::npos ? words_[next_++] : word.substr(equals + 1));
  }

  std::optional<error> unknown(const std::string& name) const {
    std::vector<std::string> names = {"--help", "--version"};
    for (const option& o : options()) names.push_back(o.name);
    const auto meant = nearest(name, names);
    return wrong("there is no option '" + name + "'" + (meant ? "; did you mean '" + *meant + "'?" : "; see tharsis help"));
  }

  std::optional<error> take(const std::string& name, const std::string& value) {
    if (value.empty()) return wrong("option " + name + " needs a value that is not empty");
    if (name == "--set") {
      if (value.find('=') == std::string::npos || value[0] == '=')
        return wrong("--set takes KEY=VALUE, like --set stn.tasks.timeout=5s; got '" + value + "'");
      line_.sets.push_back(value);
    } else if (name == "--log") {
      line_.sets.push_back("xlog.console=" + value);
    } else if (name == "--state") {
      line_.state = value;
    } else if (name == "--plugins") {
      line_.plugin_folders.push_back(value);
    } else if (name == "--faults") {
      line_.faults = value;
    } else if (name == "--with") {
      line_.with.push_back(value);
    } else if (name == "--only") {
      line_.only = value;
    } else if (name == "--id") {
      line_.id = value;
    } else if (name == "--kind") {
      line_.kind = value;
    } else if (name == "--seeds" || name == "--seed") {
      const auto number = parse_integer(value);
      if (!number || *number < 1) return wrong(name + " takes a whole number from 1; got '" + value + "'");
      (name == "--seed" ? line_.seed : line_.seeds) = static_cast<uint64_t>(*number);
    } else {
      const auto time = parse_duration(value);
      if (!time) return wrong("--for takes a time like 500ms, 10s or 2m; got '" + value + "'");
      line_.run_for = *time;
    }
    return {};
  }

  // Only now is it known whose the options are: they may stand before the command.
  std::optional<error> check_commands() const {
    const std::string& command = line_.command;
    if (command.empty()) return {};
    for (const option* o : used_) {
      const bool takes = of_plugin() ? is_for_all(o->name)
                                     : std::find(o->commands.begin(), o->commands.end(), command) != o->commands.end();
      if (!takes && !line_.help) return wrong("'tharsis " + command + "' has no option " + o->name + "; see tharsis help " + command);
    }
    if (line_.seed && line_.seeds) return wrong("--seeds runs many seeds, --seed shows one; give one of them");
    if (line_.help || of_plugin() || command == "help") return {};
    return check_arguments(own_commands().at(command));
  }

  std::optional<error> check_arguments(const own_command& takes) const {
    const size_t given = line_.arguments.size();
    const std::string name = "'tharsis " + line_.command + "' ";
    if (given < takes.arguments_least) return wrong(name + "needs " + takes.first + "; see tharsis help " + line_.command);
    if (given <= takes.arguments_most) return {};
    const std::string most = takes.arguments_most == 0   ? "takes nothing"
                             : takes.arguments_most == 1 ? "takes one" + takes.first.substr(takes.first.find(' '))
                                                         : "takes " + takes.both;
    return wrong(name + most + ", got '" + line_.arguments[takes.arguments_most] + "' too");
  }

  const std::vector<std::string>& words_;
  size_t next_ = 0;
  command_line line_;
  std::vector<const option*> used_;
};

}  // namespace

bool is_own_command(const std::string& word) { return own_commands().contains(word); }

std::vector<std::string> own_command_names() {
  std::vector<std::string> names;
  for (const auto& command : own_commands()) names.push_back(command.first);
  return names;
}

result<command_line> parse_command_line(const std::vector<std::string>& words) { return reader(words).read(); }

std::string help_text(const std::string& command,
                      const std::vector<std::pair<std::string, std::string>>& plugin_commands) {
  if (const auto found = own_commands().find(command); found != own_commands().end()) return found->second.text;
  std::string text = "Tharsis runs the plugins of a profile.\n\n";
  for (const char* name : {"run", "simulate", "check", "plugins", "explain", "schema", "lock", "status", "metrics", "reload",
                           "stop", "tail", "tell", "level", "why", "new-plugin", "validate-plugin", "help", "version"})
    text += "  tharsis " + own_commands().at(name).summary + "\n";
  if (!plugin_commands.empty()) text += "\nCommands of plugins:\n";
  size_t width = 0;
  for (const auto& [name, help] : plugin_commands) width = std::max(width, name.size());
  for (const auto& [name, help] : plugin_commands)
    text += "  tharsis " + name + std::string(width - name.size() + 2, ' ') + help + "\n";
  text += "\nExit codes: 0 done, 1 the work failed, 2 the input is wrong.\n";
  return text;
}

}  // namespace tharsis::runtime

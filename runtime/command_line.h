// The words typed after `tharsis`: split, checked, with help.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "sdk/pure/error.h"
#include "sdk/pure/time.h"

namespace tharsis::runtime {

struct command_line {
  std::string command;                 // "run", "plugins", "check", "help", "version", or a plugin's id.
  std::vector<std::string> arguments;  // Without options; for a plugin's command everything behind its name.
  std::vector<std::string> sets;
  std::vector<std::string> plugin_folders;
  std::optional<std::string> state;
  std::optional<duration> run_for;
  std::optional<uint64_t> seeds, seed;  // How many, and which one.
  std::optional<std::string> faults;
  std::optional<std::string> id, kind;  // Of a new plugin.
  std::optional<std::string> only;      // Which tests.
  std::vector<std::string> with;  // Further profiles.
  bool json = false;
  bool metrics = false;
  bool prometheus = false;
  bool watch = false;
  bool help = false;
};

bool is_own_command(const std::string& word);
std::vector<std::string> own_command_names();

// A failure is a sentence for the person who typed it.
result<command_line> parse_command_line(const std::vector<std::string>& words);

// `command` empty: all commands. `plugin_commands`: "xlog cat" with its line of help.
std::string help_text(const std::string& command, const std::vector<std::pair<std::string, std::string>>& plugin_commands);

}  // namespace tharsis::runtime

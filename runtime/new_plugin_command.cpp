#include "runtime/new_plugin_command.h"

#include "runtime/command_answer.h"
#include "runtime/new_plugin.h"
#include "runtime/os_profile_files.h"
#include "runtime/os_terminal.h"
#include "runtime/os_text_file.h"

namespace tharsis::runtime {
namespace {

// Words that a profile, or the command line, would take for something else than a plugin.
std::vector<std::string> taken_words() {
  std::vector<std::string> all = own_command_names();
  for (const char* word : {"tharsis", "runtime", "host"}) all.emplace_back(word);
  return all;
}

std::optional<error> put_down(const std::string& folder, const std::vector<new_file>& files) {
  for (const new_file& file : files) {
    const std::string path = folder + "/" + file.path;
    if (const auto failure = make_folders(path.substr(0, path.rfind('/')))) return failure;
    if (const auto failure = replace_text_file(path, file.text)) return failure;
  }
  return {};
}

// What its author types next. CMake finds packages below /usr and /usr/local by itself.
std::string next_steps(const std::string& folder) {
  const std::string bin = canonical_path(program_folder()), prefix = bin.substr(0, bin.rfind('/'));
  const bool usual = prefix == "/usr" || prefix == "/usr/local";
  const bool has_package = file_exists(bin + "/" THARSIS_INSTALLED_PLUGINS "/../../cmake/tharsis/tharsis-config.cmake");
  const std::string where = !has_package ? " -D CMAKE_PREFIX_PATH=PREFIX" : usual ? "" : " -D CMAKE_PREFIX_PATH=" + prefix;
  return "  cd " + folder + "\n  cmake -B build" + where + " && cmake --build build && ctest --test-dir build\n  " + (usual ? "" : bin + "/") +
         "tharsis run profile.yaml --for 2s\n" +
         (has_package ? "" : "\nPREFIX is where Tharsis is installed with its headers: by the package libtharsis-dev, or `cmake --install BUILD --prefix PREFIX`.\n");
}

}  // namespace

int new_plugin_command(const command_line& line) {
  const auto no = [](const std::string& why) { return refuse("tharsis new-plugin: " + why + "\n"); };
  if (!line.id) return no("it needs an id, like --id com.acme.hello");
  if (const std::string trouble = trouble_with_id(*line.id, taken_words()); !trouble.empty()) return no("--id: " + trouble);
  const auto files = files_of_plugin(*line.id, line.kind.value_or("service"));
  if (!files) return no("--kind: " + files.failure().text);
  const std::string& folder = line.arguments[0];
  if (file_exists(folder)) return no(in_quotes(folder) + " is a file; name a folder that is not there yet");
  if (folder_exists(folder) && !(list_files(folder).empty() && list_folders(folder).empty()))
    return no("the folder " + in_quotes(folder) + " is there already and not empty; name another one");
  if (const auto failure = put_down(folder, *files)) return no(failure->text);
  std::string text = folder + " has a new " + line.kind.value_or("service") + ", " + *line.id + ":";
  for (const new_file& file : *files) text += " " + file.path;
  return say(text + "\n\n" + next_steps(folder));
}

}  // namespace tharsis::runtime

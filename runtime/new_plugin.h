// The files of a new plugin, made of templates (sdk/template, which the program holds): pure.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "sdk/pure/error.h"

namespace tharsis::runtime {

struct new_file {
  std::string path;  // In the plugin's folder: "test/CMakeLists.txt".
  std::string text;
};

// "service", "sink", ...
const std::vector<std::string>& plugin_kinds();

// Why a new plugin cannot have this id; empty: it can. `taken` are words that have a meaning of their own.
std::string trouble_with_id(const std::string& id, const std::vector<std::string>& taken);

// A failure: there is no such kind.
result<std::vector<new_file>> files_of_plugin(const std::string& id, const std::string& kind);

}  // namespace tharsis::runtime

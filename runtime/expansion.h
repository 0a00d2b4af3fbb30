// `${data}` and its like inside texts and paths, and what a relative path is relative to.
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sdk/pure/error.h"

namespace tharsis::runtime {

struct expansion {
  std::vector<std::pair<std::string, std::string>> variables;  // "data" -> "/home/ann/.local/share/..."
  std::string base_folder;                                     // Of relative paths; absolute.
  std::string typed_base_folder;                               // Of those typed on a command line.

  // What `${env:NAME}` stands for; without it every name is allowed, and empty.
  std::function<std::optional<std::string>(const std::string& name)> environment;

  // "${data}/logs" with the variable's value; "${env:NAME:-else}"; "$${" is a plain "${".
  result<std::string> expand(std::string_view text) const;

  // Expanded and absolute, without "." parts and doubled slashes.
  result<std::string> path(std::string_view text, bool typed = false) const;
};

bool is_absolute(std::string_view path);

// `path` if it is absolute, else the path below the folder.
std::string join_path(std::string_view folder, std::string_view path);

// "/a/b" of "/a/b/c.yaml"
std::string parent_folder(std::string_view path);

}  // namespace tharsis::runtime

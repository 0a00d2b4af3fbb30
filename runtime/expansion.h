// `${data}` and its like inside values, and what a relative path is relative to.
//
//     ${data} ${config} ${cache} ${plugin}   folders
//     ${env:NAME}  ${env:NAME:-default}  ${env:NAME:?what to say when it is not set}
//     ${file:PATH}                           a file's content without its last line end; always a secret
//
// A default and a path may hold expansions themselves; what a variable or file brings in may not.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sdk/pure/error.h"

namespace tharsis::runtime {

struct expansion {
  std::vector<std::pair<std::string, std::string>> variables;  // "data" -> "/home/ann/.local/share/..."
  std::string base_folder;                                     // Of relative paths that stand in no file; absolute.
  // Null: neither `${env:}` nor `${file:}` can stand here.
  const std::map<std::string, std::string>* environment = nullptr;

  // "${data}/logs" with the variable's value; "$${" is a plain "${". `folder`: that of the file the text
  // stands in; may be empty. The failure's sentence shows none of the text but names and paths when
  // its status is THARSIS_E_NOT_FOUND.
  result<std::string> expand(std::string_view text, const std::string& folder) const;

  // An expanded text as an absolute path, without "." parts and doubled slashes.
  result<std::string> path(std::string_view expanded, const std::string& folder) const;
};

// What such a text stands for must not be shown.
bool takes_file(std::string_view text);

bool is_absolute(std::string_view path);

// `path` if it is absolute, else the path below the folder.
std::string join_path(std::string_view folder, std::string_view path);

// "/a/b" of "/a/b/c.yaml"
std::string parent_folder(std::string_view path);

}  // namespace tharsis::runtime

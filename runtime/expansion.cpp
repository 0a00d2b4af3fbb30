#include "runtime/expansion.h"

#include <algorithm>

#include "runtime/diagnostic.h"

namespace tharsis::runtime {
namespace {

std::string known_names(const expansion& e) {
  std::vector<std::string> names;
  for (const auto& variable : e.variables) names.push_back("${" + variable.first + "}");
  return names.empty() ? "nothing can be put in here" : "known here: " + listed(names);
}

}  // namespace

result<std::string> expansion::expand(std::string_view text) const {
  std::string out;
  while (!text.empty()) {
    if (text.starts_with("$${")) {
      out += "${";
      text.remove_prefix(3);
      continue;
    }
    if (!text.starts_with("${")) {
      out += text.front();
      text.remove_prefix(1);
      continue;
    }
    const size_t end = text.find('}');
    if (end == std::string_view::npos)
      return error{THARSIS_E_INVALID, "the brace of '${' is not closed; write '$${' for a plain '${'"};
    const std::string_view name = text.substr(2, end - 2);
    const auto found = std::find_if(variables.begin(), variables.end(), [&](const auto& v) { return v.first == name; });
    if (found == variables.end())
      return error{THARSIS_E_INVALID, quoted(text.substr(0, end + 1)) + " is not known; " + known_names(*this) +
                                          "; write '$${' for a plain '${'"};
    out += found->second;
    text.remove_prefix(end + 1);
  }
  return out;
}

result<std::string> expansion::path(std::string_view text, bool typed) const {
  auto expanded = expand(text);
  if (!expanded) return expanded;
  if (expanded->empty()) return error{THARSIS_E_INVALID, "expected a path, got ''; leave the key out instead"};
  if (expanded->find('\0') != std::string::npos) return error{THARSIS_E_INVALID, "a path cannot hold a zero byte"};
  return join_path(typed ? typed_base_folder : base_folder, *expanded);
}

bool is_absolute(std::string_view path) { return path.starts_with('/'); }

std::string join_path(std::string_view folder, std::string_view path) {
  const std::string whole = is_absolute(path) ? std::string(path) : std::string(folder) + "/" + std::string(path);
  std::string out;
  std::string_view rest = whole;
  while (!rest.empty()) {
    const size_t slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    // ".." stays: what it means depends on links that only the file system knows.
    if (!part.empty() && part != ".") out += "/" + std::string(part);
    if (slash == std::string_view::npos) break;
    rest.remove_prefix(slash + 1);
  }
  return out.empty() ? "/" : out;
}

std::string parent_folder(std::string_view path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return slash == 0 ? "/" : std::string(path.substr(0, slash));
}

}  // namespace tharsis::runtime

#include "runtime/expansion.h"

#include <algorithm>

#include "runtime/diagnostic.h"

namespace tharsis::runtime {
namespace {

error refuse(std::string text) { return {THARSIS_E_INVALID, std::move(text)}; }

result<std::string> variable(const expansion& e, std::string_view name) {
  const auto found = std::find_if(e.variables.begin(), e.variables.end(), [&](const auto& v) { return v.first == name; });
  if (found != e.variables.end()) return found->second;
  std::vector<std::string> names;
  for (const auto& known : e.variables) names.push_back("${" + known.first + "}");
  names.push_back("${env:NAME:-else}");
  return refuse(quoted("${" + std::string(name) + "}") + " is not known; known here: " + listed(names) +
                "; write '$${' for a plain '${'");
}

// "NAME" or "NAME:-else"
result<std::string> from_environment(const expansion& e, std::string_view text) {
  const size_t mark = text.find(":-");
  const std::string name(text.substr(0, mark));
  if (name.empty()) return refuse("the name of the environment's variable is missing, like in '${env:HOME}'");
  if (!e.environment) return std::string();
  if (const auto value = e.environment(name)) return *value;
  if (mark != std::string_view::npos) return std::string(text.substr(mark + 2));
  return refuse("the environment has no " + quoted(name) + "; set it, or write what stands in for it: '${env:" + name + ":-else}'");
}

}  // namespace

result<std::string> expansion::expand(std::string_view text) const {
  std::string out;
  while (!text.empty()) {
    const bool escaped = text.starts_with("$${");
    if (escaped || !text.starts_with("${")) {
      out += escaped ? std::string_view("${") : text.substr(0, 1);
      text.remove_prefix(escaped ? 3 : 1);
      continue;
    }
    const size_t end = text.find('}');
    if (end == std::string_view::npos)
      return refuse("the brace of '${' is not closed; write '$${' for a plain '${'");
    const std::string_view name = text.substr(2, end - 2);
    const auto value = name.starts_with("env:") ? from_environment(*this, name.substr(4)) : variable(*this, name);
    if (!value) return value;
    out += *value;
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

#include "runtime/expansion.h"

#include <algorithm>

#include "runtime/diagnostic.h"
#include "runtime/os_profile_files.h"

namespace tharsis::runtime {
namespace {

constexpr size_t deepest = 8;              // Defaults inside defaults.
constexpr size_t file_largest = 64 << 10;  // A token or a key, not a document.
constexpr const char* plain = "; write '$${' for a plain '${'";

error refuse(std::string text) { return {THARSIS_E_INVALID, std::move(text)}; }
error missing(std::string text) { return {THARSIS_E_NOT_FOUND, std::move(text)}; }

bool is_variable_name(std::string_view name) {
  if (name.empty() || (name[0] >= '0' && name[0] <= '9')) return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
  });
}

// Where the brace that is open at the front closes.
size_t closing_brace(std::string_view text) {
  size_t open = 0;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text.substr(i).starts_with("${")) ++open;
    if (text[i] == '}' && --open == 0) return i;
  }
  return std::string_view::npos;
}

class expander {
 public:
  expander(const expansion& known, const std::string& folder) : known_(known), folder_(folder) {}

  result<std::string> text(std::string_view rest, size_t depth) const {
    std::string out;
    while (!rest.empty()) {
      const size_t dollar = std::min(rest.find('$'), rest.size());
      out += rest.substr(0, dollar);
      rest.remove_prefix(dollar);
      if (rest.starts_with("$${")) {
        out += "${";
        rest.remove_prefix(3);
      } else if (rest.starts_with("${")) {
        const size_t end = closing_brace(rest);
        if (end == std::string_view::npos) return refuse(std::string("the brace of '${' is not closed") + plain);
        auto value = one(rest.substr(2, end - 2), depth);
        if (!value) return value;
        out += *value;
        rest.remove_prefix(end + 1);
      } else if (!rest.empty()) {
        out += rest.front();
        rest.remove_prefix(1);
      }
    }
    return out;
  }

 private:
  result<std::string> one(std::string_view inside, size_t depth) const {
    if (depth == deepest) return refuse("expansions stand in expansions more than " + std::to_string(deepest) + " deep");
    for (const auto& [name, value] : known_.variables)
      if (name == inside) return value;
    const bool env = inside.starts_with("env:"), file = inside.starts_with("file:");
    if (!env && !file) return unknown(inside);
    if (known_.environment == nullptr)
      return refuse(std::string("neither a variable of the environment nor a file can be put in here") + plain);
    return env ? variable(inside.substr(4), depth) : content(inside.substr(5), depth);
  }

  error unknown(std::string_view inside) const {
    std::vector<std::string> names;
    for (const auto& v : known_.variables) names.push_back("${" + v.first + "}");
    if (known_.environment) names.insert(names.end(), {"${env:NAME}", "${file:PATH}"});
    return refuse(in_quotes("${" + std::string(inside) + "}") + " is not known; " +
                  (names.empty() ? "nothing can be put in here" : "known here: " + listed(names)) + plain);
  }

  result<std::string> variable(std::string_view inside, size_t depth) const {
    const size_t colon = std::min(inside.find(':'), inside.size());
    const std::string name(inside.substr(0, colon));
    const std::string_view rest = inside.substr(colon);
    const bool has_default = rest.starts_with(":-"), has_message = rest.starts_with(":?");
    if (!is_variable_name(name) || (!rest.empty() && !has_default && !has_message))
      return refuse("expected '${env:NAME}', '${env:NAME:-default}' or '${env:NAME:?message}', got " +
                    in_quotes("${env:" + std::string(inside) + "}"));
    const auto found = known_.environment->find(name);
    const bool set = found != known_.environment->end();
    if (set && (rest.empty() || !found->second.empty())) return found->second;
    if (has_default) return text(rest.substr(2), depth + 1);
    const std::string unset = "the environment variable " + name + " is " + (set ? "empty" : "not set");
    return missing(has_message ? unset + ": " + std::string(rest.substr(2))
                               : unset + "; set it, or give a default: ${env:" + name + ":-default}");
  }

  result<std::string> content(std::string_view inside, size_t depth) const {
    const auto expanded = text(inside, depth + 1);
    if (!expanded) return expanded;
    const auto path = known_.path(*expanded, folder_);
    if (!path) return path;
    auto read = read_text_file(*path, file_largest);
    if (!read) return missing("${file:" + *path + "}: " + read.failure().text);
    if (read->find('\0') != std::string::npos) return missing("${file:" + *path + "}: this file is not a text; it holds a zero byte");
    if (read->ends_with('\n')) read->pop_back();
    if (read->ends_with('\r')) read->pop_back();
    return read;
  }

  const expansion& known_;
  const std::string& folder_;
};

}  // namespace

result<std::string> expansion::expand(std::string_view text, const std::string& folder) const {
  return expander(*this, folder).text(text, 0);
}

result<std::string> expansion::path(std::string_view expanded, const std::string& folder) const {
  if (expanded.empty()) return refuse("expected a path, got ''; leave the key out instead");
  if (expanded.find('\0') != std::string::npos) return refuse("a path cannot hold a zero byte");
  return join_path(folder.empty() ? base_folder : folder, expanded);
}

bool takes_file(std::string_view text) { return text.find("${file:") != std::string_view::npos; }

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

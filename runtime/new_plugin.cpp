#include "runtime/new_plugin.h"

#include <algorithm>
#include <cctype>
#include <map>

#include "runtime/diagnostic.h"
#include "sdk/pure/nearest.h"

namespace tharsis::runtime {
namespace {

constexpr size_t id_longest = 100;  // It names files and folders, with endings behind it.

struct template_file {
  const char* path;  // "probe/@NAME@.cpp.in"; without a folder: of every kind.
  const char* text;
};
constexpr template_file templates[] = {
#include "runtime/plugin_templates.inc"
};

bool is_word(std::string_view word) {
  if (word.empty() || word[0] < 'a' || word[0] > 'z') return false;
  return std::all_of(word.begin(), word.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-'; });
}

// "com.acme.the-probe" is the_probe in code, and COM_ACME_THE_PROBE.
std::string name_of(const std::string& id) {
  std::string name = id.substr(id.rfind('.') + 1);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
}
std::string upper_of(const std::string& id) {
  std::string upper;
  for (const char c : id) upper += c == '.' || c == '-' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return upper;
}

std::string filled_in(std::string text, const std::map<std::string, std::string>& words) {
  for (const auto& [mark, word] : words)
    for (size_t at = 0; (at = text.find(mark, at)) != std::string::npos; at += word.size()) text.replace(at, mark.size(), word);
  return text;
}

// Where the template's file lies in a plugin of this kind; nothing: it belongs to another kind.
std::optional<std::string> place_of(std::string path, const std::string& kind) {
  path.resize(path.size() - std::string_view(".in").size());
  if (path == "gitignore") return "." + path;
  const size_t slash = path.find('/');
  if (slash == std::string::npos) return path;
  if (path.substr(0, slash) != kind) return {};
  return path.substr(slash + 1);
}

}  // namespace

const std::vector<std::string>& plugin_kinds() {
  static const std::vector<std::string> all = {"service", "sink", "codec", "probe"};
  return all;
}

std::string trouble_with_id(const std::string& id, const std::vector<std::string>& taken) {
  const std::string form = in_quotes(id) + " is no id for a plugin; it takes dotted lower-case words like com.acme.hello";
  for (size_t at = 0; at <= id.size();) {
    const size_t end = std::min(id.find('.', at), id.size());
    if (!is_word(std::string_view(id).substr(at, end - at))) return form;
    at = end + 1;
  }
  if (id.size() > id_longest) return "an id has at most " + std::to_string(id_longest) + " characters; this one has " + std::to_string(id.size());
  if (std::find(taken.begin(), taken.end(), id) != taken.end())
    return in_quotes(id) + " has a meaning of its own; put your domain before it, like com.acme." + id;
  return {};
}

result<std::vector<new_file>> files_of_plugin(const std::string& id, const std::string& kind) {
  const auto& kinds = plugin_kinds();
  if (std::find(kinds.begin(), kinds.end(), kind) == kinds.end()) {
    const auto meant = nearest(kind, kinds);
    return error{THARSIS_E_INVALID, "there is no kind " + in_quotes(kind) + "; there are " + listed(kinds) + (meant ? "; did you mean '" + *meant + "'?" : "")};
  }
  const std::map<std::string, std::string> words = {{"@ID@", id}, {"@NAME@", name_of(id)}, {"@UPPER@", upper_of(id)}};
  std::map<std::string, std::string> files;
  for (const bool of_kind : {false, true})  // What a kind has of its own stands in the place of what all have.
    for (const template_file& t : templates) {
      if ((std::string_view(t.path).find('/') != std::string_view::npos) != of_kind) continue;
      if (const auto place = place_of(t.path, kind)) files[filled_in(*place, words)] = filled_in(t.text, words);
    }
  std::vector<new_file> all;
  for (auto& [path, text] : files) all.push_back({path, std::move(text)});
  return all;
}

}  // namespace tharsis::runtime

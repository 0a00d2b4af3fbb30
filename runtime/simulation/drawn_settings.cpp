#include "runtime/simulation/drawn_settings.h"

#include <algorithm>
#include <optional>

#include "sdk/pure/json.h"

namespace tharsis::runtime {
namespace {

constexpr int64_t size_most = 16 << 20;         // Bytes of one setting; a plugin may well allocate them.
constexpr int64_t unbounded_most = 1'000'000;   // Where a whole number has no greatest value.
constexpr int64_t entries_most = 3;

std::string nonsense(dice& chance) {
  static const std::string texts[] = {"", " ", "-1", "NaN", "%s%n", "../../..", "\n", "\x7f", "tcp://", "[::1", "a:b:c:d", "0x", "1.2.3.4.5:99999", "\xC3\xBC", "{}", "''", "true", std::string(5000, 'x')};
  return texts[chance.below(std::size(texts))];
}

class drawer {
 public:
  // `least_entries`: of lists and maps, where the schema says nothing.
  drawer(drawing how, dice& chance, int64_t least_entries = 0) : how_(how), chance_(chance), least_entries_(least_entries) {}

  // Nothing: it is left out.
  std::optional<std::string> value(const setting& s, bool needed) {
    if (s.type == setting_type::group) return group(s);
    if (!needed && left_out(s)) return {};
    switch (s.type) {
      case setting_type::boolean: return std::string(how_ == drawing::most || (how_ == drawing::any && chance_.chance(0.5)) ? "true" : "false");
      case setting_type::integer: return std::to_string(whole(s, unbounded_most));
      case setting_type::duration: return std::to_string(whole(s, 3'600'000'000'000)) + "ns";
      case setting_type::size: return std::to_string(whole(s, size_most)) + "B";
      case setting_type::real: return real(s);
      case setting_type::choice: return choice(s.values);
      case setting_type::endpoint: return endpoint(s);
      case setting_type::text: return json_text(how_ == drawing::nonsense ? nonsense(chance_) : "a");
      case setting_type::path: return json_text(how_ == drawing::nonsense ? "/" + nonsense(chance_) : "/nowhere");
      case setting_type::list: return list(s);
      case setting_type::map: return map(s);
      default: return {};
    }
  }

  std::string group(const setting& s) {
    std::string text;
    for (const setting& member : s.members) {
      if (!member.deprecated.empty()) continue;
      if (const auto drawn = value(member, member.required && !member.preset)) text += (text.empty() ? " " : ", ") + member.name + ": " + *drawn;
    }
    return "{" + text + " }";
  }

 private:
  // What the schema has no range for cannot be at its end; a text says what only its plugin understands.
  bool left_out(const setting& s) {
    const bool is_text = s.type == setting_type::text || s.type == setting_type::path || s.type == setting_type::endpoint;
    switch (how_) {
      case drawing::needed: return true;
      case drawing::nonsense: return !is_text && s.type != setting_type::list && s.type != setting_type::map;
      case drawing::any: return is_text || chance_.chance(0.5) || !holds_ranges(s);
      default: return is_text || !holds_ranges(s);
    }
  }
  static bool holds_ranges(const setting& s) {
    if (s.type == setting_type::list || s.type == setting_type::map) return s.preset.has_value() ? false : s.min.has_value() && s.min->whole > 0;
    return s.type == setting_type::boolean || s.type == setting_type::choice || s.min || s.max;
  }

  int64_t whole(const setting& s, int64_t ceiling) {
    const int64_t least = s.min ? s.min->whole : 0;
    const int64_t most = std::max(least, std::min(s.max ? s.max->whole : ceiling, s.type == setting_type::size ? size_most : INT64_MAX));
    if (how_ == drawing::most) return most;
    if (how_ != drawing::any || most == least) return least;
    return least + static_cast<int64_t>(chance_.share() * chance_.share() * static_cast<double>(most - least));
  }
  std::string real(const setting& s) {
    const double least = s.min ? s.min->real : 0, most = s.max ? s.max->real : least + 1;
    return std::to_string(how_ == drawing::most ? most : how_ == drawing::any ? least + chance_.share() * (most - least) : least);
  }
  std::string choice(const std::vector<std::string>& values) {
    if (values.empty()) return "\"\"";
    return json_text(how_ == drawing::most ? values.back() : how_ == drawing::any ? values[chance_.below(values.size())] : values.front());
  }
  std::string endpoint(const setting& s) {
    const std::string scheme = s.schemes.empty() ? "tcp" : s.schemes[how_ == drawing::any ? chance_.below(s.schemes.size()) : 0];
    if (how_ == drawing::nonsense) return json_text(scheme + (chance_.chance(0.5) ? "://255.255.255.255:65535" : "://" + std::string(60, 'x') + ".invalid:1"));
    return json_text(scheme + "://127.0.0.1:1");
  }
  int64_t entries(const setting& s) {
    const int64_t least = s.min ? s.min->whole : 0, most = std::max(least, std::min(s.max ? s.max->whole : entries_most, entries_most));
    return how_ == drawing::most || how_ == drawing::nonsense ? std::max<int64_t>(most, least) : std::max<int64_t>(least, least_entries_);
  }
  std::string list(const setting& s) {
    std::string text;
    for (int64_t i = entries(s); i > 0; --i)
      if (const auto drawn = value(s.element[0], true)) text += (text.empty() ? "" : ", ") + *drawn;
    return "[" + text + "]";
  }
  std::string map(const setting& s) {
    std::string text;
    for (int64_t i = entries(s); i > 0; --i)
      if (const auto drawn = value(s.element[0], true)) text += (text.empty() ? " " : ", ") + std::string(1, static_cast<char>('a' + i)) + ": " + *drawn;
    return "{" + text + " }";
  }

  const drawing how_;
  dice& chance_;
  const int64_t least_entries_;
};

}  // namespace

std::string drawn_settings(const setting& group, drawing how, dice& chance) { return drawer(how, chance).group(group); }

size_t count_of_settings(const setting& group) {
  size_t count = 0;
  for (const setting& s : group.members)
    if (s.deprecated.empty()) count += s.type == setting_type::group ? count_of_settings(s) : 1;
  return count;
}

std::string one_drawn_setting(const setting& group, size_t which, dice& chance) {
  for (const setting& s : group.members) {
    if (!s.deprecated.empty()) continue;
    const size_t count = s.type == setting_type::group ? count_of_settings(s) : 1;
    if (which >= count) {
      which -= count;
      continue;
    }
    if (s.type == setting_type::group) return "{ " + s.name + ": " + one_drawn_setting(s, which, chance) + " }";
    const bool holds_others = s.type == setting_type::list || s.type == setting_type::map;
    return "{ " + s.name + ": " + drawer(holds_others ? drawing::needed : drawing::any, chance, 1).value(s, true).value_or("null") + " }";
  }
  return "{ }";
}

}  // namespace tharsis::runtime

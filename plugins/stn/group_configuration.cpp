// What names links of the profile: minor links, and groups.
#include <algorithm>

#include "plugins/stn/configuration_parts.h"
#include "sdk/pure/nearest.h"

namespace tharsis::stn {
namespace {

// What is wrong with a link's name, if anything.
std::optional<error> mistake_in_link_name(const host& from, const std::string& path, const std::string& name, const std::vector<link_settings>& links) {
  std::vector<std::string> known;
  for (const link_settings& l : links) known.push_back(l.name);
  if (std::find(known.begin(), known.end(), name) != known.end()) return {};
  const auto meant = nearest(name, known);
  return wrong(from, path, "there is no link '" + name + "' under links" + (meant ? "; did you mean '" + *meant + "'?" : ""));
}

}  // namespace

result<minor_settings> read_minor(const host& from, const std::string& name, const std::vector<link_settings>& links) {
  const std::string at = "minor_links." + name;
  minor_settings s;
  s.name = name;
  s.like = from.text(at + ".like");
  if (s.like.empty()) s.like = name;
  if (auto mistake = mistake_in_link_name(from, at + ".like", s.like, links)) return std::move(*mistake);
  s.hosts = from.texts(at + ".hosts");
  if (s.hosts.empty()) return wrong(from, at + ".hosts", "minor links need a host at least, like media.example.com or *.example.com");
  for (size_t i = 0; i < s.hosts.size(); ++i) {
    const std::string below = is_pattern(s.hosts[i]) ? s.hosts[i].substr(2) : s.hosts[i];
    if (below.find_first_of("*/:@") != std::string::npos || !parse_endpoint("tcps://" + below + ":1"))
      return wrong(from, at + ".hosts." + std::to_string(i), "'" + s.hosts[i] + "' is no host, like media.example.com, and no pattern, like *.example.com");
  }
  s.port = from.whole(at + ".port", s.port);
  s.most = from.whole(at + ".max", s.most);
  s.in_all = from.whole(at + ".max_all", s.in_all);
  s.idle_after = from.wait(at + ".idle_after", s.idle_after);
  return s;
}

result<group_settings> read_group(const host& from, const std::string& name, const std::vector<link_settings>& links) {
  const std::string at = "groups." + name;
  if (!mistake_in_link_name(from, at, name, links))
    return wrong(from, at, "there is a link of this name, and a task that names it could mean either; call the group otherwise");
  group_settings s{name, from.texts(at + ".links")};
  for (size_t i = 0; i < s.links.size(); ++i) {
    const std::string path = at + ".links." + std::to_string(i);
    if (auto mistake = mistake_in_link_name(from, path, s.links[i], links)) return std::move(*mistake);
    if (std::count(s.links.begin(), s.links.end(), s.links[i]) > 1) return wrong(from, path, "'" + s.links[i] + "' stands here twice");
  }
  if (s.links.empty()) return wrong(from, at + ".links", "a group needs at least one link");
  const std::string choose = from.text(at + ".choose", "first_up");
  s.choose = choose == "least_waiting" ? group_settings::choice::least_waiting
             : choose == "round_robin" ? group_settings::choice::round_robin
                                       : group_settings::choice::first_up;
  return s;
}

}  // namespace tharsis::stn

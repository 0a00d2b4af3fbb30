#include "plugins/stn/minor_links.h"

#include <algorithm>

namespace tharsis::stn {

minor_links::minor_links(const settings& s, link_directory& links) : links_(links) {
  for (const minor_settings& m : s.minor_links)
    for (const link_settings& l : s.links)
      if (l.name == m.like) pools_.push_back({m, l});
}

endpoint minor_links::place_of(const pool& p, const std::string& host) {
  endpoint to = p.model.endpoints.front();
  to.host = host;
  if (p.settings.port != 0) to.port = static_cast<uint16_t>(p.settings.port);
  return to;
}

result<minor_request> minor_links::request_of(std::string_view name, std::string_view host) const {
  const auto found = std::find_if(pools_.begin(), pools_.end(), [&](const pool& p) { return p.settings.name == name; });
  if (found == pools_.end())
    return error{THARSIS_E_NOT_FOUND, "there are no minor links '" + std::string(name) + "'; the profile names them under stn.minor_links"};
  const std::vector<std::string>& hosts = found->settings.hosts;
  minor_request r;
  r.pool = static_cast<uint32_t>(found - pools_.begin()) + 1;
  r.host = host.empty() ? hosts.front() : std::string(host);
  if (host.empty() && is_pattern(r.host))
    return error{THARSIS_E_INVALID, "the task has to name its host: the first of minor_links." + found->settings.name + ".hosts is a pattern"};
  if (std::none_of(hosts.begin(), hosts.end(), [&](const std::string& h) { return is_host_of(h, r.host); }))
    return error{THARSIS_E_INVALID, "minor_links." + found->settings.name + ".hosts does not allow the host '" + r.host + "'"};
  if (const auto fits = parse_endpoint(place_of(*found, r.host).text()); !fits) return fits.failure();
  return r;
}

longlink* minor_links::choose(const minor_request& r, bool& is_new) {
  const minor_settings& s = pools_[r.pool - 1].settings;
  forget_gone();
  std::vector<size_t>& to_host = by_host_[key(r.pool, r.host)];
  std::vector<minor_link> there;
  for (const size_t n : to_host) there.push_back({links_.at(n)->state() == THARSIS_STN_UP, links_.at(n)->unanswered()});
  minor_verdict v = choose_minor(there, count(r.pool), r.alone, s);
  is_new = v.what == minor_verdict::way::open;
  if (v.what == minor_verdict::way::none && to_host.size() < static_cast<size_t>(s.most) && make_room(r)) is_new = true;
  longlink* const chosen = is_new ? open(r, to_host) : v.what == minor_verdict::way::use ? links_.at(to_host[v.which]) : nullptr;
  if (to_host.empty()) by_host_.erase(key(r.pool, r.host));
  return chosen;
}

longlink* minor_links::open(const minor_request& r, std::vector<size_t>& to_host) {
  const minor_settings& m = pools_[r.pool - 1].settings;
  link_settings s = pools_[r.pool - 1].model;
  s.endpoints = {place_of(pools_[r.pool - 1], r.host)};
  s.backup.addresses.clear();  // They are the other server's.
  s.debug_addresses.clear();
  s.on_demand = true;
  s.idle_after = m.idle_after;
  const std::string name = m.name + "@" + r.host;
  const auto is_taken = [&](const std::string& n) {
    return std::any_of(to_host.begin(), to_host.end(), [&](size_t number) { return links_.at(number)->name() == n; });
  };
  s.name = name;
  for (int n = 2; is_taken(s.name); ++n) s.name = name + "#" + std::to_string(n);
  longlink& made = links_.add_unnamed(s);
  to_host.push_back(made.number());
  return &made;
}

// One to another host that no task needs now gives its place away; also one that does not come up.
bool minor_links::make_room(const minor_request& r) {
  for (const auto& [where, numbers] : by_host_)
    for (const size_t n : numbers)
      if (where.first == r.pool && where.second != r.host && links_.at(n)->unanswered() == 0)
        return remove(n, "another host needed its place (minor_links." + pools_[r.pool - 1].settings.name + ".max_all)"), true;
  return false;
}

// Whoever else removed them.
void minor_links::forget_gone() {
  for (auto& [where, numbers] : by_host_) std::erase_if(numbers, [this](size_t n) { return links_.at(n) == nullptr; });
  std::erase_if(by_host_, [](const auto& h) { return h.second.empty(); });
}

size_t minor_links::count(uint32_t number) const {
  size_t sum = 0;
  for (const auto& [where, numbers] : by_host_) sum += where.first == number ? numbers.size() : 0;
  return sum;
}

bool minor_links::may_go(const longlink& link) const {
  if (link.state() != THARSIS_STN_DOWN || link.why() != THARSIS_STN_WHY_IDLE || link.unanswered() > 0) return false;
  return std::any_of(by_host_.begin(), by_host_.end(),
                     [&](const auto& h) { return std::find(h.second.begin(), h.second.end(), link.number()) != h.second.end(); });
}

void minor_links::remove(size_t number, const std::string& sentence) {
  for (auto h = by_host_.begin(); h != by_host_.end(); ++h)
    if (std::erase(h->second, number) > 0) {
      if (h->second.empty()) by_host_.erase(h);
      break;
    }
  links_.remove(number, {THARSIS_STN_WHY_IDLE, THARSIS_E_CANCELLED, sentence}, {THARSIS_E_GONE, THARSIS_STN_LINK_REMOVED, sentence});
}

}  // namespace tharsis::stn

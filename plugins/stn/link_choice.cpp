#include "plugins/stn/link_choice.h"

#include <algorithm>

namespace tharsis::stn {

link_choice::link_choice(const std::vector<group_settings>& groups, link_directory& links) : links_(links) {
  for (const group_settings& g : groups) groups_.push_back({g, group_choice(g.choose)});
}

uint32_t link_choice::group_named(std::string_view name) const {
  for (size_t i = 0; i < groups_.size(); ++i)
    if (groups_[i].settings.name == name) return static_cast<uint32_t>(i + 1);
  return 0;
}

size_t link_choice::choose(uint32_t number) {
  auto& g = groups_[number - 1];
  std::vector<const longlink*> there;
  std::vector<group_member> members;
  for (const std::string& name : g.settings.links)
    if (const longlink* const link = links_.named(name); link != nullptr) {
      there.push_back(link);
      members.push_back({link->state() == THARSIS_STN_UP, link->failures(), link->unanswered()});
    }
  return there.empty() ? link_directory::none : there[g.choice.choose(members)]->number();
}

bool link_choice::is_in(std::string_view name, const longlink& link) const {
  const uint32_t number = group_named(name);
  if (number == 0) return false;
  const auto& all = groups_[number - 1].settings.links;
  return std::find(all.begin(), all.end(), link.name()) != all.end();
}

bool link_choice::has_up(const group& g) const {
  return std::any_of(g.settings.links.begin(), g.settings.links.end(), [this](const std::string& name) {
    const longlink* const link = links_.named(name);
    return link != nullptr && link->state() == THARSIS_STN_UP;
  });
}

std::vector<std::unique_ptr<request>> link_choice::on_state(longlink& link) {
  std::vector<std::unique_ptr<request>> taken;
  for (uint32_t number = 1; number <= groups_.size(); ++number) {
    const group& g = groups_[number - 1];
    if (!is_in(g.settings.name, link)) continue;
    if (has_up(g)) take_waiting(number, taken);
    else if (link.state() == THARSIS_STN_DOWN && link.failures() > 0) link.take_unsent(number, taken);
  }
  return taken;
}

void link_choice::take_waiting(uint32_t number, std::vector<std::unique_ptr<request>>& into) {
  for (const std::string& name : groups_[number - 1].settings.links) {
    longlink* const link = links_.named(name);
    if (link != nullptr && link->state() != THARSIS_STN_UP) link->take_unsent(number, into);
  }
}

std::vector<group_report> link_choice::report() const {
  std::vector<group_report> all;
  for (const group& g : groups_) all.push_back({g.settings.name, static_cast<uint32_t>(g.settings.choose), g.settings.links});
  return all;
}

}  // namespace tharsis::stn

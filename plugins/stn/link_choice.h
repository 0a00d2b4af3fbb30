// Which of several links a task goes over, when it is accepted, and again when that one is down before it was sent.
#pragma once
#include <functional>
#include <memory>
#include <string_view>
#include <vector>

#include "plugins/stn/core/link_groups.h"
#include "plugins/stn/core/links_report.h"
#include "plugins/stn/link_directory.h"

namespace tharsis::stn {

class link_choice {
 public:
  // All of them outlive it.
  link_choice(const std::vector<group_settings>& groups, link_directory& links);

  // The number of the group of this name, from 1 on; 0: there is none. [any thread] [does not block]
  uint32_t group_named(std::string_view name) const;
  const std::string& name_of(uint32_t number) const { return groups_[number - 1].settings.name; }

  // The link for a task of the group of this number; link_directory::none: its links have gone. [own strand, as the following]
  size_t choose(uint32_t number);
  // Is the link one of the group of this name?
  bool is_in(std::string_view name, const longlink& link) const;
  // The link has come up, gone down, or failed to come up: tasks of its groups that were not sent and wait for a link
  // that is not up are taken from it where another is up, or may be sooner. They are to choose() again.
  std::vector<std::unique_ptr<request>> on_state(longlink& link);

  std::vector<group_report> report() const;

 private:
  struct group {
    group_settings settings;
    group_choice choice;
  };
  bool has_up(const group& g) const;
  void take_waiting(uint32_t number, std::vector<std::unique_ptr<request>>& into);

  link_directory& links_;
  std::vector<group> groups_;
};

}  // namespace tharsis::stn

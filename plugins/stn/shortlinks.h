// The short links of a profile by name, and which tasks go over them.
#pragma once
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "plugins/stn/shortlink.h"
#include "sdk/abi/stn.h"

namespace tharsis::stn {

class shortlinks {
 public:
  // All of them outlive it. [own strand]
  shortlinks(strand& place, const host& tables, http_surroundings around, codec_shelf& codecs, const std::vector<short_link_settings>& s,
             shortlink::taker t, shortlink::asker ask, const short_care& care);

  // Where a task may go, as it says: over the long link of that name, over a short one, or over whichever is better
  // then. `long_link`: there is one of that name.
  //   THARSIS_E_INVALID    it wants what a short link cannot do, or a long one.
  //   THARSIS_E_NOT_FOUND  no link of that name and kind.
  // [any thread]
  result<short_request> request_of(const tharsis_stn_task& task, std::string_view name, bool long_link) const;

  // Takes the task where it is a short link's. `up`: its long link is up, and may have it. [own strand, as all of the following]
  bool take(std::unique_ptr<request>& r, bool up);
  // By number, from 1 on.
  shortlink& at(size_t number) { return *links_[number - 1]; }
  bool cancel(uint64_t id);
  // What was said for links of this name, or for all.
  void end_tasks(std::string_view name, const ending& why, std::string_view user);
  void hurry(std::string_view name, bool anew);
  void send_again(const std::string& user);
  void start();
  void on_network(const tharsis_network_state& now);
  void stop();
  task<void> wait_stopped(instant deadline);

 private:
  const std::vector<short_link_settings>& settings_;
  std::vector<std::unique_ptr<shortlink>> links_;
};

}  // namespace tharsis::stn

// `tharsis stn listen ENDPOINT...`: one link of its own, and each push as it comes.
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "plugins/stn/dispatcher.h"
#include "plugins/stn/link_events.h"
#include "sdk/async/command.h"

namespace tharsis::stn {

class listen_command final : public link_ear {
 public:
  // All of them outlive it.
  listen_command(const host& tables, strand& place, link_events& events) : place_(place), host_(tables), events_(events), over_(place), work_(place) {}
  listen_command(const listen_command&) = delete;

  // In the place of the plugin's start. Ends with finish(): 0 when the pushes, or the time, that were asked for are over,
  // or it is interrupted while the link is up; 1 otherwise; 2 when the words make no sense.
  void run(const command_call& call);
  // Everything is closed when it returns.
  task<void> stop();

  void on_state(const link_state& s) override;
  void on_push(const std::string& link, const push& p) override;

 private:
  task<void> work();
  void finish(int code);

  strand& place_;
  const host host_;
  link_events& events_;
  std::optional<command_call> call_;
  std::optional<settings> settings_;
  std::optional<dispatcher> tasks_;
  int64_t count_ = 0;   // 0: as many as come.
  duration lasts_{};    // 0: until it is stopped.
  int64_t heard_ = 0;
  bool json_ = false, up_ = false, finished_ = false;
  signal over_;
  task_set work_;
};

}  // namespace tharsis::stn

// Back from a backup address: from time to time one of the server's own is tried, and the link moves there when
// it works.
#pragma once
#include <functional>
#include <memory>
#include <optional>

#include "plugins/stn/core/return_pace.h"
#include "plugins/stn/dialer.h"
#include "sdk/async/task_set.h"

namespace tharsis::stn {

class way_home {
 public:
  // `found` is called when there is a stream to take(). All of them outlive it.
  way_home(strand& place, const host& tables, switchboard& ways, const link_settings& s, std::function<void()> found)
      : place_(place), ways_(ways), settings_(s), dialer_(place, tables, ways, s, phases_), pace_(s.backup), found_(std::move(found)),
        changed_(place), looking_(place) {}

  // The link is up on a backup address of `to`.
  void begin(endpoint to);
  // It is not, any more.
  void end();
  void on_foreground(bool is);
  void change(const backup_settings& s) { pace_.change(s); }
  // What was found belongs to the network before.
  void on_network();

  bool found() const { return stream_ != nullptr; }
  // The stream, and the address that it leads to.
  std::unique_ptr<stream> take() { return std::move(stream_); }
  const tharsis_address& address() const { return dialer_.address(); }

 private:
  task<void> look(endpoint to);

  strand& place_;
  switchboard& ways_;
  const link_settings& settings_;
  phase_clock phases_;
  dialer dialer_;
  return_pace pace_;
  const std::function<void()> found_;
  std::optional<endpoint> to_;  // Where it looks for the way home.
  signal changed_;
  std::unique_ptr<stream> stream_;
  task_set looking_;
};

}  // namespace tharsis::stn

// `tharsis xlog push`: ships log files to a receiver.
#pragma once
#include <memory>
#include <optional>

#include "plugins/xlog/core/push_arguments.h"
#include "plugins/xlog/core/settings.h"
#include "plugins/xlog/shipper.h"
#include "sdk/async/command.h"
#include "sdk/async/host.h"
#include "sdk/async/strand.h"
#include "sdk/async/task.h"

namespace tharsis::xlog {

class push_command {
 public:
  push_command(const host& h, strand& place, ship_settings has, command_call c) : host_(h), place_(place), has_(std::move(has)), call_(std::move(c)) {}

  // Ships, prints, and ends the command. Once.
  task<void> run();
  void stop() {
    stopping_ = true;
    if (shipper_) shipper_->stop();
  }

 private:
  task<int> work();
  task<int> ship(push_arguments asked, ship_place to);
  int report(const push_arguments& asked, const shipper::outcome& o, size_t complaints) const;
  int complain(int code, const std::string& text) const;

  const host host_;
  strand& place_;
  const ship_settings has_;
  const command_call call_;
  std::unique_ptr<shipper> shipper_;
  bool stopping_ = false;
};

}  // namespace tharsis::xlog

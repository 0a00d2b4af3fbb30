// `tharsis xlog cat`, tail, grep, stat, verify, export, import: takes the words apart, reads the key, and has the command's work
// done where it may block.
#pragma once
#include <atomic>
#include <memory>
#include <optional>

#include "plugins/xlog/read_run.h"
#include "sdk/async/host.h"
#include "sdk/async/signal.h"
#include "sdk/async/strand.h"
#include "sdk/async/task.h"

namespace tharsis::xlog {

class read_command {
 public:
  read_command(const host& h, strand& place, command_call c) : host_(h), place_(place), call_(std::move(c)), stopped_(place) {}

  // Reads, prints, and ends the command. Once.
  task<void> run();
  // run() ends soon.
  void stop() {
    stop_ = true;
    stopped_.raise();
  }

 private:
  task<int> work();
  task<int> tail(std::shared_ptr<const reading> r);
  task<bool> read_key(std::string path);

  const host host_;
  strand& place_;
  const command_call call_;
  std::optional<private_key> key_;
  std::atomic<bool> stop_{false};
  signal stopped_;
};

}  // namespace tharsis::xlog

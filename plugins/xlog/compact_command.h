// `tharsis xlog compact`: closed files into larger blocks, by hand.
#pragma once
#include <string>
#include <vector>

#include "plugins/xlog/compact_file.h"
#include "sdk/async/command.h"
#include "sdk/async/host.h"
#include "sdk/async/signal.h"
#include "sdk/async/strand.h"
#include "sdk/async/task.h"

namespace tharsis::xlog {

class compact_command {
 public:
  compact_command(const host& h, strand& place, command_call c) : host_(h), place_(place), call_(std::move(c)) {}

  // Compacts, says what it did, and ends the command. Once.
  task<void> run();
  void stop() { stop_ = true; }

 private:
  void tell(const std::string& path, const compaction_outcome& o, bool dry, bool json);

  const host host_;
  strand& place_;
  const command_call call_;
  bool stop_ = false;
  bool failed_ = false;
};

}  // namespace tharsis::xlog

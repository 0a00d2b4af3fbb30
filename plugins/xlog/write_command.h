// `tharsis xlog write DIR`: logs lines through the real path, for tests and to see what it costs; and
// `tharsis xlog recover DIR`: keeps what dead processes left in DIR.
#pragma once
#include <atomic>
#include <memory>
#include <string>

#include "plugins/xlog/core/settings.h"
#include "plugins/xlog/os_load_linux.h"
#include "plugins/xlog/writer.h"
#include "sdk/async/command.h"
#include "sdk/async/host.h"
#include "sdk/async/strand.h"
#include "sdk/async/task.h"

namespace tharsis::xlog {

class write_command {
 public:
  // Of "write" or "recover".
  write_command(const host& h, strand& place, settings s, command_call c);

  // Logs, prints, and ends the command. Once.
  task<void> run();
  void stop();

 private:
  static settings with_directory(settings s, const command_call& c);

  task<int> work();
  int tell_recovered() const;
  task<int> write_lines(line_load wanted);
  int complain(int code, const std::string& text);

  const host host_;
  strand& place_;
  const command_call call_;
  writer writer_;
  const std::shared_ptr<std::atomic<bool>> stopped_ = std::make_shared<std::atomic<bool>>(false);  // Outlives us in the load.
  bool logs_ = false;
};

}  // namespace tharsis::xlog

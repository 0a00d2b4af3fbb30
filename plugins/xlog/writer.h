// Carries lines from the intake to the file: waits a little for company, writes a batch where it may
// block, and when that fails keeps what fits into memory and tries again until it works.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "plugins/xlog/core/settings.h"
#include "plugins/xlog/intake.h"
#include "plugins/xlog/log_files.h"
#include "sdk/abi/xlog.h"
#include "sdk/async/host.h"
#include "sdk/async/signal.h"
#include "sdk/async/task.h"
#include "sdk/pure/metrics.h"

namespace tharsis::xlog {

class writer {
 public:
  writer(const host& h, strand& place, const settings& s);

  // For lines of any thread, from now on until destruction.
  intake& lines() { return intake_; }

  // Opens the file. The sentence of a failure is fit to end start() with. Once, before run().
  task<error> open();

  // Writes until stop(), then what is left, and closes the file.
  task<void> run();
  void stop() { wake_.raise(stopping); }

 private:
  static constexpr uint32_t stopping = 8;  // Beside the reasons of the intake.
  // Lines on their way to the file. Shared with the thread that writes them.
  struct consignment {
    std::vector<record> lines;
    size_t written = 0;
  };
  struct counts {
    explicit counts(const host& h);
    counter lines, bytes, lines_lost, failures;
    gauge batch_high;
    histogram write_time;
  };

  static void on_wake(void* context, tharsis_handle reasons);
  task<void> wait_for_lines();
  task<void> write_what_waits();
  task<bool> deliver(std::shared_ptr<consignment> c);
  task<log_files::outcome> append(std::shared_ptr<consignment> c);
  task<void> pause();
  task<void> close();
  void on_written(const log_files::outcome& o);
  void count_lost();
  void on_failure(const error& why);
  void publish(const error& why);

  const host host_;
  strand& place_;
  const settings settings_;
  const counts counts_;
  signal wake_;
  intake intake_;
  const std::shared_ptr<log_files> files_;  // Used inside blocking work only.
  tharsis_handle topic_ = 0;
  std::string file_;        // The one that was written last.
  uint64_t written_ = 0;
  uint64_t published_lost_ = 0;
  uint64_t counted_lost_ = 0;
  uint64_t given_up_ = 0;   // Lines that could not be written before the end.
  duration retry_{};        // The last pause after a failure; zero: writing works.
  instant failing_since_{};
  bool stop_ = false;
};

}  // namespace tharsis::xlog

// Keeps lines on their way from the rings to the files: sleeps while there are none, lets them wait a little for company,
// writes where it may block, and when that fails leaves them in the rings and tries again until it works.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "plugins/xlog/compacting.h"
#include "plugins/xlog/console_sink.h"
#include "plugins/xlog/core/settings.h"
#include "plugins/xlog/current_file.h"
#include "plugins/xlog/drain.h"
#include "plugins/xlog/housekeeping.h"
#include "plugins/xlog/intake.h"
#include "plugins/xlog/machinery.h"
#include "sdk/abi/xlog.h"
#include "sdk/async/host.h"
#include "sdk/async/signal.h"
#include "sdk/async/task.h"
#include "sdk/pure/metrics.h"

namespace tharsis::xlog {

class writer {
 public:
  writer(const host& h, strand& place, const settings& s);
  ~writer();

  // For lines of any thread, once open() has come back and until close_rings().
  intake& lines() { return intake_; }

  // Makes rings and the first file, and takes what the dead left. The sentence of a failure is fit to end start()
  // with. Once, before run().
  task<error> open();

  // Writes until stop(), then what is left, and closes the file.
  task<void> run();
  void stop() {
    wake_.raise(stopping);
    keeping_.stop();
    compacting_.stop();
  }
  // Beside run(): files come and go as the limits say.
  task<void> keep_files() { return keeping_.run(); }
  // The same: closed files are put into larger blocks.
  task<void> compact_files() { return compacting_.run(); }
  void set_limits(const retention& keep) {
    keeping_.set_limits(keep);
    compacting_.set_limits(keep);
  }

  // From this level on lines are printed for people.
  void show(uint32_t level) { console_.show(level, place_.wall()); }

  // That is written, or was last; empty: none yet. [any thread]
  std::string file() const { return shown_file_.get(); }

  // Dead processes whose lines were kept.
  uint64_t recovered() const { return recovered_; }
  // What of them could not be kept, or had to be set aside: so many complaints.
  uint64_t not_recovered() const { return not_recovered_; }

  // Whether calls wait until their line is in the file, and for how long: of `s` only that. After open().
  void set_mode(const settings& s);

  // See tharsis_log_sink. [any thread]
  tharsis_status flush_now(duration most);
  void close_rings();

 private:
  static constexpr uint32_t stopping = 1 << 16;  // Beside the reasons of the intake.
  struct counts {
    explicit counts(const host& h);
    counter lines, bytes, lines_recorded, lines_lost, failures, recovered, late;
    histogram write_time;
    std::map<std::pair<std::string, uint32_t>, counter> full;  // Lines that found their rings full.
  };
  // Used inside blocking work, one at a time; it may outlive the coroutine that began it.
  struct work {
    machinery on;
    std::optional<drain> lines;
  };
  struct opened {
    error failure{THARSIS_OK, {}};
    std::string file;
    uint64_t recovered = 0;             // Segments.
    std::vector<std::string> complaints;
  };

  static void on_wake(void* context, tharsis_handle reasons);
  opened open_now(int64_t wall);
  void recover(opened& o, int64_t wall);
  void keep_crash(opened& o, const segment_image& image, int64_t wall);
  task<uint32_t> wait_for_lines();
  task<uint32_t> wait_and_tell(instant due);
  task<void> write_what_waits(bool all);
  task<drain::outcome> drain_once(bool all);
  struct ending {
    drain::outcome last;
    error closing{THARSIS_OK, {}};
    drain::unwritten left;
  };
  static ending end_now(work& w, const tharsis_loop* loop, int64_t wall);
  task<void> close();
  void on_left(drain::unwritten left);
  void count_full(const loss_counts& full);
  instant due_from(instant now);
  bool may_sleep();
  void on_written(const drain::outcome& o);
  void on_failure(const error& why);
  task<bool> make_room();
  void set_scarce(bool scarce);
  void publish(const error& why);

  const host host_;
  strand& place_;
  const settings settings_;
  counts counts_;
  signal wake_;
  const std::shared_ptr<work> work_;  // Outlives the rings in intake_, which ask it for threads.
  intake intake_;
  console_sink console_;
  housekeeping keeping_;
  compacting compacting_;
  tharsis_handle topic_ = 0;
  std::string file_;        // The one that was written last.
  current_file shown_file_;  // The same.
  uint64_t recovered_ = 0, not_recovered_ = 0;
  uint64_t written_ = 0;
  uint64_t lost_ = 0;
  uint64_t published_lost_ = 0;
  bool waiting_ = false;    // Lines are in a block that is not full.
  duration retry_{};        // The last pause after a failure; zero: writing works.
  instant failing_since_{};
  instant unkept_since_{};  // Since when lines may wait that power_loss is promised for.
  bool scarce_ = false;     // The disk is full, and nothing may go.
  bool stop_ = false;
};

}  // namespace tharsis::xlog

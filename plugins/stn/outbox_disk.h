// The durable outbox's file over the host's tables: locked, read once, then appended to. What cannot be appended is
// written with all else to a new file; while the disk takes neither, records wait.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/stn/core/outbox_file.h"
#include "plugins/stn/core/outbox_settings.h"
#include "sdk/async/host.h"
#include "sdk/async/signal.h"
#include "sdk/async/task_set.h"

namespace tharsis::stn {

class outbox_disk {
 public:
  using on_written = std::function<void(const error&)>;
  // What a new file begins with: the state after all records that were given to write(), but for tasks that were never
  // on the disk.
  using on_snapshot = std::function<std::vector<outbox_record>()>;

  // `path` is the file's. All of them outlive it.
  outbox_disk(strand& place, const host& tables, const outbox_settings& s, std::string path, on_snapshot now)
      : place_(place), host_(tables), settings_(s), path_(std::move(path)), snapshot_(std::move(now)), changed_(place), work_(place) {}
  outbox_disk(const outbox_disk&) = delete;

  // `read` is called once with what the file held, or with why there is no outbox: another process has it, its key is
  // missing, the disk fails. Then nothing is written, ever.
  void open(std::function<void(result<std::vector<outbox_record>>)> read);
  // Once `read` had an outbox. In the order of the calls, many at a time. `then` is called once: it is on the disk, or why not. A put that failed is
  // not tried again, and where it may stand in the file it is taken back there before `then` is called; the next process may still find it where
  // the disk takes that neither until this one has gone. All others are tried again.
  void write(outbox_record r, on_written then = {});
  // What was given to write() is on the disk when it returns, and what failed is not, if the disk takes that by then; what is being written is
  // waited for.
  task<void> close(instant deadline);

 private:
  struct waiting {
    outbox_record record;
    on_written then;
  };
  struct opened {  // What the thread that may block brings back.
    tharsis_handle lock = 0;
    std::string bytes;
    std::optional<outbox_key> key;
    error failure = fine();
  };
  static opened open_file(const tharsis_files& files, const std::string& path, const std::string& key_file);
  task<void> run(std::function<void(result<std::vector<outbox_record>>)> read);
  task<result<std::vector<outbox_record>>> load();
  task<error> put_aside(std::string bytes, std::string why);
  task<void> work_off();
  result<std::string> take_batch();
  task<void> disown_puts();
  task<error> append(std::string bytes);
  task<error> rewrite(std::vector<outbox_record> with);
  static std::vector<outbox_record> new_ones(const std::vector<waiting>& batch);
  void on_failure(const error& why);
  error give_way(error why);
  void finish();

  strand& place_;
  const host host_;
  const outbox_settings settings_;
  const std::string path_;
  const on_snapshot snapshot_;
  std::optional<outbox_key> key_;
  std::optional<outbox_writer> writer_;
  tharsis_handle lock_ = 0, file_ = 0;
  uint64_t length_ = 0, first_length_ = 0;  // Of the file, and of it when it was new.
  bool whole_ = false;    // The file ends where a record does, and has none that failed.
  bool doubtful_ = false;  // What failed of the batch may stand at the end of it.
  std::vector<waiting> queue_;
  std::vector<waiting> batch_;  // Of these, what is being written.
  instant retry_at_ = instant::min();
  instant close_by_ = never;
  bool closing_ = false, complained_ = false;
  signal changed_;
  task_set work_;
};

}  // namespace tharsis::stn

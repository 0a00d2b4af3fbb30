// A small text that a plugin keeps, for its next start or for whoever looks: read once, where it is read at all, and
// written whenever it has changed. A file that means nothing is put aside and told of; without one, or without a disk,
// everything works all the same.
#pragma once
#include <functional>
#include <string>

#include "sdk/async/host.h"
#include "sdk/async/signal.h"
#include "sdk/async/task_set.h"
#include "sdk/pure/error.h"

namespace tharsis {

class kept_file {
 public:
  struct terms {
    std::string path;       // Empty: nothing is remembered beyond this instance.
    std::string what;       // "a file of intervals"
    std::string loss;       // What a person misses when it cannot be read: "learned heartbeats are not there";
    std::string never_kept;  // or not written: "what heartbeats have learned cannot be kept for the next start"
    uint64_t size_max = 256 * 1024;
    duration pause{};  // Between two writes. The last one, in close(), waits for nothing.
  };
  // What is kept. `read` takes a text over, or says why it means nothing; what is known already is newer. Null: what
  // was there is not looked at. Without `write` the file is somebody else's: it is read, and left as it is.
  struct content {
    std::function<error(std::string_view text)> read;
    std::function<std::string()> write;
  };

  kept_file(strand& place, const host& tables, terms t, content c)
      : place_(place), host_(tables), terms_(std::move(t)), content_(std::move(c)), changed_(place), work_(place) {}

  // `known` is called once what the file says has been read, or there is none; never where nothing is kept.
  void open(std::function<void()> known = {});
  bool kept() const { return !terms_.path.empty(); }
  // What `write` answers is another than before.
  void change() { ++changes_, changed_.raise(); }
  // What has changed is written now, whatever the pause is; and what could not be written before is tried again, here and in close().
  void hurry();
  // The same, and it is on the disk when it returns; or why not. Nothing where nothing is kept, or after close().
  task<error> settle();
  // What is known is on the disk when it returns, if the disk takes it by then.
  task<void> close(instant deadline);

 private:
  task<void> run(std::function<void()> known);
  task<void> load();
  task<error> put_aside(std::string why);
  task<void> save();
  void forgive();
  bool unsaved() const { return content_.write && changes_ != taken_; }

  strand& place_;
  const host host_;
  const terms terms_;
  const content content_;
  signal changed_;
  // Counted by change(): all, those that the last text has which was taken to be written, and those that were tried to be.
  uint64_t changes_ = 0, taken_ = 0, tried_ = 0;
  error failure_ = fine();  // Of the last write.
  bool hurried_ = false;
  bool closing_ = false;
  bool complained_ = false;
  instant saved_at_ = instant::min();
  task_set work_;
};

}  // namespace tharsis

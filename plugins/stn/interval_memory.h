// The file of what links have learned about idle paths: read once, written whenever something was learned. A
// file that means nothing is put aside and told of; without one, or without a disk, everything works all the same.
#pragma once
#include <functional>
#include <string>

#include "plugins/stn/core/learned_intervals.h"
#include "sdk/async/host.h"
#include "sdk/async/task_set.h"

namespace tharsis::stn {

class interval_memory {
 public:
  // `path` empty: nothing is remembered beyond this instance.
  interval_memory(strand& place, const host& tables, std::string path)
      : place_(place), host_(tables), path_(std::move(path)), changed_(place), work_(place) {}

  // `read` is called when what the file says is known, if there is any.
  void open(std::function<void()> read);
  // What is known is on the disk when it returns, if the disk takes it by then.
  task<void> close(instant deadline);

  std::optional<learned_interval> recall(std::string_view link, std::string_view network) {
    return known_.find(link, network);
  }
  void keep(std::string_view link, std::string_view network, const learned_interval& l);

 private:
  task<void> run(std::function<void()> read);
  task<void> load();
  task<void> save();

  strand& place_;
  const host host_;
  const std::string path_;
  learned_intervals known_;
  signal changed_;
  bool unsaved_ = false;
  bool closing_ = false;
  bool complained_ = false;
  task_set work_;
};

}  // namespace tharsis::stn

// What links have learned about idle paths, kept in a file for the next start.
#pragma once
#include <functional>
#include <string>

#include "plugins/stn/core/learned_intervals.h"
#include "sdk/async/kept_file.h"

namespace tharsis::stn {

class interval_memory {
 public:
  // `path` empty: nothing is remembered beyond this instance.
  interval_memory(strand& place, const host& tables, std::string path);

  // `read` is called when what the file says is known, if there is any.
  void open(std::function<void()> read) { file_.open(std::move(read)); }
  // What is known is on the disk when it returns, if the disk takes it by then.
  task<void> close(instant deadline) { return file_.close(deadline); }

  std::optional<learned_interval> recall(std::string_view link, std::string_view network, bool dozing) {
    return known_.find(link, network, dozing);
  }
  void keep(std::string_view link, std::string_view network, const learned_interval& l, bool dozing);

 private:
  error take_over(std::string_view text);

  learned_intervals known_;
  kept_file file_;
};

}  // namespace tharsis::stn

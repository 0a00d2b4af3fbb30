// The file by which `tharsis stn status` and `tharsis stn explain` learn how the links of a running stn are: written
// when something has changed, at most once in `book_pause`; whole or not at all.
#pragma once
#include <functional>
#include <string>

#include "plugins/stn/core/links_report.h"
#include "sdk/async/host.h"
#include "sdk/async/task_set.h"

namespace tharsis::stn {

class link_book {
 public:
  // `path` empty: nobody wants to know.
  link_book(strand& place, const host& tables, std::string path)
      : place_(place), host_(tables), path_(std::move(path)), changed_(place), work_(place) {}

  // `report` is asked whenever it is time to write.
  void open(std::function<links_report()> report);
  // Something has changed.
  void touch();
  // The last word is on the disk when it returns, if the disk takes it by then.
  task<void> close(instant deadline);

 private:
  task<void> run();
  task<void> write();

  strand& place_;
  const host host_;
  const std::string path_;
  std::function<links_report()> report_;
  signal changed_;
  bool dirty_ = false;
  bool closing_ = false;
  bool complained_ = false;
  task_set work_;
};


}  // namespace tharsis::stn

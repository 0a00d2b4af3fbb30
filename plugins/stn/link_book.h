// The file by which `tharsis stn status` and `tharsis stn explain` learn how the links of a running stn are: written
// when something has changed, at most once in `book_pause`; whole or not at all.
#pragma once
#include <functional>
#include <string>

#include "plugins/stn/core/links_report.h"
#include "sdk/async/kept_file.h"

namespace tharsis::stn {

class link_book {
 public:
  // `path` empty: nobody wants to know.
  link_book(strand& place, const host& tables, std::string path);

  // `report` is asked whenever it is time to write.
  void open(std::function<links_report()> report);
  // Something has changed.
  void touch() { file_.change(); }
  // The last word is on the disk when it returns, if the disk takes it by then.
  task<void> close(instant deadline);

 private:
  std::string text() const;

  strand& place_;
  std::function<links_report()> report_;
  bool closing_ = false;
  kept_file file_;
};

}  // namespace tharsis::stn

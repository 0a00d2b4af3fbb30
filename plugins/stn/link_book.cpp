#include "plugins/stn/link_book.h"

#include "plugins/stn/core/settings.h"

namespace tharsis::stn {

link_book::link_book(strand& place, const host& tables, std::string path)
    : place_(place),
      file_(place, tables, {.path = std::move(path), .never_kept = "`tharsis stn status` cannot tell how links are", .pause = book_pause},
            {.read = nullptr, .write = [this] { return text(); }}) {}

void link_book::open(std::function<links_report()> report) {
  report_ = std::move(report);
  file_.change();
  file_.open();
}

task<void> link_book::close(instant deadline) {
  closing_ = true;
  file_.change();
  return file_.close(deadline);
}

std::string link_book::text() const {
  links_report r = report_();
  r.wall = place_.wall();
  r.running = !closing_;
  return book_text(r);
}

}  // namespace tharsis::stn

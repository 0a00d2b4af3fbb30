#include "plugins/stn/link_book.h"

#include "plugins/stn/core/settings.h"
#include "sdk/async/blocking.h"

namespace tharsis::stn {
namespace {

error write_book(const tharsis_files& files, const std::string& path, const std::string& text) {
  tharsis_error why = no_error();
  const std::string_view folder = std::string_view(path).substr(0, path.rfind('/'));  // Nobody else makes it.
  tharsis_status status = files.make_folder(files.self, text_of(folder), &why);
  if (status == THARSIS_OK) status = files.replace(files.self, text_of(path), bytes_of(as_bytes(text)), &why);
  return status == THARSIS_OK ? error{THARSIS_OK, {}} : error_from(status, why);
}

}  // namespace

void link_book::open(std::function<links_report()> report) {
  if (path_.empty()) return;
  report_ = std::move(report);
  dirty_ = true;
  work_.spawn(run());
}

void link_book::touch() {
  dirty_ = true;
  changed_.raise();
}

task<void> link_book::close(instant deadline) {
  closing_ = true;
  touch();
  co_await work_.join(deadline);
  work_.clear();
}

task<void> link_book::run() {
  while (!closing_ || dirty_) {
    if (!dirty_) {
      co_await changed_.wait();
      continue;
    }
    co_await write();
    for (const instant next = later(place_.now(), book_pause); !closing_ && place_.now() < next;)
      co_await changed_.wait(next);
  }
}

task<void> link_book::write() {
  dirty_ = false;
  links_report r = report_();
  r.wall = place_.wall();
  r.running = !closing_;
  const tharsis_files* const files = host_.files;
  const auto work = [files, path = path_, text = book_text(r)] { return write_book(*files, path, text); };
  const auto written = co_await blocking(place_, work);
  const error failure = written ? *written : error{THARSIS_E_BUSY, "too much blocking work waits"};
  if (failure.status != THARSIS_OK && !std::exchange(complained_, true))
    host_.warning("`tharsis stn status` cannot tell how links are: " + failure.text);
}

}  // namespace tharsis::stn

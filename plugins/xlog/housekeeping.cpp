#include "plugins/xlog/housekeeping.h"

#include "sdk/async/blocking.h"

namespace tharsis::xlog {
namespace {

// Age is counted in days, and a disk fills up by what is written, which begins files.
constexpr duration between_looks = 1h;

}  // namespace

housekeeping::housekeeping(const host& h, strand& place, const settings& s)
    : host_(h),
      place_(place),
      removed_(h.count<counter>("files_removed", "1", "Old log files that had to go")),
      bytes_(h.count<counter>("bytes_removed", "bytes", "Of them")),
      moved_(h.count<counter>("files_moved", "1", "Log files that were moved out of the folder for young files")),
      wake_(place),
      settings_(s),
      keeper_(std::make_shared<keeper>(h.files, s)) {}

// When it is time to stop, files that were begun since the last look are seen to.
task<void> housekeeping::run() {
  for (uint32_t reasons = looking; (reasons & looking) != 0 || reasons == 0;) {
    const auto job = [k = keeper_, wall = place_.wall()] { return k->look(wall); };
    const auto done = co_await blocking(place_, job);
    if (done) tell(*done);
    if ((reasons & stopping) != 0) co_return;
    reasons = co_await wake_.wait(later(place_.now(), between_looks));
  }
}

task<void> housekeeping::keep_limits() {
  if (settings_.keep.keep_bytes == 0 && settings_.keep.keep_free == 0) co_return;
  const auto job = [k = keeper_, wall = place_.wall()] { return k->look(wall); };
  const auto done = co_await blocking(place_, job);
  if (done) tell(*done);
}

task<bool> housekeeping::make_room() {
  const auto job = [k = keeper_, wall = place_.wall()] { return k->make_room(wall); };
  const auto done = co_await blocking(place_, job);
  if (!done) co_return false;
  tell(*done);
  co_return done->made_room;
}

void housekeeping::set_limits(const retention& keep) {
  if (keep == settings_.keep) return;
  settings_.keep = keep;
  keeper_ = std::make_shared<keeper>(host_.files, settings_);
  look();
}

void housekeeping::tell(const keeper::outcome& o) {
  removed_.add(o.files);
  bytes_.add(o.bytes);
  moved_.add(o.moved);
  for (const std::string& sentence : o.told) host_.info(sentence);
  for (const std::string& complaint : o.complaints) {
    if (complaint == last_complaint_) continue;
    last_complaint_ = complaint;
    host_.warning(complaint);
  }
}

}  // namespace tharsis::xlog

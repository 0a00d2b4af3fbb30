#include "plugins/xlog/ship_service.h"

#include <cstddef>
#include <utility>

#include "plugins/xlog/ship_target.h"
#include "sdk/async/blocking.h"
#include "sdk/pure/topic.h"

namespace tharsis::xlog {
namespace {

constexpr tharsis_field shipped_fields[] = {
    {"files", THARSIS_FIELD_U64, offsetof(tharsis_xlog_shipped, files), nullptr, 0},
    {"bytes", THARSIS_FIELD_U64, offsetof(tharsis_xlog_shipped, bytes), nullptr, 0},
    {"status", THARSIS_FIELD_I32, offsetof(tharsis_xlog_shipped, status), nullptr, 0},
    {"failed", THARSIS_FIELD_U32, offsetof(tharsis_xlog_shipped, failed), nullptr, 0},
    {"reason", THARSIS_FIELD_TEXT, offsetof(tharsis_xlog_shipped, reason), nullptr, 0},
};
constexpr tharsis_topic shipped_topic = topic_of<tharsis_xlog_shipped>(THARSIS_TOPIC_EVENT, THARSIS_XLOG_SHIPPED_TOPIC, shipped_fields);

}  // namespace

ship_service::ship_service(const host& h, strand& place, const ship_settings& s, std::vector<std::string> folders, std::string name, intake& lines)
    : host_(h),
      place_(place),
      settings_(s),
      folders_(std::move(folders)),
      name_(std::move(name)),
      lines_(lines),
      files_(h.count<counter>("files_shipped", "1", "Log files that the receiver has now as they were here, each time")),
      bytes_(h.count<counter>("bytes_shipped", "bytes", "Of log files, that a receiver took")),
      failures_(h.count<counter>("shipping_failed", "1", "Attempts to ship that ended before all was there")),
      duties_(s, place.now()),
      inbox_(place.loop(), on_letter, this),
      network_(*h.network),
      wake_(place) {}

ship_service::~ship_service() {
  if (tap_ != 0) lines_.listeners().close(tap_);
}

void ship_service::stop() {
  stop_ = true;
  network_.close();
  if (tap_ != 0) lines_.listeners().close(std::exchange(tap_, 0));
  if (shipper_) shipper_->stop();
  wake_.raise(stopping);
}

tharsis_status ship_service::ask(int64_t since, int64_t until, uint32_t level, tharsis_error* error) {
  if (level > THARSIS_LOG_FATAL) return fail(error, THARSIS_E_INVALID, "lines have levels from verbose to fatal");
  if (since >= until) return fail(error, THARSIS_E_INVALID, "the time for which log files are wanted is empty");
  letter l;
  l.asked = {level, since, until};
  return inbox_.send(l);
}

void ship_service::on_letter(void* self, letter l) {
  auto& s = *static_cast<ship_service*>(self);
  if (l.is_error) s.duties_.on_error(l.wall, s.place_.now());
  else s.duties_.on_asked(l.asked, s.place_.now());
  s.wake_.raise(news);
}

// On a thread of the writer's, which is not kept.
int32_t ship_service::on_line(void* self, const tharsis_log_record* line) {
  letter l;
  l.is_error = true;
  l.wall = line->wall;
  static_cast<ship_service*>(self)->inbox_.send(l);
  return 1;
}

task<bool> ship_service::begin() {
  const auto job = [files = host_.files, s = settings_] { return open_target(files, s, "xlog.ship.ca"); };
  auto place = co_await blocking(place_, job);
  if (!place || !*place) {
    host_.warning("the log is not shipped: " + (place ? place->failure().text : "the host has no thread free to begin"));
    co_return false;
  }
  shipper_ = std::make_unique<shipper>(host_, place_, std::move(**place));
  co_return !stop_;
}

task<void> ship_service::run() {
  topic_ = host_.declare(shipped_topic);
  const bool begun = co_await begin();
  if (!begun) co_return;
  network_.open([this](const tharsis_network_state& n) {
    duties_.on_network(n.type, n.metered, place_.now());
    wake_.raise(news);
  });
  const tharsis_log_filter errors{sizeof errors, THARSIS_LOG_ERROR, {}, {}, {}};
  if (settings_.on_error) tap_ = lines_.open_tap(&errors, false, on_line, this);
  while (!stop_) {
    if (const auto due = duties_.next(place_.now())) co_await carry_out(*due);
    else co_await wake_.wait(duties_.deadline(place_.now()));
  }
}

task<void> ship_service::carry_out(ship_duty d) {
  std::vector<std::pair<std::string, std::string>> paths;
  if (d.with_files)
    for (const std::string& f : folders_) paths.emplace_back(f, f);
  const auto look = [files = host_.files, paths, since = d.wanted.since, name = name_] { return find_logs(files, paths, since, name); };
  auto found = co_await blocking(place_, look);
  shipper::outcome o;
  o.failure = {THARSIS_E_BUSY, "the host has no thread free to look for log files"};
  if (found) o = co_await shipper_->run(std::move(found->all), d.wanted, settings_.numbers, false, nullptr);
  const bool worked = o.failure.status == THARSIS_OK && o.failures.empty();
  duties_.on_done(d, worked, place_.now());
  if (d.why == ship_duty::reason::look && o.failure.status == THARSIS_OK) duties_.on_wishes(o.wishes);
  if (worked && d.why == ship_duty::reason::wish) co_await shipper_->fulfil(d.wish, settings_.numbers.answer_timeout);
  if (worked || o.failure.status != THARSIS_E_CANCELLED) tell(o);
}

// What is said here is a line too, and will be shipped: so it is said once, and only what is new.
void ship_service::tell(const shipper::outcome& o) {
  const bool worked = o.failure.status == THARSIS_OK && o.failures.empty();
  files_.add(o.counts.files);
  bytes_.add(o.counts.bytes);
  if (!worked) failures_.add();
  const std::string why = o.failure.status != THARSIS_OK ? o.failure.text : o.failures.empty() ? "" : o.failures.front();
  if (!worked && why != last_complaint_) host_.warning("the log could not be shipped: " + why);
  if (worked && !last_complaint_.empty()) host_.info("the log is shipped again");
  last_complaint_ = why;
  if (worked && o.counts.files == 0) return;
  tharsis_xlog_shipped event{};
  event.files = o.counts.files;
  event.bytes = o.counts.bytes;
  event.status = worked ? THARSIS_OK : o.failure.status != THARSIS_OK ? o.failure.status : THARSIS_E_IO;
  event.failed = static_cast<uint32_t>(o.failures.size());
  event.reason = text_of(why);
  host_.publish(topic_, &event);
}

}  // namespace tharsis::xlog

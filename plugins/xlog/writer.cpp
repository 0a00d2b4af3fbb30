#include "plugins/xlog/writer.h"

#include <algorithm>
#include <cstdio>
#include <limits>

#include "sdk/async/blocking.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

constexpr tharsis_field state_fields[] = {
    {"file", THARSIS_FIELD_TEXT, offsetof(tharsis_xlog_state, file), nullptr, 0},
    {"status", THARSIS_FIELD_I32, offsetof(tharsis_xlog_state, status), nullptr, 0},
    {"reason", THARSIS_FIELD_TEXT, offsetof(tharsis_xlog_state, reason), nullptr, 0},
    {"lines", THARSIS_FIELD_U64, offsetof(tharsis_xlog_state, lines), nullptr, 0},
    {"lost", THARSIS_FIELD_U64, offsetof(tharsis_xlog_state, lost), nullptr, 0},
};
constexpr tharsis_topic state_topic = {sizeof(tharsis_topic),     THARSIS_TOPIC_STATE,        THARSIS_XLOG_STATE_TOPIC,
                                       state_fields,              std::size(state_fields),    sizeof(tharsis_xlog_state), 0};

constexpr uint64_t everything = std::numeric_limits<uint64_t>::max();
const error all_is_well{THARSIS_OK, {}};

std::string seconds_text(duration d) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", std::chrono::duration<double>(d).count());
  return text;
}

}  // namespace

writer::counts::counts(const host& h)
    : lines(h.count<counter>("lines_written", "1", "Lines that are in the log file")),
      bytes(h.count<counter>("bytes_written", "bytes", "Of the log file")),
      lines_lost(h.count<counter>("lines_lost", "1", "Lines that never reach the file: no room in memory, or trouble until the end")),
      failures(h.count<counter>("write_failures", "1", "Times that the log file could not be written")),
      batch_high(h.count<gauge>("batch_high", "bytes", "Most that was written at once")),
      write_time(h.count<histogram>("write_time", "ns", "From lines that wait to lines in the file")) {}

writer::writer(const host& h, strand& place, const settings& s)
    : host_(h),
      place_(place),
      settings_(s),
      counts_(h),
      wake_(place),
      intake_(h.loop, &writer::on_wake, this, s),
      files_(std::make_shared<log_files>(h.files, s.directory, s.file_size)) {}

void writer::on_wake(void* context, tharsis_handle reasons) {
  static_cast<writer*>(context)->wake_.raise(static_cast<uint32_t>(reasons));
}

task<error> writer::open() {
  const auto work = [files = files_, wall = place_.wall()] { return files->open(wall); };
  const auto opened = co_await blocking(place_, work);
  if (!opened) co_return error{THARSIS_E_BUSY, "the host has no thread free to open the log file; start again later"};
  if (opened->failure.status != THARSIS_OK)
    co_return error{opened->failure.status,
                    "no log file can be opened in '" + settings_.directory + "' (xlog.directory, from " +
                        host_.where("directory") + "): " + opened->failure.text};
  topic_ = host_.declare(state_topic);
  file_ = opened->file;
  publish(all_is_well);
  co_return all_is_well;
}

task<void> writer::run() {
  while (!stop_) {
    co_await wait_for_lines();
    co_await write_what_waits();
  }
  co_await close();
}

task<void> writer::wait_for_lines() {
  constexpr uint32_t at_once = intake::soon | intake::flush | stopping;
  uint32_t reasons = co_await wake_.wait();
  const instant due = later(place_.now(), settings_.interval);
  while ((reasons & at_once) == 0 && place_.now() < due) reasons |= co_await wake_.wait(due);
  if ((reasons & stopping) != 0) stop_ = true;
}

task<void> writer::write_what_waits() {
  for (;;) {
    backlog::batch batch = intake_.take();
    if (batch.records.empty()) {
      intake_.answer(batch.through);
      co_return;
    }
    const auto lines = std::make_shared<consignment>(consignment{std::move(batch.records), 0});
    const instant begun = place_.now();
    const bool delivered = co_await deliver(lines);
    counts_.batch_high.raise(static_cast<int64_t>(batch.bytes));
    if (delivered) counts_.write_time.record(static_cast<uint64_t>((place_.now() - begun).count()));
    intake_.release(batch.bytes);
    count_lost();
    intake_.answer(delivered ? batch.through : everything);
    if (delivered) continue;
    given_up_ += lines->lines.size() - lines->written;
    intake_.clear();
    count_lost();
    co_return;
  }
}

// False: it is time to stop, and they could not be written.
task<bool> writer::deliver(std::shared_ptr<consignment> c) {
  for (;;) {
    const log_files::outcome o = co_await append(c);
    c->written += o.count;
    on_written(o);
    if (o.failure.status == THARSIS_OK) co_return true;
    on_failure(o.failure);
    if (stop_) co_return false;
    intake_.answer(everything);
    co_await pause();
  }
}

task<log_files::outcome> writer::append(std::shared_ptr<consignment> c) {
  const auto work = [files = files_, c] { return files->append(std::span<const record>(c->lines).subspan(c->written)); };
  auto done = co_await blocking(place_, work);
  if (done) co_return std::move(*done);
  co_return log_files::outcome{0, 0, {THARSIS_E_BUSY, "the host has no thread free to write the log"}, file_};
}

// Who asks for a flush, and who stops, wants to know now whether it works again.
task<void> writer::pause() {
  const instant due = later(place_.now(), retry_);
  uint32_t reasons = 0;
  while ((reasons & (intake::flush | stopping)) == 0 && place_.now() < due) reasons |= co_await wake_.wait(due);
  if ((reasons & stopping) != 0) stop_ = true;
}

void writer::on_written(const log_files::outcome& o) {
  written_ += o.count;
  counts_.lines.add(o.count);
  counts_.bytes.add(o.bytes);
  const bool works = o.failure.status == THARSIS_OK;
  const bool again = works && retry_ != duration();
  if (again) {
    host_.warning("the log is written again after " + seconds_text(place_.now() - failing_since_) + ", to " + o.file);
    retry_ = duration();
  }
  if (!works || (!again && o.file == file_ && intake_.lost() == published_lost_)) return;
  file_ = o.file;
  publish(all_is_well);
}

void writer::count_lost() {
  const uint64_t lost = intake_.lost() + given_up_;
  counts_.lines_lost.add(lost - std::exchange(counted_lost_, lost));
}

void writer::on_failure(const error& why) {
  counts_.failures.add();
  const bool first = retry_ == duration();
  retry_ = std::min(first ? settings_.retry_min : 2 * retry_, settings_.retry_max);
  if (!first) return;
  failing_since_ = place_.now();
  publish(why);
  const std::string text = "lines do not reach the log file: " + why.text + "; up to " +
                           std::to_string(settings_.memory) + " bytes of them wait in memory until it works again";
  host_.error(text);
  if (host_.console != nullptr && !stop_) host_.console->complain(host_.console->self, text_of("xlog: " + text));
}

void writer::publish(const error& why) {
  tharsis_xlog_state state{};
  state.file = text_of(file_);
  state.status = why.status;
  state.reason = text_of(why.text);
  state.lines = written_;
  state.lost = published_lost_ = intake_.lost() + given_up_;
  host_.publish(topic_, &state);
}

task<void> writer::close() {
  const auto work = [files = files_] { return files->finish(); };
  const auto closed = co_await blocking(place_, work);
  if (closed && closed->status != THARSIS_OK) host_.warning("the log file may lack its last lines: " + closed->text);
  const uint64_t lost = intake_.lost() + given_up_;
  if (lost > 0) host_.warning(std::to_string(lost) + " lines never reached the log file");
}

}  // namespace tharsis::xlog

#include "plugins/xlog/writer.h"

#include <algorithm>
#include <cstdio>

#include "plugins/xlog/collect_dead.h"
#include "plugins/xlog/core/level.h"
#include "plugins/xlog/core/mars_keystream.h"
#include "plugins/xlog/core/tick_clock.h"
#include "plugins/xlog/key_reader.h"
#include "sdk/async/blocking.h"
#include "sdk/pure/topic.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {
namespace {

constexpr tharsis_field state_fields[] = {
    {"file", THARSIS_FIELD_TEXT, offsetof(tharsis_xlog_state, file), nullptr, 0},
    {"status", THARSIS_FIELD_I32, offsetof(tharsis_xlog_state, status), nullptr, 0},
    {"below", THARSIS_FIELD_U32, offsetof(tharsis_xlog_state, below), nullptr, 0},
    {"reason", THARSIS_FIELD_TEXT, offsetof(tharsis_xlog_state, reason), nullptr, 0},
    {"lines", THARSIS_FIELD_U64, offsetof(tharsis_xlog_state, lines), nullptr, 0},
    {"lost", THARSIS_FIELD_U64, offsetof(tharsis_xlog_state, lost), nullptr, 0},
};
constexpr tharsis_topic state_topic = topic_of<tharsis_xlog_state>(THARSIS_TOPIC_STATE, THARSIS_XLOG_STATE_TOPIC, state_fields);

// What it is woken for while lines still may wait for others.
constexpr uint32_t patient = ring_set::woken | intake::tapped;

// How long closing waits for threads that are inside a line: they copy some bytes.
constexpr duration inside_most = 1s;

std::string scarce_text(uint32_t level) {
  return "; lines below " + std::string(level_names[level]) + " have half of that";
}

std::string seconds_text(duration d) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f s", std::chrono::duration<double>(d).count());
  return text;
}

}  // namespace

writer::counts::counts(const host& h)
    : lines(h.count<counter>("lines_written", "1", "Lines that are in the log file")),
      bytes(h.count<counter>("bytes_written", "bytes", "Of the log file")),
      lines_recorded(h.count<counter>("lines_recorded", "1", "Lines that are written only when an error comes")),
      lines_lost(h.count<counter>("lines_lost", "1", "Lines that never reach the file: their ring was full")),
      failures(h.count<counter>("write_failures", "1", "Times that the log file could not be written")),
      recovered(h.count<counter>("recovered", "1", "Dead processes whose last lines were kept")),
      late(h.count<counter>("sync_late", "1", "Lines that were not in the file yet when their call came back, in mode sync")),
      write_time(h.count<histogram>("write_time", "ns", "From lines that wait to lines in the file")) {}

writer::writer(const host& h, strand& place, const settings& s)
    : host_(h),
      place_(place),
      settings_(s),
      counts_(h),
      wake_(place),
      work_(std::make_shared<work>()),
      intake_(h.loop, &writer::on_wake, this, s.rules(), s.redact),
      console_(h.console, intake_),
      keeping_(h, place, s),
      compacting_(h, place, s) {}

writer::~writer() = default;

void writer::on_wake(void* context, tharsis_handle reasons) {
  static_cast<writer*>(context)->wake_.raise(static_cast<uint32_t>(reasons));
}

task<error> writer::open() {
  if (const tharsis_status rings = intake_.open_bell(); rings != THARSIS_OK) co_return error{rings, "the host's loop has no bell for the log"};
  const auto job = [this, wall = place_.wall()] { return open_now(wall); };
  const auto done = co_await blocking(place_, job);
  if (!done) co_return error{THARSIS_E_BUSY, "the host has no thread free to open the log file; start again later"};
  if (done->failure.status != THARSIS_OK)
    co_return error{done->failure.status,
                    "no log can be kept in '" + settings_.directory + "' (xlog.directory, from " +
                        host_.where("directory") + "): " + done->failure.text};
  for (const std::string& complaint : done->complaints) host_.warning(complaint);
  recovered_ = done->recovered;
  not_recovered_ = done->complaints.size();
  if (done->recovered > 0) {
    counts_.recovered.add(done->recovered);
    host_.info("kept what " + std::to_string(done->recovered) + " dead processes had not written to their files yet");
  }
  topic_ = host_.declare(state_topic);
  file_ = done->file;
  shown_file_.set(file_);
  publish(fine());
  show(settings_.console);
  co_return fine();
}

// Inside blocking work, which no one else begins before it has come back.
writer::opened writer::open_now(int64_t wall) {
  opened o;
  auto recipients = settings_.recipients.empty()
                        ? result<std::vector<public_key>>(std::vector<public_key>())
                        : read_recipients(host_.files, settings_.directory, settings_.recipients, "xlog.encrypt.to");
  if (!recipients) return o.failure = recipients.failure(), o;
  auto made = make_machinery(host_);
  if (!made) return o.failure = made.failure(), o;
  work_->on = std::move(*made);
  const bool sealed = (!recipients->empty() || settings_.mars.recipient) && work_->on.real;

  tharsis_error why = no_error();
  const tharsis_status status = host_.files->make_folder(host_.files->self, text_of(settings_.directory), &why);
  if (status != THARSIS_OK) return o.failure = error_from(status, why), o;

  segment_info info;
  info.geometry.rings = settings_.rings;
  info.geometry.ring_size = settings_.ring_size;
  info.geometry.flight_size = settings_.records() ? settings_.flight_size : 0;
  info.sealed = sealed;
  info.instance = settings_.name;
  info.anchor = work_->on.clock->anchor();
  host_.random->fill(host_.random->self, info.id.data(), info.id.size());
  work_->on.segments->sign(info);
  std::vector<uint8_t> wrapped;
  std::shared_ptr<keystream> stream;
  if (sealed) {
    auto keys = settings_.mars.recipient ? make_mars_keystream(*settings_.mars.recipient, *host_.random, info.id)
                                         : make_keystream(*recipients, *host_.random, info.id);
    if (!keys) return o.failure = keys.failure(), o;
    wrapped = std::move(keys->wrapped);
    stream = std::make_shared<keystream>(std::move(keys->stream));
  }
  auto memory = work_->on.segments->create(settings_.directory, settings_.name, info, new_segment(info, wrapped));
  if (!memory) return o.failure = memory.failure(), o;
  (*memory)->watch_for_crashes(settings_.crash_handler);

  ring_settings rings;
  rings.may_use_all = [this](uint32_t site) { return intake_.sites().level_of(site) >= settings_.full_level; };
  // In a simulation nobody would make room while a line waits.
  if (work_->on.real) rings.wait = [this](uint32_t site) { return intake_.sites().wait_of(site); };
  ring_set::callbacks callbacks;
  callbacks.on_news = [this](uint32_t what) { intake_.on_ring_news(what); };
  callbacks.dropped = [this](uint32_t site) { intake_.sites().count_lost(site); };
  if (stream) {
    auto each = ring_streams::make(*stream, info.geometry.all_rings());
    if (!each) return o.failure = each.failure(), o;
    const auto fill_by = [](auto s) { return [s](uint64_t position, std::span<uint8_t> into) { return s->fill(position, into); }; };
    callbacks.fill = fill_by(std::make_shared<ring_streams>(std::move(*each)));
    callbacks.fill_draining = fill_by(stream);
  }
  auto set = std::make_unique<ring_set>(std::move(*memory), info.geometry, sealed, *work_->on.threads, rings, callbacks);
  if (settings_.records()) o.failure = set->open_flight();
  if (o.failure.status != THARSIS_OK) return o;
  const auto keep = [rings = set.get()](const std::string& entry) { return rings->append_to_dictionary(as_bytes(entry)); };
  intake_.open(std::move(set), std::make_unique<site_registry>(keep), work_->on.clock.get());
  set_mode(settings_);

  work_->lines.emplace(drain::host_tables{host_.files, host_.random, host_.loop, info.pid}, settings_, std::move(*recipients), info.id,
                       intake_.rings(), intake_.sites(), work_->on.clock->anchor(), &intake_.listeners());
  const drain::outcome first = work_->lines->open(wall);
  o.failure = first.failure;
  o.file = first.file;
  if (o.failure.status == THARSIS_OK) recover(o, wall);
  return o;
}

void writer::recover(opened& o, int64_t wall) {
  const auto keep = [this, wall](const recovered_payload& left, const unique_id& segment, const clock_anchor& anchor,
                                 const will_write& will) {
    return work_->lines->keep_recovered(left, segment, anchor, wall, will).failure;
  };
  const auto died = [&](const segment_image& image) { keep_crash(o, image, wall); };
  const collection found = collect_dead(*work_->on.segments, host_.files, settings_.directory, keep, died,
                                        frame_header::payload_max / 2, settings_.cache_directory);
  o.recovered = found.kept;
  o.complaints.insert(o.complaints.end(), found.complaints.begin(), found.complaints.end());
}

void writer::keep_crash(opened& o, const segment_image& image, int64_t wall) {
  const std::string sentence = crash_sentence(*image.crash, image.info.pid);
  const drain::outcome kept = work_->lines->keep_crash(sentence, wall_of(image.crash->tick, image.info.anchor), wall);
  if (kept.failure.status != THARSIS_OK) o.complaints.push_back(sentence + "; this is not in the log: " + kept.failure.text);
}

task<void> writer::run() {
  intake_.rings().set_caller();
  while (!stop_) {
    const uint32_t reasons = co_await wait_for_lines();
    if (stop_) break;
    // A full ring may be less than a block.
    co_await write_what_waits((reasons & (intake::flush | intake::soon | ring_set::full | ring_set::awaited)) != 0 || reasons == 0);
  }
  co_await close();
}

// What it was woken for; 0: lines have waited long enough.
task<uint32_t> writer::wait_for_lines() {
  if (!waiting_ && may_sleep()) {
    const uint32_t reasons = co_await wake_.wait();
    unkept_since_ = place_.now();
    if ((reasons & stopping) != 0) stop_ = true;
    if ((reasons & ~patient) != 0) co_return reasons;
  }
  waiting_ = true;
  const instant due = due_from(place_.now());
  uint32_t reasons = 0;
  while ((reasons & ~patient) == 0 && place_.now() < due) reasons |= co_await wait_and_tell(due);
  if ((reasons & stopping) != 0) stop_ = true;
  co_return reasons & ~patient;
}

// As wake_.wait(due), but while somebody listens the taps are told now and then what has come. A block that is full
// by then is a reason, too.
task<uint32_t> writer::wait_and_tell(instant due) {
  const bool listened = intake_.listeners().any();
  const instant next = listened ? std::min(due, later(place_.now(), tap_interval)) : due;
  const uint32_t reasons = co_await wake_.wait(next);
  if (!listened || (reasons & ~patient) != 0 || place_.now() >= due) co_return reasons;
  const auto turn = [w = work_, loop = host_.loop] {
    refine(w->on, loop);
    return w->lines->tell_taps(w->on.clock->anchor());
  };
  const auto full = co_await blocking(place_, turn);
  co_return full && *full ? reasons | ring_set::filling : reasons;
}

// When lines that wait now are written; those that a loss of power must not take are as old as when they may have come.
instant writer::due_from(instant now) {
  const instant due = later(now, settings_.interval);
  if (settings_.power_loss == duration::zero()) return due;
  return std::min(due, later(unkept_since_, settings_.power_loss));
}

bool writer::may_sleep() {
  std::vector<uint64_t> seen(intake_.rings().count());
  for (uint32_t ring = 0; ring < seen.size(); ++ring) seen[ring] = intake_.rings().is_open(ring) ? intake_.rings().tail(ring) : 0;
  return intake_.rings().may_sleep(seen);
}

// All that is there now; of a block that is not full only if `all`. When it is time to stop, close()
// does the rest.
task<void> writer::write_what_waits(bool all) {
  std::vector<intake::asker> askers = intake_.take_askers();
  all = all || !askers.empty();
  for (;;) {
    const instant begun = place_.now();
    const drain::outcome o = co_await drain_once(all);
    counts_.write_time.record(static_cast<uint64_t>((place_.now() - begun).count()));
    waiting_ = o.open;
    if (o.kept) unkept_since_ = begun;
    on_written(o);
    if (o.file_over && !stop_) {
      co_await keeping_.keep_limits();
      continue;
    }
    if (o.failure.status == THARSIS_OK) {
      if (o.lines > 0 && all && o.open) continue;  // More than one turn's worth.
      intake_.answer(askers);
      co_return;
    }
    if (o.failure.status == THARSIS_E_FULL && !stop_) {
      const bool has_room = co_await make_room();
      if (has_room) continue;
    }
    on_failure(o.failure);
    intake_.answer(askers);
    if (stop_) co_return;
    const instant due = later(place_.now(), retry_);
    uint32_t reasons = 0;
    while ((reasons & (intake::flush | stopping)) == 0 && place_.now() < due) reasons |= co_await wait_and_tell(due);
    if ((reasons & stopping) != 0) stop_ = true;
    if (stop_) co_return;
    all = all || (reasons & (intake::soon | ring_set::full | ring_set::awaited)) != 0;
    if ((reasons & intake::flush) == 0) continue;
    askers = intake_.take_askers();
    all = true;
  }
}

task<drain::outcome> writer::drain_once(bool all) {
  const auto turn = [w = work_, loop = host_.loop, wall = place_.wall(), keep = keeping_.limits(), all] {
    refine(w->on, loop);
    w->lines->set_keep(keep);
    return w->lines->run(wall, w->on.clock->anchor(), all);
  };
  auto done = co_await blocking(place_, turn);
  if (done) co_return std::move(*done);
  drain::outcome busy;
  busy.open = true;
  busy.failure = {THARSIS_E_BUSY, "the host has no thread free to write the log"};
  busy.file = file_;
  co_return busy;
}

void writer::on_written(const drain::outcome& o) {
  written_ += o.lines;
  lost_ += o.dropped;
  compacting_.on_lines(o.lines);
  counts_.lines.add(o.lines);
  counts_.bytes.add(o.bytes);
  counts_.lines_recorded.add(o.recorded);
  counts_.lines_lost.add(o.dropped);
  counts_.late.add(intake_.rings().take_late());
  count_full(o.full);
  const bool works = o.failure.status == THARSIS_OK;
  const bool again = works && retry_ != duration();
  if (works && scarce_) set_scarce(false);
  if (again) {
    host_.warning("the log is written again after " + seconds_text(place_.now() - failing_since_) + ", to " + o.file);
    retry_ = duration();
  }
  if (!works || (!again && o.file == file_ && lost_ == published_lost_)) return;
  if (o.file != file_) keeping_.look(), compacting_.look();
  file_ = o.file;
  shown_file_.set(file_);
  publish(fine());
}

void writer::on_failure(const error& why) {
  counts_.failures.add();
  intake_.rings().on_stuck();
  const bool first = retry_ == duration();
  retry_ = std::min(first ? settings_.retry_min : 2 * retry_, settings_.retry_max);
  if (!first) return;
  failing_since_ = place_.now();
  publish(why);
  const std::string text = "lines do not reach the log file: " + why.text + "; up to " + std::to_string(settings_.ring_size) +
                           " bytes of each thread's wait in its ring until it works again" + (scarce_ ? scarce_text(settings_.full_level) : "");
  host_.error(text);
  if (host_.console != nullptr && !stop_ && !console_.shows(THARSIS_LOG_ERROR)) host_.console->complain(host_.console->self, text_of("xlog: " + text));
}

// When nothing may go, what is worst gets what is left.
task<bool> writer::make_room() {
  if (settings_.make_room) {
    const bool has_room = co_await keeping_.make_room();
    if (has_room) co_return true;
  }
  set_scarce(true);
  co_return false;
}

void writer::set_scarce(bool scarce) {
  scarce_ = scarce;
  intake_.rings().set_scarce(scarce);
}

void writer::count_full(const loss_counts& full) {
  for (const auto& [whose, count] : full) {
    auto known = counts_.full.find(whose);
    if (known == counts_.full.end()) {
      if (counts_.full.size() >= loss_metrics_max) continue;
      const std::string name = loss_metric_name(whose.first, whose.second);
      const std::string help = "Lines of this plugin (and tag) and level that found their ring full and were dropped";
      known = counts_.full.emplace(whose, host_.count<counter>(name.c_str(), "1", help.c_str())).first;
    }
    known->second.add(count);
  }
}

void writer::publish(const error& why) {
  tharsis_xlog_state state{};
  state.file = text_of(file_);
  state.status = why.status;
  state.below = scarce_ ? settings_.full_level : 0;
  state.reason = text_of(why.text);
  state.lines = written_;
  state.lost = published_lost_ = lost_;
  host_.publish(topic_, &state);
}

void writer::set_mode(const settings& s) {
  // In a simulation nobody would write while a line waits.
  if (work_->on.real) intake_.rings().set_sync(s.sync ? s.sync_wait : duration());
}

tharsis_status writer::flush_now(duration most) { return work_->on.real ? intake_.flush_now(most) : THARSIS_E_UNSUPPORTED; }

void writer::close_rings() { intake_.close_rings(inside_most, work_); }

// In one go: a slow disk is waited for once.
writer::ending writer::end_now(work& w, const tharsis_loop* loop, int64_t wall) {
  ending e;
  refine(w.on, loop);
  do {
    const drain::outcome o = w.lines->run(wall, w.on.clock->anchor(), true);
    e.last.lines += o.lines;
    e.last.bytes += o.bytes;
    e.last.recorded += o.recorded;
    e.last.dropped += o.dropped;
    for (const auto& [whose, count] : o.full) e.last.full[whose] += count;
    e.last.open = o.open;
    e.last.failure = o.failure;
    e.last.file = o.file;
  } while (e.last.failure.status == THARSIS_OK && e.last.open);
  const drain::outcome closed = w.lines->finish();
  e.last.bytes += closed.bytes;
  e.closing = closed.failure;
  e.left = w.lines->count_unwritten();
  return e;
}

task<void> writer::close() {
  std::vector<intake::asker> askers = intake_.take_askers();
  intake_.rings().memory().watch_for_crashes(false);
  const auto last = [w = work_, loop = host_.loop, wall = place_.wall()] { return end_now(*w, loop, wall); };
  auto done = co_await blocking(place_, last);
  if (!done) {
    host_.warning("the host has no thread free to write the last lines of the log");
    intake_.answer(askers);
    co_return;
  }
  on_written(done->last);
  if (done->last.failure.status != THARSIS_OK) on_failure(done->last.failure);
  intake_.answer(askers);
  if (done->closing.status != THARSIS_OK) host_.warning("the log file may lack its last lines: " + done->closing.text);
  on_left(done->left);
  // What is not in a file is for the next start to find.
  if (done->closing.status == THARSIS_OK && (done->left.in_rings == 0 || !work_->on.real)) intake_.rings().memory().remove();
}

void writer::on_left(drain::unwritten left) {
  if (left.in_rings > 0 && work_->on.real)
    host_.warning(std::to_string(left.in_rings) + " lines are not in the log file yet; the next start takes them from " +
                  intake_.rings().memory().path());
  else
    left.dropped += left.in_rings;
  lost_ += left.dropped;
  counts_.lines_lost.add(left.dropped);
  count_full(left.full);
  if (lost_ > 0) host_.warning(std::to_string(lost_) + " lines never reached the log file");
}

}  // namespace tharsis::xlog

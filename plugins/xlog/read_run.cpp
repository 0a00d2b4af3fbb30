#include "plugins/xlog/read_run.h"

#include <algorithm>
#include <utility>

#include "plugins/xlog/live_progress.h"
#include "sdk/pure/views.h"

namespace tharsis::xlog {

// Between the reader and the sink: names damage, and stops.
class read_run::complaining final : public line_sink {
 public:
  complaining(read_run& run, line_sink& to) : run_(run), to_(to), live_(run.reading_.call, run.reading_.loop) {}
  void on_line(const log_line& l) override { to_.on_line(l); }
  void on_damage(const read_source& from, const damage& d) override {
    to_.on_damage(from, d);
    if (!d.cut) run_.damaged_ = true;
    if (d.torn) run_.torn_.push_back(&from);
  }
  bool on_progress(const merged_lines& work) override {
    live_.tell(work);
    return !run_.reading_.stop->load(std::memory_order_relaxed) && to_.on_progress(work);
  }

 private:
  read_run& run_;
  line_sink& to_;
  live_progress live_;
};

read_run::read_run(const reading& r, const query& wanted, bool grows)
    : reading_(r), finder_(r.files, r.call.folder(), wanted, r.key, grows), lines_(sources_.all) {}

bool read_run::find() {
  finder_.add(reading_.asked.paths, reading_.now, sources_);
  for (const std::string& c : sources_.complaints) reading_.call.complain("xlog " + reading_.call.name() + ": " + harmless(c));
  return sources_.complaints.empty();
}

bool read_run::run(line_sink& sink) {
  complaining between(*this, sink);
  const bool all = lines_.run(between);
  for (const auto& s : sources_.all) {
    if (s->bytes->failure().status == THARSIS_OK) continue;
    if (!damaged_) reading_.call.complain("xlog " + reading_.call.name() + ": " + harmless(s->bytes->failure().text));
    damaged_ = true;
  }
  if (all && reading_.call.name() != "verify") tell_left_out();
  return all;
}

// Whoever shipped a file chose what not to send: that is no damage, but a reader should know that there was more.
void read_run::tell_left_out() {
  if (std::exchange(left_out_told_, true)) return;
  for (const auto& s : sources_.all) {
    const left_out_facts facts = s->lines->missing_by_choice();
    if (facts.lines > 0 && !s->recorded.value_or(false)) reading_.call.complain(harmless(s->shown) + ": " + std::to_string(facts.lines) + " lines were left out when it was shipped");
  }
}

void read_run::look_again() {
  for (const auto& s : sources_.all) s->bytes->look();
  finder_.add(reading_.asked.paths, reading_.now, sources_);
}

int read_run::code() const {
  const bool torn = std::any_of(torn_.begin(), torn_.end(), [&](const read_source* s) { return !is_kept_elsewhere(*s); });
  return damaged_ || torn ? 1 : 0;
}

bool read_run::is_kept_elsewhere(const read_source& unfinished) const {
  const auto writer = unfinished.lines->writer();
  return writer && std::any_of(sources_.all.begin(), sources_.all.end(), [&](const auto& s) { return s->lines->kept().contains(*writer); });
}

void printed_lines::show() {
  if (out_.size() > 0) call_.print(as_text(out_.bytes()));
  out_.clear();
}

std::unique_ptr<line_output> output_of(const reading& r) {
  if (r.asked.json) return json_output();
  zone local;
  if (r.asked.local) local = [loop = r.loop](int64_t wall) { return loop->ahead_of_utc(loop->self, wall); };
  return text_output(r.call.colours(), std::move(local));
}

}  // namespace tharsis::xlog

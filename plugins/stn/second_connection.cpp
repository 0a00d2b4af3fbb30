#include "plugins/stn/second_connection.h"

#include "plugins/stn/core/wait_text.h"

namespace tharsis::stn {
namespace {

std::string cause_text(second_reason why, duration quiet) {
  switch (why) {
    case second_reason::idle: return "it had been idle for " + wait_text(quiet);
    case second_reason::network: return "the network had changed";
    case second_reason::woke: return "the machine had slept";
    default: return "what was written on it was not confirmed, and nothing came for " + wait_text(quiet);
  }
}

}  // namespace

second_connection::second_connection(const live_connection::surroundings& s, const host& tables, switchboard& ways, const counts& count,
                                     task_queue& tasks, listener& heard)
    : around_(s), host_(tables), ways_(ways), counts_(count), tasks_(tasks), listener_(heard), way_(s.settings.second_way), share_(tasks), running_(s.place) {}

void second_connection::on_up(stream& first, int64_t mss) {
  if (leads_) drop(ended_ ? loss(*ended_) : loss(THARSIS_STN_WHY_SECOND, THARSIS_E_CANCELLED, "another connection was there first"));
  side_.reset();
  first_ = first.progress() ? &first : nullptr;
  mss_ = mss;
  large_up_to_ = 0;
  fresh_ = true;
  early_ = 0;
  if (first_ != nullptr) way_.on_up(sight(), around_.place.now());
}

void second_connection::on_down() {
  ways_.paths().on_carried(std::exchange(carried_, 0));
  first_ = nullptr;  // It is not there any more.
  way_.on_down();
  if (!leads()) cancel();
}

void second_connection::on_heard() {
  if (first_ == nullptr) return;
  // That small packets pass says nothing of what left behind them: that is as old as it is.
  const bool stands = std::exchange(fresh_, false) && early_ > 0 && sight().outstanding > packet_room;
  way_.on_heard(!stands && tasks_.sent() > 0, around_.place.now());
  if (stands && way_.on_written(early_, true, early_at_)) news_ = true;
  look_at_size();
}

void second_connection::on_written(size_t bytes) {
  if (first_ == nullptr) return;
  if (fresh_ && bytes > packet_room) {
    early_ = bytes;
    early_at_ = around_.place.now();
  }
  if (way_.on_written(bytes, tasks_.sent() > 0, around_.place.now())) news_ = true;
  if (!ways_.paths().small_here() || bytes < 2 * segment_sizes::full) return;
  const auto s = sight();
  large_up_to_ = s.confirmed + s.outstanding + bytes;
}

// Only a piece that does not fit into small segments tells whether large ones pass.
void second_connection::look_at_size() {
  if (large_up_to_ == 0 || sight().confirmed < large_up_to_) return;
  large_up_to_ = 0;
  ways_.paths().on_passed(mss_);
}

void second_connection::on_doubt(second_reason why) {
  if (first_ == nullptr) return;
  cancel();  // It goes by the same way.
  way_.on_doubt(why, tasks_.sent() > 0, around_.place.now());
}

second_way::sight second_connection::sight() {
  const auto p = first_->progress();
  if (!p) return {};
  carried_ = p->moved();
  return {p->confirmed, first_->unsent() + first_->unconfirmed(), p->round_trip};
}

void second_connection::step(const endpoint& to) {
  if (first_ == nullptr) return;
  const instant now = around_.place.now();
  if (ended_) {
    way_.on_second_lost(now);
    counts_.second_failed.add();
    drop(loss(*std::exchange(ended_, std::nullopt)));
  }
  if (std::exchange(news_, false) || now >= way_.deadline()) way_.on_look(sight(), now);
  if (side_ && side_->up()) way_.on_second_up();
  switch (way_.take_action()) {
    case second_way::action::none: break;
    case second_way::action::dial: return dial(to);
    case second_way::action::drop:
      counts_.second_needless.add();
      if (narrow_) ways_.paths().on_narrow_needless(who());
      return drop({THARSIS_STN_WHY_SECOND, THARSIS_E_CANCELLED, "the connection that was there lives: " + cause_text(way_.why(), way_.quiet()) + ", and it answered"});
    case second_way::action::take: return lead();
  }
}

// Small packets passed a moment ago, and what stands still needs large ones.
bool second_connection::looks_like_a_hole(const second_way::sight& s) const {
  return way_.why() == second_reason::unconfirmed && s.outstanding > packet_room;
}

void second_connection::dial(const endpoint& to) {
  counts_.second_dialled.add();
  const second_way::sight seen = sight();
  way_.on_look(seen, around_.place.now());
  to_ = to;
  began_ = phases_.at(around_.place.now());
  side_connection::listener& heard = *this;
  side_ = std::make_unique<side_connection>(around_, host_, ways_, around_.settings, phases_, share_, heard);
  narrow_ = looks_like_a_hole(seen) && side_->dialled().be_narrower(mss_);
  if (narrow_) ways_.paths().on_narrow_dial(who(), ways_.paths().beside(mss_));
  running_.spawn(live(to));
}

task<void> second_connection::live(endpoint to) {
  loss why = co_await side_->live(std::move(to));
  side_->dialled().blame(why.status);
  side_->drop();
  ended_.emplace(std::move(why));
  listener_.on_second_news();
}

// It is about to write: the hello, or the ping, comes first. By then the first connection has had a round trip's time.
void second_connection::on_side_written(size_t bytes) {
  listener_.on_second_written(bytes);
  if (bytes == 0 || first_ == nullptr || !way_.races()) return;
  way_.on_look(sight(), around_.place.now());
  if (way_.races())
    share_.copy();
  else
    tell_news();
}

void second_connection::tell_news() {
  news_ = true;
  listener_.on_second_news();
}

void second_connection::lead() {
  counts_.second_needed.add();
  if (narrow_) ways_.paths().on_hole(who(), mss_, side_->dialled().mss(), way_.quiet());
  sentence_ = "a second connection has taken its place: " + cause_text(way_.why(), way_.quiet());
  share_.copy();  // What came too late for that, too.
  share_.lead();
  leads_ = true;
  tell({THARSIS_STN_WHY_NONE, THARSIS_OK, {}});
  side_->nudge();
}

std::unique_ptr<live_connection> second_connection::take() {
  running_.clear();
  share_.end();
  leads_ = false;
  return side_->take();
}

void second_connection::cancel() {
  if (!side_) return;
  way_.on_cancelled();
  drop({THARSIS_STN_WHY_SECOND, THARSIS_E_CANCELLED, "the link goes another way now"});
}

void second_connection::on_codec_gone(const std::string& text) {
  if (side_) side_->on_codec_gone(text);
}

void second_connection::drop(const loss& why) {
  running_.clear();
  ended_.reset();
  if (!std::exchange(leads_, false)) tell(why);
  side_.reset();
  share_.end();
  tasks_.on_second_loss(why, around_.place.now());
}

void second_connection::tell(const loss& why) {
  second_attempt a{to_, {}, phases_.at(around_.place.now()), &why};
  for (size_t i = 0; i < phase_count; ++i) a.took[i] -= began_[i];
  a.address = side_->dialled().address_text();
  phases_.enter(phase::down, around_.place.now());
  listener_.on_second_end(a);
}

}  // namespace tharsis::stn

#include "plugins/stn/lane.h"

#include "plugins/stn/core/request_frame.h"

namespace tharsis::stn {

task<void> lane::run(endpoint to) {
  const loss why = co_await side_.live(std::move(to));
  side_.drop();  // Nobody may look at an ended lane for hours.
  ended_ = true;
  owner_.on_lane_ended(*this, why);
}

std::unique_ptr<live_connection> lane::take() {
  running_.clear();
  ended_ = true;
  return side_.take();
}

// What was answered meanwhile is not written.
bool lane::write_next(std::vector<uint8_t>& out, framing& frames, instant now) {
  while (const auto sequence = policy_.next_to_write(number_)) {
    const request* const r = tasks_.out(*sequence);
    error why;
    if (r != nullptr && frames.append(out, frame_of_request(*r), why) == THARSIS_OK) {
      wrote_again_ = !policy_.is_first(number_, *sequence);
      if (wrote_again_) tasks_.on_copy(*sequence);
      if (r->key.empty()) side_.be_patient(false);  // Nobody else carries it: whether it is lost is to be known soon.
      else if (policy_.owed(number_) == 1) side_.be_patient(true);
      return true;
    }
    policy_.on_unwritten(number_, *sequence, now);
    if (r != nullptr && !policy_.carries(*sequence)) tasks_.on_not_carried(*sequence, std::move(why), now);
  }
  return false;
}

void lane::on_side_up() {
  side_.be_patient(true);
  owner_.on_lane_up(*this);
}

void lane::on_answer(const mars::frame_view& f, instant now) {
  if (!policy_.owes(number_, f.sequence)) return;  // Of nothing that was said here.
  if (policy_.on_lane_answer(number_, f.sequence, !f.refusal.empty(), now) == answer_use::ends_it) tasks_.accept(f, now);
}

void lane::on_answer_begun(uint32_t sequence, instant now) {
  if (expects(sequence)) tasks_.on_answer_begun(sequence, now);
}

}  // namespace tharsis::stn

// A second connection beside the one that is up: what it carries too, what it alone carries, and what becomes of that when it
// dies or takes the first one's place.
#include <algorithm>

#include "plugins/stn/core/request_frame.h"
#include "plugins/stn/core/task_queue.h"

namespace tharsis::stn {

void task_queue::begin_copies() {
  company_.copying = true;
  for (const request* r = sent_.last; r != nullptr; r = r->before)
    if (r->may_be_copied()) copies_.push_back(r->sequence);
}

bool task_queue::has_copies() const {
  return std::any_of(copies_.begin(), copies_.end(), [this](uint32_t sequence) { return expects(sequence); });
}

bool task_queue::write_copy(std::vector<uint8_t>& out, framing& frames) {
  while (!copies_.empty()) {
    request* const r = by_sequence_.find(copies_.back());
    copies_.pop_back();
    error why;
    if (r == nullptr || frames.append(out, frame_of_request(*r), why) != THARSIS_OK) continue;
    carry(*r, carried::both);
    ++r->sends;
    counts_.sent.add();
    return wrote_again_ = true;
  }
  return false;
}

bool task_queue::on_copy_refused(uint32_t sequence) {
  request* const r = by_sequence_.find(sequence);
  if (r == nullptr || r->by != carried::both || !up_) return false;
  carry(*r, carried::first);
  return true;
}

bool task_queue::needs_first() const {
  for (const request* r = sent_.first; r != nullptr; r = r->behind)
    if (r->by == carried::first && !r->may_repeat()) return true;
  return false;
}

// Datagrams, lanes, copies and the server's memory are the first connection's.
bool task_queue::write_on_second(std::vector<uint8_t>& out, framing& frames, instant now) {
  const request* const last = sent_.last;
  company second;
  second.second = true;
  const company first = std::exchange(company_, second);
  const bool wrote = write_next(out, frames, now);
  company_ = first;
  if (!wrote) return false;
  if (sent_.last == last || sent_.last == nullptr) return true;
  carry(*sent_.last, carried::second);
  sent_.last->connection = connection_ + 1;
  return true;
}

void task_queue::on_second_loss(const error& why, instant now) {
  end_copies();
  if (on_second_ == 0) return;
  for (request* r = sent_.first; r != nullptr; r = r->behind)
    if (r->by == carried::both) carry(*r, up_ ? carried::first : carried::second);
  lose(carried::second, why, now);
  for (request* r = on_second_ > 0 ? sent_.first : nullptr; r != nullptr; r = r->behind)
    carry(*r, carried::first);  // What a lane has still.
}

}  // namespace tharsis::stn

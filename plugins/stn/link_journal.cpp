#include "plugins/stn/link_journal.h"

namespace tharsis::stn {

void link_journal::tell(uint32_t state, loss why, const moment& m) {
  state_ = state;
  since_ = place_.wall();
  link_state s;
  s.link = settings_.name;
  s.state = state;
  s.status = why.status;
  s.endpoint = m.endpoint;
  s.address = dialer_.address_text();
  s.reason = why.text;
  s.why = why.why;
  s.phase = phase_number(phases_.current());
  if (state == THARSIS_STN_DOWN) {
    down_why_ = why.why;
    s.causes = chain_text(causes_.all());
    if (m.lived || why.why != THARSIS_STN_WHY_IDLE)
      history_.add({since_, why.why, why.text, s.endpoint, s.address, m.lived.value_or(duration::zero()), 1, causes_.all()});
  }
  s.known = why.text == trouble_;
  if (state != THARSIS_STN_CONNECTING) trouble_ = why.text;
  s.connects = static_cast<uint32_t>(m.connects);
  s.waiting = m.waiting;
  s.gap = m.gap;
  reason_ = std::move(why);
  events_.on_state(s);
}

uint32_t link_journal::on_attempt(bool wanted) {
  if (because_ == THARSIS_STN_WHY_RETRY && wanted) because_ = THARSIS_STN_WHY_WANTED;
  tried_because_ = std::exchange(because_, THARSIS_STN_WHY_RETRY);
  tried_at_ = phases_.at(place_.now());
  return tried_because_;
}

phase_times link_journal::attempt_times() const {
  phase_times took = phases_.at(place_.now());
  for (size_t i = 0; i < phase_count; ++i) took[i] -= tried_at_[i];
  return took;
}

void link_journal::tell_attempt(const loss& why, const std::string& endpoint) const {
  events_.on_connect({settings_.name, endpoint, dialer_.address_text(), why.text, why.status, why.why, tried_because_, failures_ + 1, attempt_times()});
}

void link_journal::on_up() {
  failures_ = 0;
  causes_.clear();
}

void link_journal::report(link_report& into) const {
  into.name = settings_.name;
  into.state = state_;
  into.phase = phase_number(phases_.current());
  into.why = reason_.why;
  into.reason = reason_.text;
  into.address = dialer_.address_text();
  into.since = since_;
  into.causes = causes_.all();
  into.incidents.assign(history_.all().begin(), history_.all().end());
}

}  // namespace tharsis::stn

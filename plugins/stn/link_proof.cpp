#include "plugins/stn/link_proof.h"

#include <utility>

namespace tharsis::stn {

void link_proof::look() {
  if (exchange_->running()) {
    told_ = false;
  } else if (exchange_->begun() && !std::exchange(told_, true)) {
    pace_.forgive();
    tell(exchange_->accepted() ? uint32_t{THARSIS_STN_AUTH_EVENT_ACCEPTED} : uint32_t{THARSIS_STN_AUTH_EVENT_NOT_NEEDED}, {});
  }
}

// Who was refused pauses, and the application hears of it.
void link_proof::on_down(const loss& why) {
  uint32_t outcome = THARSIS_STN_AUTH_EVENT_REFUSED;
  switch (why.why) {
    case THARSIS_STN_WHY_HELLO_REFUSED:
    case THARSIS_STN_WHY_AUTH_REFUSED: break;
    case THARSIS_STN_WHY_AUTH_LATER: outcome = THARSIS_STN_AUTH_EVENT_LATER; break;
    case THARSIS_STN_WHY_AUTH_UNANSWERED: return tell(THARSIS_STN_AUTH_EVENT_UNANSWERED, why.text);
    default: return;
  }
  pace_.on_refused(place_.now(), exchange_ ? exchange_->retry_after() : duration::zero());
  tell(outcome, why.text);
}

void link_proof::tell(uint32_t outcome, const std::string& sentence) const {
  events_.on_auth({settings_.name, user_(), sentence, outcome, exchange_ ? exchange_->attempts() : 0, pace_.refused_pause()});
}

}  // namespace tharsis::stn

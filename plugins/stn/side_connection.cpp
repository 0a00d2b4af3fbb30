#include "plugins/stn/side_connection.h"

#include "sdk/async/next_turn.h"

namespace tharsis::stn {
namespace {

loss no_longer_needed() { return {THARSIS_STN_WHY_REPLACED, THARSIS_E_CANCELLED, "nobody needs the connection any more"}; }

}  // namespace

task<loss> side_connection::live(endpoint to) {
  live_.reset();
  told_ = false;
  const extra_connections::place counted(extras_, to.host);
  const instant prove_by = later(around_.place.now(), next_.connect_timeout);
  auto wire = co_await dialer_.reach(std::move(to), prove_by);
  if (finished_) co_return no_longer_needed();
  if (!wire) co_return loss(why_not_reached(phases_.current(), wire.status()), wire.failure());
  live_connection::owner& heard = *this;
  live_ = std::make_unique<live_connection>(around_, heard, std::move(*wire));
  phases_.enter(phase::prove, around_.place.now());
  auto why = co_await speak(prove_by);
  co_return std::move(why);
}

task<loss> side_connection::speak(instant prove_by) {
  if (auto why = live_->begin(rhythm_, tasks_, prove_by)) co_return std::move(*why);
  for (;;) {
    auto why = turn();
    if (why) co_return std::move(*why);
    if (live_->more())
      co_await next_turn(around_.place);
    else
      co_await live_->wire().events().wait(live_->talk().deadline());
  }
}

std::optional<loss> side_connection::turn() {
  if (finished_) {
    live_->wire().end();
    return no_longer_needed();
  }
  auto why = live_->receive();
  for (const push& p : live_->take_pushes()) listener_.on_side_push(p);
  if (!why) why = live_->follow_auth();
  if (!why) why = live_->judge();
  if (!why && up() && !std::exchange(told_, true)) {
    phases_.enter(phase::up, around_.place.now());
    listener_.on_side_up();
  }
  if (!why) why = live_->send();
  return why;
}

void side_connection::finish() {
  finished_ = true;
  dialer_.give_up();
  nudge();
}

void side_connection::on_codec_gone(const std::string& sentence) {
  if (!live_) return;
  live_->talk().on_codec_gone(sentence);
  live_->nudge();
}

}  // namespace tharsis::stn

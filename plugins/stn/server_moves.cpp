#include "plugins/stn/server_moves.h"

#include "plugins/stn/core/wait_text.h"
#include "sdk/abi/stn_server.h"

namespace tharsis::stn {
namespace {

// A server that repeats itself is not told of each time.
constexpr duration told_again = 60s;

}  // namespace

bool server_moves::on_notice(std::span<const uint8_t> bytes, const std::vector<endpoint>& profile, const endpoint& current, const stream& wire) {
  rules_.change(settings_.moves);
  const move_situation here{profile, current, terms_of(settings_), "links." + settings_.name, [&wire](const std::string& name) { return wire.certified(name); }};
  auto plan = rules_.on_notice(bytes, here, ways_.random(), place_.now());
  if (!plan) {
    refuse(plan.failure(), current);
    return false;
  }
  counts_.moves_followed.add();
  const duration wait = plan->at - place_.now();
  std::string sentence = "the server at " + current.text() + (plan->ends == never ? " asks to go elsewhere" : " will end");
  if (!plan->why.empty()) sentence += " (" + plan->why + ")";
  sentence += "; the link goes to " + plan->to.front().text() + " in " + wait_text(wait);
  tell(THARSIS_STN_SERVER_MOVE, plan->to.front().text(), sentence, wait);
  host_.info("link " + settings_.name + ": " + sentence);
  ends_ = plan->ends == never ? instant{} : plan->ends;
  plan_ = std::move(*plan);
  return true;
}

void server_moves::refuse(const error& why, const endpoint& current) {
  counts_.moves_refused.add();
  if (why.text == told_ && place_.now() < later(told_at_, told_again)) return;
  told_at_ = place_.now();
  tell(THARSIS_STN_SERVER_MOVE_REFUSED, current.text(), why.text, {});
  host_.warning("link " + settings_.name + " at " + current.text() + ": " + why.text);
}

void server_moves::tell(uint32_t what, const std::string& where, const std::string& sentence, duration wait) {
  told_ = sentence;
  events_.on_server({settings_.name, where, sentence, what, 0, wait});
}

std::optional<move_plan> server_moves::take_due() {
  if (!plan_ || place_.now() < plan_->at) return std::nullopt;
  valid_until_ = plan_->valid_until;
  return std::exchange(plan_, std::nullopt);
}

bool server_moves::take_expired() {
  if (place_.now() < valid_until_) return false;
  forget();
  host_.info("link " + settings_.name + ": the endpoints that its server told hold no more; it goes back to those of the profile");
  return true;
}

void server_moves::forget() {
  plan_.reset();
  valid_until_ = never;
}

std::string server_moves::words() const {
  if (plan_) return "it goes to " + plan_->to.front().text() + " in " + wait_text(plan_->at - place_.now()) + ", since its server asked for it";
  if (led()) return "its server sent it here, for " + wait_text(valid_until_ - place_.now()) + " more";
  return {};
}

}  // namespace tharsis::stn

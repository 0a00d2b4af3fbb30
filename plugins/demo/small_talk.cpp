#include "plugins/demo/small_talk.h"

#include <array>

#include "sdk/pure/mars_frame.h"
#include "sdk/pure/mars_messages.h"

namespace tharsis::demo {
namespace {

constexpr std::array<std::string_view, 6> sayings = {
    "How is the weather up there?",         "We see your lamp from the ridge.",
    "The tea is ready when you are back.",  "Dust in the south, nothing for you to fear.",
    "Phobos is rising. Look to the west.",  "Base camp sends its greetings."};

}  // namespace

task<void> small_talk::life() {
  courier_.open(&small_talk::on_answer, this);
  for (uint64_t number = 1; !stopping_; ++number) {
    say(number);
    const instant next = later(place_.now(), settings_.friend_pace);
    while (place_.now() < next && !stopping_) co_await events_.wait(next);
  }
  courier_.cancel_all();
  while (courier_.waiting() > 0) co_await events_.wait();
  tables_.info("said " + std::to_string(answered_) + " things that were heard and " + std::to_string(failed_) +
               " that were not");
  tables_.self->stopped(tables_.self->self);
}

void small_talk::stop() {
  stopping_ = true;
  events_.raise();
}

// Without a key: what is lost in an outage is not worth repeating.
void small_talk::say(uint64_t number) {
  const std::string text(sayings[number % sayings.size()]);
  const std::vector<uint8_t> body =
      encode(mars::send_message_request{"", "friend", "all", text, settings_.topic});
  tharsis_error reason = no_error();
  const tharsis_status status =
      courier_.send(number, mars::command_send_message, body, "", settings_.task_timeout, &reason);
  if (status != THARSIS_OK && ++failed_ == 1) tables_.info("nobody can hear: " + std::string(reason.text));
}

void small_talk::on_answer(void* context, const courier::answer& a) {
  auto* self = static_cast<small_talk*>(context);
  ++(a.status == THARSIS_OK ? self->answered_ : self->failed_);
  self->events_.raise();
}

}  // namespace tharsis::demo

// One connection's authentication, as the application (tharsis.stn.auth/1) and the server play it: who has to
// say something next, and how it ended. Whose turn it is when the time is over, that one is named.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "plugins/stn/core/foreign_text.h"
#include "plugins/stn/core/reason.h"
#include "plugins/stn/core/settings.h"
#include "sdk/abi/stn_auth.h"

namespace tharsis::stn {

// What the application said, kept.
struct auth_word {
  uint32_t kind = THARSIS_STN_AUTH_NOT_NEEDED;
  uint32_t command = 0;
  duration retry_after{};
  std::vector<uint8_t> body;
  std::string reason;
};

class auth_exchange {
 public:
  struct question {
    bool judge;        // Else: begin.
    uint32_t attempt;  // From 1.
    std::vector<uint8_t> answer;
  };

  explicit auth_exchange(const auth_settings& s) : settings_(s) {}

  // The connection is ready for it; also once more, after NEXT.
  void begin() { ask(false); }
  // Somebody must be asked now, once.
  std::optional<question> take_question() {
    if (!std::exchange(unasked_, false)) return std::nullopt;
    return question{turn_ == turn::judge, attempts_, std::move(answer_)};
  }
  // False: this word does not fit the question, or none is asked.
  [[nodiscard]] static bool fits(bool judge, const auth_word& w) {
    if (judge) return w.kind >= THARSIS_STN_AUTH_ACCEPTED && w.kind <= THARSIS_STN_AUTH_AGAIN;
    if (w.kind == THARSIS_STN_AUTH_SEND) return w.command != 0 && w.command != mars::command_noop;
    return w.kind >= THARSIS_STN_AUTH_NOT_NEEDED && w.kind <= THARSIS_STN_AUTH_LATER;
  }
  void on_word(auth_word w) {
    if (!running() || unasked_ || turn_ == turn::server || !fits(turn_ == turn::judge, w)) return;
    switch (w.kind) {
      case THARSIS_STN_AUTH_SEND:
        turn_ = turn::server;
        message_ = std::move(w);
        return;
      case THARSIS_STN_AUTH_AGAIN: return ask_again();
      case THARSIS_STN_AUTH_LATER:
        return fail({THARSIS_STN_WHY_AUTH_LATER, THARSIS_E_DENIED, "the application cannot authenticate now" + after(w.reason)}, w);
      case THARSIS_STN_AUTH_REFUSED:
        return fail({THARSIS_STN_WHY_AUTH_REFUSED, THARSIS_E_DENIED, "the server did not accept who we are" + after(w.reason)}, w);
      default:
        next_ = w.kind == THARSIS_STN_AUTH_NEXT;
        accepted_ = accepted_ || w.kind == THARSIS_STN_AUTH_ACCEPTED;
        turn_ = turn::nobody;
        ready_ = true;
    }
  }
  // What must go to the server now, once.
  std::optional<auth_word> take_message() { return std::exchange(message_, std::nullopt); }
  bool waits_for_server() const { return turn_ == turn::server && !message_; }
  void on_answer(std::span<const uint8_t> body, std::string_view refusal) {
    if (!refusal.empty())
      return fail({THARSIS_STN_WHY_AUTH_REFUSED, THARSIS_E_DENIED, "the server refused the authentication: " + foreign_text(refusal)}, {});
    answer_.assign(body.begin(), body.end());
    turn_ = turn::judge;
    unasked_ = true;
  }
  void on_timeout() {
    const char* const who = turn_ == turn::server  ? "the server did not answer the authentication in time"
                            : turn_ == turn::judge ? "the application did not judge the server's answer in time"
                                                   : "the application did not say in time how to authenticate";
    fail({THARSIS_STN_WHY_AUTH_UNANSWERED, THARSIS_E_TIMEOUT, who}, {});
  }

  bool running() const { return turn_ != turn::nobody; }
  bool begun() const { return attempts_ > 0; }
  bool ready() const { return ready_; }        // Tasks may be sent.
  bool accepted() const { return accepted_; }  // The server has answered, and well.
  bool wants_next() const { return next_; }    // Asked again at the next ping.
  const std::optional<loss>& failure() const { return failure_; }
  duration retry_after() const { return retry_after_; }
  uint32_t attempts() const { return attempts_; }

 private:
  enum class turn { nobody, application, server, judge };

  static std::string after(const std::string& reason) { return reason.empty() ? "" : ": " + foreign_text(reason); }
  void ask(bool again) {
    attempts_ = again ? attempts_ + 1 : 1;
    turn_ = turn::application;
    unasked_ = true;
    next_ = false;
  }
  void ask_again() {
    if (attempts_ < static_cast<uint32_t>(settings_.attempts)) return ask(true);
    fail({THARSIS_STN_WHY_AUTH_REFUSED, THARSIS_E_DENIED,
          "the server did not accept who we are, " + std::to_string(attempts_) + " times, although it was refreshed"}, {});
  }
  void fail(loss why, const auth_word& w) {
    failure_ = std::move(why);
    retry_after_ = w.retry_after;
    turn_ = turn::nobody;
    unasked_ = false;
  }

  const auth_settings& settings_;
  turn turn_ = turn::nobody;  // Who has to say something.
  bool unasked_ = false;
  bool ready_ = false, accepted_ = false, next_ = false;
  uint32_t attempts_ = 0;
  std::vector<uint8_t> answer_;
  std::optional<auth_word> message_;
  std::optional<loss> failure_;
  duration retry_after_{};
};

}  // namespace tharsis::stn

// A connection that speaks: the wire, what is said on it, and who proves himself on it. What it does in a turn is the same
// for the connection that a link has and for those beside it; what follows from it is their owners' to say.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "plugins/stn/auth_hook.h"
#include "plugins/stn/core/session.h"
#include "plugins/stn/link_codec.h"
#include "sdk/async/stream.h"

namespace tharsis::stn {

class live_connection final : private auth_asker {
 public:
  // Of the link; all of it outlives the connection.
  struct surroundings {
    strand& place;
    auth_hook& auth;
    const link_settings& settings;  // What is said on a connection.
    const link_codec& codec;
    const std::string& client_id;
    traffic& counted;
    std::function<const std::string&()> user;  // For the application's proof: who it is then.
    bool& known;  // A server has taken this hello; see session.
    uint64_t& made;  // So many connections of the link.
  };
  class owner {
   public:
    // So many bytes were read; what the session has made of them is valid until this returns.
    virtual void on_read(size_t bytes) = 0;
    // So many are about to be written; also 0.
    virtual void on_output(size_t bytes) = 0;
    // The application is about to be asked who it is.
    virtual void on_question() = 0;

   protected:
    ~owner() = default;
  };

  live_connection(const surroundings& s, owner& by, std::unique_ptr<stream> wire)
      : around_(s), number_(++s.made), made_at_(s.place.now()), owner_(&by), wire_(std::move(wire)) {}
  ~live_connection() { around_.auth.drop(question_); }
  live_connection(const live_connection&) = delete;

  // Begins to speak; see session. Once.
  std::optional<loss> begin(heartbeat& rhythm, session_tasks& tasks, instant prove_by);
  // It speaks already, and belongs to `by` from now on; see session.
  void take_over(owner& by, heartbeat& rhythm, session_tasks& tasks);

  // It is up, nothing is wrong with it, and nobody is asked who he is.
  bool is_ready() const;

  // A turn. Each answers why the connection is over, if it is. What was received comes before all else; what can be sent,
  // behind it.
  std::optional<loss> receive();
  std::optional<loss> follow_auth();
  std::optional<loss> judge();
  std::optional<loss> send();
  // What the server has pushed by it.
  std::vector<push> take_pushes();
  // There may be more to read or to write, but others want their turn.
  bool more() const { return more_; }

  stream& wire() { return *wire_; }
  session& talk() { return *talk_; }
  const session& talk() const { return *talk_; }
  // Null: the application has no proof of its own here. Stays when the connection is gone.
  std::shared_ptr<const auth_exchange> exchange() const { return exchange_; }
  void nudge() { wire_->events().raise(stream::nudged); }

 private:
  void on_word(auth_word w) override;
  std::optional<loss> write();
  loss broken(tharsis_status status) const;

  const surroundings around_;
  const uint64_t number_;  // Of the link's connections.
  const instant made_at_;
  owner* owner_;
  std::unique_ptr<stream> wire_;
  std::shared_ptr<auth_exchange> exchange_;
  std::unique_ptr<session> talk_;
  tharsis_handle question_ = 0;  // That the application has not answered.
  std::vector<uint8_t> output_;  // What send() writes; kept, so that its memory is.
  bool more_ = false;
};

}  // namespace tharsis::stn

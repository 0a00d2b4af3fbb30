// A name asked of all servers at once, until what they say is enough (core/consensus.h) or time is up.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "plugins/dns/ask.h"
#include "plugins/dns/core/settings.h"
#include "plugins/dns/core/source_health.h"
#include "sdk/async/task_set.h"

namespace tharsis::dns {

class inquiry {
 public:
  struct wish {
    std::string name;
    std::vector<uint16_t> kinds;  // Types of records: A, AAAA, ...
    instant deadline;
    // Hear everybody, even where enough is known; for explanations.
    bool to_the_end = false;
    // What is thought of who answers, before it does.
    beliefs known{};
    // Servers that prove nothing are asked only where nobody has decided by then.
    duration plain_after{};
  };
  // `tell` is called once it is over, from a task of its own: it must not destroy the inquiry there. All outlive it.
  inquiry(const means& m, const settings& s, wish w, std::function<void()> tell);
  inquiry(const inquiry&) = delete;

  bool over() const { return over_; }
  // Once over: of the addresses of one family, or of both.
  ruling result() const;
  // What was heard about one kind, in the order it came.
  const std::vector<testimony>& heard(size_t kind) const { return matters_[kind].heard; }
  const wish& asked() const { return wish_; }
  const question& about(size_t kind) const { return matters_[kind].what; }
  instant began() const { return began_; }

 private:
  struct voice {
    std::string source;
    bool vouched = false;
    source_health::state health{};
    std::string known;  // The same for a person.
    bool waits() const { return !done && health.brief; }  // For a word of it, and not for long.
    first_word first;
    bool done = false;
  };
  struct matter {
    question what;
    std::vector<voice> voices;  // As settings::servers.
    std::vector<testimony> heard;
    silence silent;
    bool settled = false;
    // Those left that are waited for in full.
    silence silent_and_well() const;
  };
  task<void> ask_one(size_t kind, size_t server, duration after);
  task<void> hurry();
  task<void> lose_patience();
  bool is_settled(const matter& about) const;
  void tell_health(const matter& about, const voice& by, const testimony& said) const;
  void on_heard();
  void hear_the_rest();

  const means& means_;
  const settings& settings_;
  const wish wish_;
  const std::function<void()> tell_;
  const instant began_;
  std::vector<matter> matters_;
  bool over_ = false;
  bool hurried_ = false;
  bool impatient_ = false;  // Who is not well has had its moment.
  task_set work_;
};

}  // namespace tharsis::dns

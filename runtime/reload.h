// Decides the course of a reload: pure, no strand, no plugin.
//
// Those that may take their new settings while they run are asked first. Only when none of them refuses is
// anything changed: they take the settings, the others go down and come up with theirs. If one then does
// not run, everything is taken back the same way.
#pragma once
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "sdk/abi/abi.h"
#include "sdk/pure/error.h"
#include "sdk/pure/time.h"

namespace tharsis::runtime {

class reload {
 public:
  enum class treatment {
    asked,    // It runs and has configure().
    renewed,  // It goes down and comes up with its new settings; a new one only comes up.
    retried,  // Nothing changes for it, it is only given another chance. Its failure spoils nothing.
  };
  struct part {
    size_t plugin;
    std::string id;
    treatment how;
  };
  enum class step { prepare, commit, abort };
  struct action {
    size_t plugin;
    reload::step step;
    bool back;  // With the settings that it had before.
  };
  // The owner changes to the new plans, or back to the old ones.
  struct change {
    bool back;
    std::vector<size_t> renewed;
  };

  // `patience`: how long a plugin may take to answer.
  reload(std::vector<part> parts, duration patience);

  void start(instant now);
  // Or it cannot even be tried.
  void refuse(error why) { end(std::move(why)); }
  // What a plugin says to `prepare`; THARSIS_E_UNSUPPORTED: only a restart will do.
  void on_answer(size_t plugin, tharsis_status status, const std::string& sentence, instant now);
  // Its `commit` has come back, well or not: whether it still runs is seen when all have settled.
  void on_committed(size_t plugin);
  // It does not run any more, or not as the one that was asked: it comes up with its new settings.
  void on_gone(size_t plugin);
  // All plugins are at rest or run; `failure` names one that should run and does not, and why.
  void on_settled(const std::optional<std::string>& failure, instant now);
  // The runtime stops; whoever was asked is told to forget it.
  void cancel();

  instant deadline() const { return deadline_; }
  void on_deadline(instant now);

  std::vector<action> take_actions();
  std::optional<change> take_change();

  // It waits for on_settled().
  bool settling() const { return phase_ == phase::settling && committing_.empty(); }
  bool over() const { return phase_ == phase::over; }
  // Once it is over: why nothing was changed.
  const std::optional<error>& failure() const { return failure_; }

 private:
  enum class phase { idle, asking, settling, over };
  enum class answer { awaited, agreed, renews };
  struct entry {
    part facts;
    answer said;
  };

  void ask(instant now);
  void refuse(tharsis_status status, std::string sentence);
  void change_when_all_agree();
  void end(std::optional<error> failure);

  std::vector<entry> entries_;
  const duration patience_;
  phase phase_ = phase::idle;
  bool back_ = false;
  instant deadline_ = never;
  std::vector<action> actions_;
  std::set<size_t> committing_;
  std::optional<change> change_;
  std::optional<error> failure_;
};

}  // namespace tharsis::runtime

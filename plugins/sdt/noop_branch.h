// Mars' noop: links of stn that lead to the target and are up are asked for a sign of life, each over its own connection, in its own
// codec. What answers has gone all the way, through the server's own loop.
#pragma once
#include <list>
#include <string>

#include "plugins/sdt/bench.h"
#include "sdk/async/signal.h"
#include "sdk/async/task.h"

namespace tharsis::sdt {

class noop_branch {
 public:
  explicit noop_branch(bench& b) : bench_(b), heard_(b.place) {}
  noop_branch(const noop_branch&) = delete;

  // Once. Ends when all have answered, or after a while.
  task<void> ask();
  // stn tells of an answer. [own strand]
  void on_pong(const std::string& link, const std::string& address);

 private:
  void send();

  bench& bench_;
  std::list<noop_probe> open_;  // Asked, and not answered yet.
  signal heard_;
};

}  // namespace tharsis::sdt

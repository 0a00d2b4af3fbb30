// Forks of this process, for those whose locks and threads a child does not get whole.
#pragma once
#include <functional>
#include <string>

namespace tharsis::runtime {

class fork_watch {
 public:
  // Called by the thread that forks: before it does, and then in the parent and in the child. None may make or end a watch.
  struct acts {
    std::function<void()> before, after, in_child;
  };
  explicit fork_watch(acts a);
  ~fork_watch();
  fork_watch(const fork_watch&) = delete;

  const acts& told() const { return acts_; }

 private:
  const acts acts_;
};

// To stderr, past all locks.
void print_unlocked(const std::string& text);

}  // namespace tharsis::runtime

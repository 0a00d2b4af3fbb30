// Owns any number of running tasks: a finished one is freed, destroying the set cancels the rest.
#pragma once
#include <iterator>
#include <list>

#include "sdk/async/signal.h"
#include "sdk/async/task.h"

namespace tharsis {

class task_set {
 public:
  explicit task_set(strand& place) : place_(place), empty_(place) {}
  task_set(const task_set&) = delete;
  ~task_set() { cancel(); }

  // Starts the task; it runs until its first suspension inside this call.
  void spawn(task<void> t) {
    entries_.push_back({std::move(t), this, {}, 0});
    entry& e = entries_.back();
    e.here = std::prev(entries_.end());
    e.finished = place_.arm(&task_set::on_finished, &e);
    e.work.start(place_, e.finished);
  }

  // Cancels what runs. Not from inside one of its own tasks.
  void clear() {
    cancel();
    empty_.raise();  // Somebody may be in join().
  }

  bool empty() const { return entries_.empty(); }
  size_t size() const { return entries_.size(); }

  // Suspends until the set is empty or the deadline has passed; answers whether it is empty.
  task<bool> join(instant deadline) {
    while (!entries_.empty() && place_.now() < deadline) co_await empty_.wait(deadline);
    co_return entries_.empty();
  }

 private:
  struct entry {
    task<void> work;
    task_set* owner;
    std::list<entry>::iterator here;
    strand::key finished;
  };
  void cancel() {
    for (entry& e : entries_) place_.disarm(e.finished);
    entries_.clear();
  }
  static void on_finished(void* context) {
    auto* finished = static_cast<entry*>(context);
    task_set& self = *finished->owner;
    self.entries_.erase(finished->here);
    if (self.entries_.empty()) self.empty_.raise();
  }

  strand& place_;
  signal empty_;
  std::list<entry> entries_;
};

}  // namespace tharsis

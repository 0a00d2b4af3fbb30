#include "runtime/os_fork_linux.h"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <utility>
#include <vector>

namespace tharsis::runtime {
namespace {

struct fork_watches {
  std::mutex mutex;
  std::vector<const fork_watch*> all;
};

// Never freed: a process may fork while it ends.
fork_watches& watches() {
  static fork_watches& only = *new fork_watches;
  return only;
}

void before_any_fork() {
  watches().mutex.lock();
  for (auto w = watches().all.rbegin(); w != watches().all.rend(); ++w) (*w)->told().before();
}
void after_any_fork() {
  for (const fork_watch* w : watches().all) w->told().after();
  watches().mutex.unlock();
}
void in_any_child() {
  for (const fork_watch* w : watches().all) w->told().in_child();
  watches().mutex.unlock();
}

}  // namespace

fork_watch::fork_watch(acts a) : acts_(std::move(a)) {
  [[maybe_unused]] static const int once = pthread_atfork(before_any_fork, after_any_fork, in_any_child);
  const std::lock_guard hold(watches().mutex);
  watches().all.push_back(this);
}

fork_watch::~fork_watch() {
  const std::lock_guard hold(watches().mutex);
  std::erase(watches().all, this);
}

void print_unlocked(const std::string& text) {
  for (size_t done = 0; done < text.size();) {
    const ssize_t n = write(STDERR_FILENO, text.data() + done, text.size() - done);
    if (n < 0 && errno != EINTR) return;
    if (n > 0) done += static_cast<size_t>(n);
  }
}

}  // namespace tharsis::runtime

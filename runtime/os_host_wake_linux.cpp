#include "runtime/os_host_wake_linux.h"

#include <poll.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>

namespace tharsis::runtime {
namespace {

bool watch(int both, int descriptor) {
  epoll_event event{};
  event.events = EPOLLIN;
  return epoll_ctl(both, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

bool poll_for(int descriptor, const timespec* limit) {
  pollfd watched{descriptor, POLLIN, 0};
  return ppoll(&watched, 1, limit, nullptr) > 0;
}

}  // namespace

host_wake::host_wake(int main_descriptor) {
  both_ = epoll_create1(EPOLL_CLOEXEC);
  inboxes_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (both_ >= 0 && inboxes_ >= 0 && watch(both_, main_descriptor) && watch(both_, inboxes_)) return;
  if (both_ >= 0) close(both_);
  both_ = -1;
}

host_wake::~host_wake() {
  if (both_ >= 0) close(both_);
  if (inboxes_ >= 0) close(inboxes_);
}

void host_wake::note_inbox(bool holds_something) {
  const std::lock_guard lock(mutex_);
  uint64_t count = 1;
  [[maybe_unused]] ssize_t moved = 0;
  if (holds_something && full_++ == 0) moved = write(inboxes_, &count, sizeof count);
  if (!holds_something && --full_ == 0) moved = read(inboxes_, &count, sizeof count);
}

bool host_wake::wait(std::optional<duration> limit) const {
  if (!limit) return poll_for(both_, nullptr);
  const int64_t ns = std::max<int64_t>(limit->count(), 0);
  timespec left{};
  left.tv_sec = static_cast<time_t>(ns / 1'000'000'000);
  left.tv_nsec = static_cast<long>(ns % 1'000'000'000);
  return poll_for(both_, &left);
}

bool readable_now(int descriptor) {
  const timespec at_once{};
  return poll_for(descriptor, &at_once);
}

}  // namespace tharsis::runtime

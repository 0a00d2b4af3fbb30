#include "runtime/os_poller_linux.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace tharsis::runtime {
namespace {

constexpr int events_max = 128;
constexpr int64_t second = 1'000'000'000;

timespec to_timespec(int64_t ns) {
  timespec t{};
  t.tv_sec = static_cast<time_t>(ns / second);
  t.tv_nsec = static_cast<long>(ns % second);
  return t;
}

// The clock counts; reading takes it back to silence.
void silence(int descriptor) {
  uint64_t count;
  [[maybe_unused]] const ssize_t n = ::read(descriptor, &count, sizeof count);
}

uint32_t bits_of(uint32_t events) {
  const bool over = (events & (EPOLLHUP | EPOLLERR)) != 0;
  return (over || (events & (EPOLLIN | EPOLLRDHUP)) ? poller::readable : 0u) |
         (over || (events & EPOLLOUT) ? poller::writable : 0u) | (events & EPOLLERR ? poller::failed : 0u) |
         (over || (events & EPOLLRDHUP) ? poller::ending : 0u);
}

void close_descriptor(int& descriptor) {
  if (descriptor >= 0) ::close(descriptor);
  descriptor = -1;
}

}  // namespace

poller::~poller() { close(); }

bool poller::open() {
  epoll_ = epoll_create1(EPOLL_CLOEXEC);
  bell_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  epoll_event event{};
  event.events = EPOLLIN | EPOLLET;  // Each ring is told once, so nobody has to read the count away.
  event.data.ptr = &bell_;
  if (epoll_ >= 0 && bell_ >= 0 && epoll_ctl(epoll_, EPOLL_CTL_ADD, bell_, &event) == 0) return true;
  close();
  return false;
}

void poller::close() {
  close_descriptor(epoll_);
  close_descriptor(bell_);
  close_descriptor(clock_);
}

bool poller::add(int descriptor, watcher& w) {
  epoll_event event{};
  event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
  event.data.ptr = &w;
  return epoll_ctl(epoll_, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

void poller::remove(int descriptor) {
  epoll_event unused{};
  epoll_ctl(epoll_, EPOLL_CTL_DEL, descriptor, &unused);
}

void poller::wait(int64_t timeout) {
  epoll_event events[events_max];
  const int count = sleep(events, timeout);
  for (int i = 0; i < count; ++i) {
    void* const who = events[i].data.ptr;
    if (who == &bell_) continue;
    if (who == &clock_) {
      silence(clock_);
      alarm_at_ = 0;
    } else {
      static_cast<watcher*>(who)->on_ready(bits_of(events[i].events));
    }
  }
}

// Kernels before 5.11 know whole milliseconds only; rounding up keeps timers from firing early.
int poller::sleep(void* events, int64_t timeout) {
  auto* const list = static_cast<epoll_event*>(events);
  if (fine_timeouts_ && timeout > 0) {
    const timespec limit = to_timespec(timeout);
    const int count = epoll_pwait2(epoll_, list, events_max, &limit, nullptr);
    if (count >= 0 || errno != ENOSYS) return count;
    fine_timeouts_ = false;
  }
  const int64_t ms =
      timeout < 0 ? -1 : std::min<int64_t>(timeout / 1'000'000 + (timeout % 1'000'000 != 0), 1'000'000'000);
  return epoll_wait(epoll_, list, events_max, static_cast<int>(ms));
}

void poller::wake() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t n = ::write(bell_, &one, sizeof one);  // The count is full after 500 years of ringing without a pause.
}

void poller::alarm(int64_t at) {
  if (at == alarm_at_) return;
  if (clock_ < 0) {
    clock_ = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = &clock_;
    if (clock_ < 0 || epoll_ctl(epoll_, EPOLL_CTL_ADD, clock_, &event) != 0) return;
  }
  itimerspec when{};
  when.it_value = to_timespec(at);
  timerfd_settime(clock_, TFD_TIMER_ABSTIME, &when, nullptr);
  alarm_at_ = at;
}

}  // namespace tharsis::runtime

// What boost::signals2 and Poco take for the same, as Debian has them. Only measured, never linked by anything
// that is shipped; absent where they are not installed.
#include "tests/bench/runtime/groups.h"

#ifdef THARSIS_BENCH_BOOST
#include <boost/signals2.hpp>
#endif
#ifdef THARSIS_BENCH_POCO
#include <Poco/NObserver.h>
#include <Poco/Notification.h>
#include <Poco/NotificationCenter.h>
#include <Poco/NotificationQueue.h>
#endif

#include <memory>
#include <string>

namespace tharsis::bench {
namespace {

const std::string missing = "not installed; script/bootstrap --bench";

figure peer(const std::string& name, size_t count, const sample& s) {
  return {name + " to " + std::to_string(count), "ns", s, {}, {}, s ? "" : missing};
}

#ifdef THARSIS_BENCH_BOOST
sample boost_signal(size_t count) {
  struct state {
    boost::signals2::signal<void(uint64_t)> signal;
    std::vector<uint64_t> sums;
  };
  const auto s = std::make_shared<state>();
  s->sums.resize(count);
  for (uint64_t& sum : s->sums) s->signal.connect([&sum](uint64_t n) { sum += n; });
  return nanoseconds_each([s](size_t n) {
    for (size_t i = 0; i < n; ++i) s->signal(i);
  });
}
#else
sample boost_signal(size_t) { return {}; }
#endif

#ifdef THARSIS_BENCH_POCO
struct note : Poco::Notification {
  explicit note(uint64_t n) : number(n) {}
  uint64_t number;
};

struct listener {
  uint64_t sum = 0;
  void hear(const Poco::AutoPtr<note>& n) { sum += n->number; }
};

sample poco_center(size_t count) {
  struct state {
    Poco::NotificationCenter center;
    std::vector<listener> listeners;
  };
  const auto s = std::make_shared<state>();
  s->listeners.resize(count);
  for (listener& l : s->listeners) s->center.addObserver(Poco::NObserver<listener, note>(l, &listener::hear));
  return nanoseconds_each([s](size_t n) {
    for (size_t i = 0; i < n; ++i) s->center.postNotification(new note(i));
  });
}

// A queue has one listener; in bursts, as the bus's figures are.
sample poco_queue() {
  const auto queue = std::make_shared<Poco::NotificationQueue>();
  return nanoseconds_each([queue](size_t n) {
    constexpr size_t burst = 1024;
    uint64_t sum = 0;
    for (size_t left = n; left > 0;) {
      const size_t now = left < burst ? left : burst;
      for (size_t i = 0; i < now; ++i) queue->enqueueNotification(new note(i));
      while (const Poco::AutoPtr<Poco::Notification> next = queue->dequeueNotification()) sum += next.cast<note>()->number;
      left -= now;
    }
  });
}
#else
sample poco_center(size_t) { return {}; }
sample poco_queue() { return {}; }
#endif

}  // namespace

std::vector<figure> peer_figures() {
  std::vector<figure> all;
  for (const size_t count : {1u, 10u, 1000u}) all.push_back(peer("peer boost::signals2", count, boost_signal(count)));
  for (const size_t count : {1u, 10u, 1000u}) all.push_back(peer("peer Poco NotificationCenter", count, poco_center(count)));
  all.push_back(peer("peer Poco NotificationQueue, queued", 1, poco_queue()));
  return all;
}

}  // namespace tharsis::bench

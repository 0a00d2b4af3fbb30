// Posts within a thread and between threads, and timers.
#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "tests/bench/runtime/groups.h"
#include "tests/bench/runtime/stage.h"

namespace tharsis::bench {
namespace {

// Counts down; the last one tells.
struct countdown {
  size_t left = 0;
  signal done;

  static void wake(void* context, tharsis_handle) {
    auto& c = *static_cast<countdown*>(context);
    if (--c.left == 0) c.done.tell();
  }
};

// A strand that is closed with the last figure that uses it.
struct own_strand {
  explicit own_strand(std::shared_ptr<stage> of) : from(std::move(of)), strand(from->open()) {}
  own_strand(const own_strand&) = delete;
  ~own_strand() { stage::close(strand); }
  void post(tharsis_wake wake, void* context) const { stage::post(strand, wake, context); }

  std::shared_ptr<stage> from;
  const tharsis_strand* strand;
};

// A wake that posts itself again: post, queue and dispatch, nothing else.
struct chain {
  const tharsis_loop* loop;
  size_t left;
  signal done;

  static void wake(void* context, tharsis_handle) {
    auto& c = *static_cast<chain*>(context);
    if (--c.left == 0) return c.done.tell();
    c.loop->post(c.loop->self, 0, &chain::wake, context, 0);
  }
};

void post_to_itself(const own_strand& own, size_t n) {
  chain c{own.strand->loop, n, {}};
  own.post(&chain::wake, &c);
  c.done.wait();
}

// One wake posts a burst, which runs when it is over.
struct burst {
  static constexpr size_t size = 64;
  const tharsis_loop* loop;
  size_t left;
  signal done;

  static void nothing(void*, tharsis_handle) {}
  static void wake(void* context, tharsis_handle) {
    auto& b = *static_cast<burst*>(context);
    for (size_t i = 1; i < size; ++i) b.loop->post(b.loop->self, 0, &burst::nothing, context, 0);
    if (--b.left == 0) return b.done.tell();
    b.loop->post(b.loop->self, 0, &burst::wake, context, 0);
  }
};

void post_bursts(const own_strand& own, size_t n) {
  burst b{own.strand->loop, n / burst::size + 1, {}};
  own.post(&burst::wake, &b);
  b.done.wait();
}

void post_from_outside(const own_strand& own, size_t n) {
  countdown c{n, {}};
  const tharsis_loop* const loop = own.strand->loop;
  for (size_t i = 0; i < n; ++i) loop->post(loop->self, own.strand->id, &countdown::wake, &c, 0);
  c.done.wait();
}

// A ball between two strands, each with a thread of its own.
struct ball {
  const tharsis_strand* sides[2];
  size_t left;
  signal done;

  static void wake(void* context, tharsis_handle side) {
    auto& b = *static_cast<ball*>(context);
    if (--b.left == 0) return b.done.tell();
    const tharsis_loop* const loop = b.sides[side]->loop;
    loop->post(loop->self, b.sides[1 - side]->id, &ball::wake, context, 1 - side);
  }
};

void play(const own_strand& one, const own_strand& other, size_t n) {
  ball b{{one.strand, other.strand}, n, {}};
  one.post(&ball::wake, &b);
  b.done.wait();
}

// The same with a mutex and a condition variable.
class condition_ball {
 public:
  condition_ball() {
    for (int side : {0, 1}) players_[side] = std::thread([this, side] { run(side); });
  }
  condition_ball(const condition_ball&) = delete;
  ~condition_ball() {
    {
      const std::lock_guard lock(mutex_);
      ended_ = true;
    }
    for (auto& c : changed_) c.notify_one();
    for (auto& p : players_) p.join();
  }

  void play(size_t n) {
    {
      const std::lock_guard lock(mutex_);
      left_ = n;
      turn_ = 0;
    }
    changed_[0].notify_one();
    done_.wait();
  }

 private:
  void run(int side) {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_[side].wait(lock, [&] { return ended_ || (left_ > 0 && turn_ == side); });
      if (ended_) return;
      turn_ = 1 - side;
      const bool last = --left_ == 0;
      lock.unlock();
      if (last) done_.tell();
      else changed_[1 - side].notify_one();
      lock.lock();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_[2];
  size_t left_ = 0;
  int turn_ = 0;
  bool ended_ = false;
  signal done_;
  std::thread players_[2];
};

// As plugins have them: ten thousand armed, each of a connection's, and one that comes and goes.
void arm_and_cancel(const own_strand& own, size_t n) {
  stage::on(own.strand, [&] {
    const tharsis_loop& loop = *own.strand->loop;
    const auto nothing = [](void*, tharsis_handle) {};
    constexpr int64_t minute = 60'000'000'000;
    const int64_t far = loop.now(loop.self) + 60 * minute;
    uint64_t dice = 1;
    const auto somewhen = [&] {
      dice = dice * 6364136223846793005u + 1442695040888963407u;
      return far + static_cast<int64_t>(dice >> 33) % minute;
    };
    std::vector<tharsis_handle> armed(std::min<size_t>(n, 10'000));
    for (tharsis_handle& t : armed) loop.timer_set(loop.self, somewhen(), nothing, nullptr, 0, &t);
    for (size_t i = armed.size(); i < n; ++i) {
      tharsis_handle& t = armed[(dice >> 20) % armed.size()];
      loop.timer_cancel(loop.self, t);
      loop.timer_set(loop.self, somewhen(), nothing, nullptr, 0, &t);
    }
    for (const tharsis_handle t : armed) loop.timer_cancel(loop.self, t);
  });
}

}  // namespace

std::vector<figure> strand_figures() {
  const auto platform = std::make_shared<stage>();
  const auto one = std::make_shared<own_strand>(platform), other = std::make_shared<own_strand>(platform);
  const auto condition = std::make_shared<condition_ball>();
  const auto with_one = [&](void (*body)(const own_strand&, size_t)) { return [one, body](size_t n) { body(*one, n); }; };
  return {
      {"post to itself, one by one", "ns", nanoseconds_each(with_one(post_to_itself)), {}, at_most(30), {}},
      {"post to itself, bursts of 64", "ns", nanoseconds_each(with_one(post_bursts)), {}, at_most(30), {}},
      {"posts from another thread", "1/s", each_second(with_one(post_from_outside)), {}, at_least(5e6), {}},
      {"hand-off : condition variable", "ns", nanoseconds_each([one, other](size_t n) { play(*one, *other, n); }),
       nanoseconds_each([condition](size_t n) { condition->play(n); }), at_most(1.5), {}},
      {"timers armed and cancelled", "1/s", each_second(with_one(arm_and_cancel)), {}, at_least(1e6), {}},
  };
}

}  // namespace tharsis::bench

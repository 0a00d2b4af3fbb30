// Goal: whatever the order in which a thread, the drain and the memory between them act, and wherever the process is
// killed, no acknowledged line is lost or doubled, and no line waits while the drain sleeps unheard.
// Method: a model of the steps that ring_set, the logger and the recovery take, and every state it can come to. The
// thread's stores wait in a buffer, as a processor's do, until they are let out one by one or a barrier empties it. Each
// rule is also left out once, to see that the model would notice.
#include <algorithm>
#include <array>
#include <deque>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace {

constexpr int lines = 4;
constexpr int room = 2;  // Lines that fit into the ring.

// What may be left out.
struct rules {
  bool barrier = true;         // may_sleep() has one between its store and its loads.
  bool look_again = true;      // may_sleep() looks at the heads after the store.
  bool head_after_bytes = true;
  bool file_before_tail = true;
  bool ranges = true;          // The recovery skips what blocks hold.
};

struct state {
  // The thread: the line it writes, and what comes next of it.
  int line = 0, step = 0;
  // The ring, as it stands in memory. The buffer holds (what, value).
  std::array<int, room> bytes{-1, -1};
  int head = 0, tail = 0;
  std::deque<std::pair<char, int>> buffer;
  // The drain.
  int asleep = 0, drain_step = 0, read = 0, head_seen = 0;
  bool woken = false;
  // The file: what its blocks hold.
  std::vector<int> file;
  int file_end = 0;

  auto key() const {
    return std::tuple(line, step, bytes, head, tail, buffer, asleep, drain_step, read, head_seen, woken, file, file_end);
  }
  bool operator<(const state& o) const { return key() < o.key(); }
};

enum thread_steps { begin, put_bytes, put_head, see_asleep };
enum drain_steps { look, write_block, publish, lie_down, check, sleeping };

class model {
 public:
  explicit model(rules r) : rules_(r) {}

  // The first thing that went wrong; empty: nothing can.
  std::string explore() {
    visit({});
    while (!open_.empty() && wrong_.empty()) {
      const state s = open_.front();
      open_.pop_front();
      crash(s);
      moves_ = 0;
      thread(s), let_out(s), drain(s);
      if (moves_ == 0 && s.file_end < lines) wrong_ = "nobody moves, and a line waits";
    }
    return wrong_;
  }
  size_t states() const { return seen_.size(); }

 private:
  void visit(state s) {
    ++moves_;
    if (seen_.insert(s).second) open_.push_back(std::move(s));
  }

  // What the thread sees of its own stores does not matter: it reads none of them.
  void thread(state s) {
    switch (s.step) {
      case begin:
        if (s.line == lines) return;
        if (s.line - s.tail >= room) return;  // room() waits.
        s.step = put_bytes;
        return visit(s);
      case put_bytes:
        s.buffer.push_back(rules_.head_after_bytes ? std::pair('b', s.line) : std::pair('h', s.line + 1));
        s.step = put_head;
        return visit(s);
      case put_head:
        s.buffer.push_back(rules_.head_after_bytes ? std::pair('h', s.line + 1) : std::pair('b', s.line));
        s.step = see_asleep;
        return visit(s);
      case see_asleep:
        if (s.asleep == 1) s.asleep = 0, s.woken = true;
        ++s.line;
        s.step = begin;
        return visit(s);
    }
  }

  void let_out(state s) {
    if (s.buffer.empty()) return;
    let_one_out(s);
    visit(s);
  }
  static void let_one_out(state& s) {
    const auto [what, value] = s.buffer.front();
    s.buffer.pop_front();
    if (what == 'b') s.bytes[static_cast<size_t>(value % room)] = value;
    else s.head = value;
  }

  void drain(state s) {
    switch (s.drain_step) {
      case look:
        s.head_seen = s.head;
        s.drain_step = s.head == s.read ? lie_down : write_block;
        return visit(s);
      case write_block:
        if (!rules_.file_before_tail) s.tail = s.head_seen;
        else block(s);
        s.drain_step = publish;
        return visit(s);
      case publish:
        if (!rules_.file_before_tail) block(s);
        else s.tail = s.head_seen;
        s.drain_step = look;
        return visit(s);
      case lie_down:
        s.asleep = 1;
        s.drain_step = check;
        return visit(s);
      case check:
        if (rules_.barrier)
          while (!s.buffer.empty()) let_one_out(s);
        if (rules_.look_again && s.head != s.read) s.asleep = 0, s.drain_step = look;
        else s.drain_step = sleeping;
        return visit(s);
      case sleeping:
        if (!s.woken) return;
        s.woken = false;
        s.drain_step = look;
        return visit(s);
    }
  }
  void block(state& s) {
    for (int i = s.read; i < s.head_seen; ++i) s.file.push_back(s.bytes[static_cast<size_t>(i % room)]);
    s.read = s.file_end = s.head_seen;
  }

  // The process dies here: its stores still reach the memory, for the processor lives on.
  void crash(state s) {
    const int acknowledged = s.line;  // Calls that have returned.
    while (!s.buffer.empty()) let_one_out(s);
    for (int i = rules_.ranges ? std::max(s.tail, s.file_end) : s.tail; i < s.head; ++i)
      s.file.push_back(s.bytes[static_cast<size_t>(i % room)]);
    if (static_cast<int>(s.file.size()) < acknowledged) wrong_ = "an acknowledged line is lost";
    for (size_t i = 0; i < s.file.size(); ++i)
      if (s.file[i] != static_cast<int>(i)) wrong_ = "a line is doubled, torn or out of order";
  }

  const rules rules_;
  std::set<state> seen_;
  std::deque<state> open_;
  size_t moves_ = 0;
  std::string wrong_;
};

std::string explored(rules r) { return model(r).explore(); }

}  // namespace

TEST(RingModel, NothingIsLostDoubledOrLeftWaitingWhateverTheOrder) {
  model m({});
  EXPECT_EQ(m.explore(), "");
  EXPECT_GT(m.states(), 500u);
}

TEST(RingModel, EachRuleIsNeeded) {
  EXPECT_EQ(explored({.barrier = false}), "nobody moves, and a line waits");
  EXPECT_EQ(explored({.look_again = false}), "nobody moves, and a line waits");
  EXPECT_NE(explored({.head_after_bytes = false}), "");
  EXPECT_EQ(explored({.file_before_tail = false}), "an acknowledged line is lost");
  EXPECT_EQ(explored({.ranges = false}), "a line is doubled, torn or out of order");
}

// Goal: whatever the order in which a thread, the drain and the memory between them act, and wherever the process is
// killed, no acknowledged line is lost or doubled, no line waits while the drain sleeps unheard, and nobody waits for room
// that there is.
// Method: a model of the steps that ring_set, the logger and the recovery take, and every state it can come to: some 22,000,
// of one thread with five lines, a ring for two, and a drain. Of the lines some wait for room without end, some as long as they
// like, one not at all; a dropped line counts as told. The thread's stores wait in a buffer, as a processor's do, until
// they are let out one by one or a barrier empties it. Each rule is also left out once, to see that the model would notice.
// The flight ring has a model of its own: flight_model_test.cpp.
#include <algorithm>
#include <array>
#include <cstdio>
#include <deque>
#include <iterator>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include "tests/sdk/sim/seeds.h"

namespace {

constexpr int room = 2;  // Lines that fit into the ring.
enum patience { endless, some, none };
constexpr patience patience_of[] = {endless, endless, some, none, endless};  // Of each line.
constexpr int lines = std::size(patience_of);

// What may be left out.
struct rules {
  bool barrier = true;         // may_sleep() has one between its store and its loads.
  bool look_again = true;      // may_sleep() looks at the heads after the store.
  bool head_after_bytes = true;
  bool file_before_tail = true;
  bool ranges = true;          // The recovery skips what blocks hold.
  bool try_again = true;       // Who waits for room says so first, and then looks whether there is some.
  bool turn_first = true;      // The turn that a wait is for is read before that look.
};

struct state {
  // The thread: the line it writes, and what comes next of it.
  int line = 0, step = 0, position = 0;
  int seen_turn = 0;
  bool told_full = false;
  std::vector<int> acknowledged;
  // Between the two: whether somebody waits for room, and how often room was made for somebody who did.
  bool waiting = false;
  int turn = 0;
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
    return std::tuple(line, step, position, seen_turn, told_full, acknowledged, waiting, turn, bytes, head, tail, buffer, asleep,
                      drain_step, read, head_seen, woken, file, file_end);
  }
  bool operator<(const state& o) const { return key() < o.key(); }
};

enum thread_steps { begin, put_bytes, put_head, see_asleep, read_turn, say_waiting, look_for_room, wait };
enum drain_steps { look, write_block, publish, wake_waiting, lie_down, check, sleeping };

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
      if (moves_ == 0 && (s.line < lines || s.file.size() < s.acknowledged.size())) wrong_ = "nobody moves, and a line waits";
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
        if (has_room(s)) return write(s);
        return ask(s);
      case put_bytes:
        s.buffer.push_back(rules_.head_after_bytes ? std::pair('b', s.position) : std::pair('h', s.position + 1));
        s.step = put_head;
        return visit(s);
      case put_head:
        s.buffer.push_back(rules_.head_after_bytes ? std::pair('h', s.position + 1) : std::pair('b', s.position));
        s.step = see_asleep;
        return visit(s);
      case see_asleep:
        if (s.asleep == 1) s.asleep = 0, s.woken = true;
        s.acknowledged.push_back(s.line);
        ++s.position;
        return next_line(s);
      default: return thread_without_room(s);
    }
  }
  void thread_without_room(state s) {
    switch (s.step) {
      case read_turn:
        s.seen_turn = s.turn;
        s.step = say_waiting;
        return visit(s);
      case say_waiting:
        s.waiting = true;
        s.step = rules_.try_again ? look_for_room : wait;
        return visit(s);
      case look_for_room:
        if (has_room(s)) return write(s);
        if (!rules_.turn_first) s.seen_turn = s.turn;
        if (patience_of[s.line] == none) return next_line(s);  // Dropped.
        s.step = wait;
        return visit(s);
      case wait:
        if (patience_of[s.line] == some) next_line(s);
        if (s.turn == s.seen_turn) return;
        s.step = read_turn;
        return visit(s);
    }
  }
  static bool has_room(const state& s) { return s.position - s.tail < room; }
  void write(state s) {
    s.told_full = false;
    s.step = put_bytes;
    visit(s);
  }
  void ask(state s) {
    if (patience_of[s.line] != none || !s.told_full) s.asleep = 0, s.woken = true;
    s.told_full = s.told_full || patience_of[s.line] == none;
    s.step = read_turn;
    visit(s);
  }
  void next_line(state s) {
    ++s.line;
    s.step = begin;
    visit(s);
  }

  void let_out(state s) {
    if (s.buffer.empty()) return;
    let_one_out(s);
    visit(s);
  }
  static void let_one_out(state& s) {
    const auto [what, value] = s.buffer.front();
    s.buffer.pop_front();
    // The line that stands there: of those before it some were dropped.
    const bool whole = value < static_cast<int>(s.acknowledged.size());
    if (what == 'b') s.bytes[static_cast<size_t>(value % room)] = whole ? s.acknowledged[static_cast<size_t>(value)] : s.line;
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
        s.drain_step = wake_waiting;
        return visit(s);
      case wake_waiting:
        if (std::exchange(s.waiting, false)) ++s.turn;
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
    const auto acknowledged = s.acknowledged;  // Calls that have returned, and said that their line is there.
    while (!s.buffer.empty()) let_one_out(s);
    for (int i = rules_.ranges ? std::max(s.tail, s.file_end) : s.tail; i < s.head; ++i)
      s.file.push_back(s.bytes[static_cast<size_t>(i % room)]);
    // Beyond them there may be the line of a call that was under way.
    if (s.file.size() == acknowledged.size() + 1 && s.file.back() == s.line) s.file.pop_back();
    if (s.file.size() < acknowledged.size()) wrong_ = "an acknowledged line is lost";
    else if (s.file != acknowledged) wrong_ = "a line is doubled, torn or out of order";
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
  THARSIS_ONE_THREAD();
  model m({});
  EXPECT_EQ(m.explore(), "");
  EXPECT_GT(m.states(), 20'000u);
  std::printf("%zu states\n", m.states());
}

TEST(RingModel, EachRuleIsNeeded) {
  THARSIS_ONE_THREAD();
  EXPECT_EQ(explored({.barrier = false}), "nobody moves, and a line waits");
  EXPECT_EQ(explored({.look_again = false}), "nobody moves, and a line waits");
  EXPECT_NE(explored({.head_after_bytes = false}), "");
  EXPECT_EQ(explored({.file_before_tail = false}), "an acknowledged line is lost");
  EXPECT_EQ(explored({.ranges = false}), "a line is doubled, torn or out of order");
  EXPECT_EQ(explored({.try_again = false}), "nobody moves, and a line waits");
  EXPECT_EQ(explored({.turn_first = false}), "nobody moves, and a line waits");
}

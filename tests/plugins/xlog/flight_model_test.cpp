// Goal: whatever the order in which a thread, the drain, a disk that fails and death act, a line that is kept is there once,
// one that is recorded at most once, and gives way only to as many newer ones as the flight ring holds; none is written
// though no error came.
// Method: a model of the steps that the drain takes with a thread's ring and the flight ring (drain.cpp, flight_ring.cpp) and
// of what recovery takes from both, and every state it can come to: for each of the 243 scripts of five lines (recorded,
// kept, error), with a ring for three lines and a flight ring for two, some 146,000 in all. Each store is a step, and after
// each the process may die; a block may fail to be written, twice in a life. Each rule is also left out once, to see that the
// model would notice.
#include <algorithm>
#include <cstdio>
#include <deque>
#include <set>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include "tests/sdk/sim/seeds.h"

namespace {

constexpr int lines = 5;
constexpr int room = 3;         // Of the thread's ring.
constexpr int flight_room = 2;  // Of the flight ring.
constexpr int failures_max = 2;

struct rules {
  bool origins = true;         // Recovery leaves out what stands in the thread's ring too.
  bool tail_first = true;      // A line gives way before another one stands there.
  bool keep_released = true;   // What is to be written does not give way.
  bool once = true;            // What has been recorded is not recorded again when writing failed,
  bool one_alarm = true;       // and an error that was heard is not heard again.
  bool file_before_tail = true;
};

enum drain_steps { look, decide, give_way, copy, show, append, commit_ring, commit_flight };

struct state {
  int written = 0;  // Lines of the script that are in the ring: its head.
  int tail = 0, seen = 0, position = 0;
  // The flight ring: which line stands at each place, and what it holds.
  std::vector<int> flight = std::vector<int>(flight_room, -1);
  int flight_head = 0, flight_tail = 0, flight_position = 0, released = 0, done_to = 0;
  int step = look;
  std::vector<int> block;
  // The file, and how far its blocks consumed both rings.
  std::vector<int> file;
  int file_ring = 0, file_flight = 0;
  int failures = 0;

  auto key() const {
    return std::tuple(written, tail, seen, position, flight, flight_head, flight_tail, flight_position, released, done_to, step, block,
                      file, file_ring, file_flight, failures);
  }
  bool operator<(const state& o) const { return key() < o.key(); }
};

class model {
 public:
  model(std::string script, rules r) : script_(std::move(script)), rules_(r) {}

  // The first thing that went wrong; empty: nothing can.
  std::string explore() {
    visit({});
    while (!open_.empty() && wrong_.empty()) {
      const state s = open_.front();
      open_.pop_front();
      die(s);
      thread(s);
      drain(s);
    }
    return wrong_;
  }
  size_t states() const { return seen_.size(); }

 private:
  void visit(const state& s) {
    if (seen_.insert(s).second) open_.push_back(s);
  }
  static int& place(state& s, int position) { return s.flight[static_cast<size_t>(position % flight_room)]; }
  char kind(int line) const { return script_[static_cast<size_t>(line)]; }

  void thread(state s) {
    if (s.written == lines || s.written - s.tail == room) return;
    ++s.written;
    visit(s);
  }

  void drain(state s) {
    switch (s.step) {
      case look:
        if (s.seen == s.written && s.position == s.seen && s.block.empty()) return;
        s.seen = s.written;
        s.step = decide;
        return visit(s);
      case decide: return decide_next(s);
      case give_way:  // The tail moves, or what stands there is another's.
        if (rules_.tail_first) s.flight_tail = s.flight_position = std::max(s.flight_tail, s.flight_head - flight_room + 1);
        else place(s, s.flight_head) = s.position;
        s.step = copy;
        return visit(s);
      case copy:
        if (!rules_.tail_first) s.flight_tail = s.flight_position = std::max(s.flight_tail, s.flight_head - flight_room + 1);
        place(s, s.flight_head) = s.position;
        s.step = show;
        return visit(s);
      case show:
        ++s.flight_head;
        s.done_to = ++s.position;
        s.step = decide;
        return visit(s);
      case append: return append_block(s);
      case commit_ring:
        if (rules_.file_before_tail) s.tail = s.position;
        s.step = commit_flight;
        return visit(s);
      default:
        s.flight_tail = std::max(s.flight_tail, s.flight_position);
        s.step = look;
        return visit(s);
    }
  }

  // Of both rings the oldest line comes first.
  void decide_next(state s) {
    if (s.flight_position < s.released && (s.position == s.seen || place(s, s.flight_position) < s.position)) {
      s.block.push_back(place(s, s.flight_position++));
      return visit(s);
    }
    if (s.position == s.seen) return begin_append(s);
    const char what = kind(s.position);
    const bool again = s.position < s.done_to;
    if (what == 'r') return record(s, again && rules_.once);
    if (what == 'e') {
      const bool heard = again && rules_.one_alarm;
      s.done_to = std::max(s.done_to, s.position + 1);
      if (!heard && s.released < s.flight_head) {
        s.released = s.flight_head;
        return visit(s);
      }
    }
    s.block.push_back(s.position++);
    visit(s);
  }
  void record(state s, bool done) {
    if (done) {
      ++s.position;
      return visit(s);
    }
    const bool full = s.flight_head - s.flight_tail == flight_room;
    if (full && rules_.keep_released && s.flight_tail < s.released) return begin_append(s);
    s.step = full ? give_way : copy;
    visit(s);
  }
  void begin_append(state s) {
    s.step = s.block.empty() ? commit_ring : append;
    if (!rules_.file_before_tail) s.tail = s.position;
    visit(s);
  }

  // All of it or nothing is in the file. Without it the lines are read again, from the tails.
  void append_block(state s) {
    if (s.failures < failures_max) {
      state failed = s;
      ++failed.failures;
      failed.block.clear();
      failed.position = failed.tail;
      failed.flight_position = failed.flight_tail;
      failed.step = look;
      visit(failed);
    }
    s.file.insert(s.file.end(), s.block.begin(), s.block.end());
    s.block.clear();
    s.file_ring = s.position;
    s.file_flight = std::max(s.file_flight, s.flight_position);
    s.step = commit_ring;
    visit(s);
  }

  void die(state s) {
    const int begin = std::max(s.tail, s.file_ring);
    std::vector<int> left;
    for (int i = std::max(s.flight_tail, s.file_flight); i < s.flight_head; ++i)
      if (!rules_.origins || place(s, i) < begin) left.push_back(place(s, i));
    for (int i = begin; i < s.written; ++i) left.push_back(i);
    for (int line = 0; line < s.written; ++line) {
      const auto in_file = std::count(s.file.begin(), s.file.end(), line), all = in_file + std::count(left.begin(), left.end(), line);
      if (all > 1) fail("a line is doubled");
      if (all == 0 && !may_give_way(line, s.written)) fail("a line is lost");
      if (in_file > 0 && kind(line) == 'r' && script_.find('e', static_cast<size_t>(line)) >= static_cast<size_t>(s.written))
        fail("a line is written though no error came");
    }
    std::erase_if(s.file, [&](int line) { return kind(line) == 'r'; });
    if (!std::is_sorted(s.file.begin(), s.file.end()) || !std::is_sorted(left.begin(), left.end())) fail("lines are out of order");
  }
  void fail(const char* what) {
    if (wrong_.empty()) wrong_ = what;
  }
  // To those that were recorded after it, up to the next error.
  bool may_give_way(int line, int end) const {
    if (kind(line) != 'r') return false;
    int newer = 0;
    for (int i = line + 1; i < end && kind(i) != 'e'; ++i) newer += kind(i) == 'r' ? 1 : 0;
    return newer >= flight_room;
  }

  const std::string script_;
  const rules rules_;
  std::set<state> seen_;
  std::deque<state> open_;
  std::string wrong_;
};

std::vector<std::string> all_scripts() {
  std::vector<std::string> scripts{""};
  for (int i = 0; i < lines; ++i) {
    std::vector<std::string> longer;
    for (const std::string& s : scripts)
      for (const char kind : {'r', 'k', 'e'}) longer.push_back(s + kind);
    scripts = std::move(longer);
  }
  return scripts;
}

// Whether this goes wrong in some script.
bool goes_wrong(rules r, const std::string& what) {
  const auto scripts = all_scripts();
  return std::any_of(scripts.begin(), scripts.end(), [&](const std::string& script) { return model(script, r).explore() == what; });
}

}  // namespace

TEST(FlightModel, NothingIsLostDoubledOrWrittenWithoutCauseWhateverTheOrder) {
  THARSIS_ONE_THREAD();
  size_t states = 0;
  for (const std::string& script : all_scripts()) {
    model m(script, {});
    ASSERT_EQ(m.explore(), "") << script;
    states += m.states();
  }
  EXPECT_GT(states, 100'000u);
  std::printf("%zu states\n", states);
}

TEST(FlightModel, EachRuleIsNeeded) {
  THARSIS_ONE_THREAD();
  EXPECT_TRUE(goes_wrong({.origins = false}, "a line is doubled"));
  EXPECT_TRUE(goes_wrong({.tail_first = false}, "a line is doubled"));
  EXPECT_TRUE(goes_wrong({.keep_released = false}, "a line is lost"));
  EXPECT_TRUE(goes_wrong({.once = false}, "a line is doubled"));
  EXPECT_TRUE(goes_wrong({.one_alarm = false}, "a line is written though no error came"));
  EXPECT_TRUE(goes_wrong({.file_before_tail = false}, "a line is lost"));
}

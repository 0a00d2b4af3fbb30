// Goal: lines from many threads are all there, in each thread's order, or counted, and nobody who asked
// is forgotten. Method: real threads against one taker; meant to run under the thread sanitizer too.
#include "plugins/xlog/intake.h"

#include <atomic>
#include <thread>

#include <gtest/gtest.h>

using namespace tharsis;
using namespace tharsis::xlog;

namespace {

// A loop of which only post() is used: a wake is carried out at once, on the calling thread.
struct posts {
  static tharsis_status post(void*, tharsis_handle, tharsis_wake wake, void* context, tharsis_handle handle) {
    wake(context, handle);
    return THARSIS_OK;
  }
  posts() {
    loop.size = sizeof loop;
    loop.post = post;
  }
  tharsis_loop loop{};
  std::atomic<uint32_t> reasons{0};  // The union of what the writer was woken for.
  std::atomic<uint64_t> wakes{0};
  static void on_news(void* context, tharsis_handle reasons) {
    auto* self = static_cast<posts*>(context);
    self->reasons |= static_cast<uint32_t>(reasons);
    ++self->wakes;
  }
};

void say(intake& in, uint32_t level, uint64_t thread, const std::string& text) {
  tharsis_log_record r{};
  r.size = sizeof r;
  r.level = level;
  r.thread = thread;
  r.plugin = text_of("test");
  r.text = text_of(text);
  in.write(r);
}

settings with_memory(size_t memory) {
  settings s;
  s.memory = memory;
  return s;
}

void count(void* context, tharsis_handle) { ++*static_cast<std::atomic<uint64_t>*>(context); }

}  // namespace

TEST(XlogIntake, ManyThreadsLoseNothingAndKeepTheirOrder) {
  constexpr uint64_t threads = 4, each = 5000;
  posts p;
  intake in(&p.loop, &posts::on_news, &p, settings{});
  std::atomic<uint64_t> answered{0}, running{threads};
  std::vector<std::thread> speakers;
  for (uint64_t t = 0; t < threads; ++t)
    speakers.emplace_back([&, t] {
      for (uint64_t i = 0; i < each; ++i) {
        say(in, THARSIS_LOG_INFO, t, std::to_string(i));
        if (i % 500 == 0) in.ask({0, 1, count, &answered, 0});
      }
      --running;
    });
  std::vector<uint64_t> next(threads, 0);
  for (bool last = false; !last;) {
    last = running == 0;
    const auto batch = in.take();
    for (const record& r : batch.records) ASSERT_EQ(r.text, std::to_string(next[r.thread]++)) << "thread " << r.thread;
    in.release(batch.bytes);
    in.answer(batch.through);
    last = last && batch.records.empty();
  }
  for (auto& s : speakers) s.join();
  EXPECT_EQ(next, std::vector<uint64_t>(threads, each));
  EXPECT_EQ(answered, threads * each / 500);
  EXPECT_EQ(in.lost(), 0u);
  EXPECT_TRUE(in.empty());
}

TEST(XlogIntake, MoreThanMemoryHoldsIsCountedNotKept) {
  constexpr uint64_t threads = 4, each = 5000;
  posts p;
  intake in(&p.loop, &posts::on_news, &p, with_memory(100'000));
  std::vector<std::thread> speakers;
  for (uint64_t t = 0; t < threads; ++t)
    speakers.emplace_back([&, t] {
      for (uint64_t i = 0; i < each; ++i) say(in, THARSIS_LOG_INFO, t, "some text");
    });
  for (auto& s : speakers) s.join();
  uint64_t kept = 0;
  for (auto batch = in.take(); !batch.records.empty(); batch = in.take()) {
    for (const record& r : batch.records) kept += r.plugin == "test" ? 1 : 0;
    in.release(batch.bytes);
  }
  EXPECT_EQ(kept + in.lost(), threads * each);
  EXPECT_GT(kept, 100u);
}

TEST(XlogIntake, TheWriterIsWokenOnceForLinesAndAtOnceForErrors) {
  posts p;
  intake in(&p.loop, &posts::on_news, &p, settings{});
  say(in, THARSIS_LOG_INFO, 1, "a");
  say(in, THARSIS_LOG_INFO, 1, "b");
  EXPECT_EQ(p.reasons, uint32_t{intake::lines});
  EXPECT_EQ(p.wakes, 1u);
  say(in, THARSIS_LOG_ERROR, 1, "c");
  EXPECT_EQ(p.reasons, uint32_t{intake::lines | intake::soon});
  in.take();
  say(in, THARSIS_LOG_INFO, 1, "d");
  EXPECT_EQ(p.wakes, 3u) << "it took, so it must hear of the next line";
}

TEST(XlogIntake, ABatchOfBytesDoesNotWaitForMore) {
  posts p;
  intake in(&p.loop, &posts::on_news, &p, settings{});
  say(in, THARSIS_LOG_INFO, 1, std::string(settings{}.batch, 'x'));
  EXPECT_EQ(p.reasons, uint32_t{intake::lines | intake::soon});
}

TEST(XlogIntake, LinesBelowTheLevelAreNotKept) {
  posts p;
  settings s;
  s.level = THARSIS_LOG_WARNING;
  intake in(&p.loop, &posts::on_news, &p, s);
  say(in, THARSIS_LOG_INFO, 1, "quiet");
  EXPECT_EQ(p.wakes, 0u);
  say(in, THARSIS_LOG_WARNING, 1, "loud");
  EXPECT_EQ(in.take().records.size(), 1u);
}

TEST(XlogIntake, ALongTextIsCutBetweenCharactersAndSaysSo) {
  posts p;
  intake in(&p.loop, &posts::on_news, &p, settings{});
  say(in, 99, 1, "x" + std::string(text_max - 2, 'y') + "é and more");
  const auto batch = in.take();
  ASSERT_EQ(batch.records.size(), 1u);
  EXPECT_EQ(batch.records[0].level, uint32_t{THARSIS_LOG_FATAL}) << "a level that nobody knows is taken for the worst";
  EXPECT_TRUE(batch.records[0].text.ends_with("y... (11 more bytes)")) << batch.records[0].text.substr(text_max - 20);
}

TEST(XlogIntake, WhoAskedIsAnsweredOnceItsLinesWereTaken) {
  posts p;
  settings s;
  s.batch = 1;
  intake in(&p.loop, &posts::on_news, &p, s);
  std::atomic<uint64_t> answered{0};
  say(in, THARSIS_LOG_INFO, 1, "a");
  say(in, THARSIS_LOG_INFO, 1, "b");
  in.ask({0, 1, count, &answered, 0});
  say(in, THARSIS_LOG_INFO, 1, "c");
  in.answer(in.take().through);
  EXPECT_EQ(answered, 0u) << "b still waits";
  in.answer(in.take().through);
  EXPECT_EQ(answered, 1u);
  EXPECT_FALSE(in.empty());
}

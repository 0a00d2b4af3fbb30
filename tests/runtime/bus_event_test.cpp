// Events on the bus: who holds them, and that their memory is used again.
#include "runtime/bus_event.h"

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <thread>

#include "sdk/pure/views.h"

using namespace tharsis;
using runtime::bus_event;
using runtime::event_pool;
using runtime::event_ref;

namespace {

struct word {
  tharsis_text text;
};
constexpr tharsis_field word_fields[] = {{"text", THARSIS_FIELD_TEXT, 0, nullptr, 0}};
constexpr tharsis_topic topic = {sizeof(tharsis_topic), THARSIS_TOPIC_EVENT, "a.word", word_fields, 1, sizeof(word), 0, 0};

event_ref make(event_pool& pool, const std::string& text) {
  const word w{text_of(text)};
  return pool.make(topic, &w, 1, 2);
}
std::string text_in(const event_ref& event) { return std::string(view(static_cast<const word*>(event->payload())->text)); }

}  // namespace

TEST(BusEvent, ItsMemoryIsUsedAgainOnlyWhenTheLastHolderHasLetGo) {
  event_pool pool;
  event_ref first = make(pool, "first");
  event_ref shared = first;
  const bus_event* const memory = first.get();
  first = {};
  EXPECT_EQ(text_in(shared), "first");
  EXPECT_NE(make(pool, "second").get(), memory);
  shared = {};
  std::set<const bus_event*> again;
  std::vector<event_ref> kept;
  for (int i = 0; i < 2; ++i) again.insert(kept.emplace_back(make(pool, "again")).get());
  EXPECT_EQ(again.count(memory), 1u);
}

TEST(BusEvent, HoldersThatAreMadeAtOnceCountAsOthersDo) {
  event_pool pool;
  event_ref event = make(pool, "many");
  event.hold(2);
  event_ref one(event.get()), two(event.get());
  event = {};
  one = {};
  EXPECT_EQ(text_in(two), "many");
  event_pool::returns back(pool);
  back.add(std::move(two));
}

TEST(BusEvent, LargeOnesAreEventsToo) {
  event_pool pool;
  const std::string large(10'000, 'x');
  event_pool::returns back(pool);
  event_ref event = make(pool, large);
  EXPECT_EQ(text_in(event), large);
  back.add(std::move(event));
  back.add(make(pool, "small"));
}

// Goal: what was returned in batches by other threads is whole when it is used again.
TEST(BusEvent, BatchesComeBackFromOtherThreads) {
  event_pool pool;
  for (int round = 0; round < 50; ++round) {
    std::vector<event_ref> events;
    for (int i = 0; i < 200; ++i) events.push_back(make(pool, std::to_string(i)));
    std::vector<event_ref> copies = events;
    const auto let_go = [&pool](std::vector<event_ref>& of) {
      event_pool::returns back(pool);
      for (size_t i = 0; i < of.size(); ++i) {
        EXPECT_EQ(text_in(of[i]), std::to_string(i));
        back.add(std::move(of[i]));
      }
    };
    std::thread other([&] { let_go(copies); });
    let_go(events);
    other.join();
  }
}

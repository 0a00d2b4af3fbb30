// stn is stopped and destroyed at any moment of its life, with tasks in every stage: each of them ends once, and
// nothing stays behind.
#include <random>

#include "tests/plugins/stn/link_world.h"
#include "tests/sdk/sim/seeds.h"

using namespace tharsis;
using test::link_world;

namespace {

tharsis_stn_task some_task(std::mt19937_64& random, const std::string& key) {
  tharsis_stn_task t{};
  if (random() % 2 == 0) t.key = bytes_of(as_bytes(key));
  t.order = random() % 3;
  t.timeout_ms = static_cast<uint32_t>(1 + random() % 3000);
  if (t.key.size > 0 && random() % 4 == 0) t.flags = THARSIS_STN_PARK;
  if (t.key.size == 0 && random() % 4 == 0) t.flags = THARSIS_STN_SENSITIVE;
  return t;
}

// Another way is being made, or another connection, or the link is gone, or a second one has come.
void change_link(link_world& w, std::mt19937_64& random) {
  std::vector<stn::link_settings> now = w.settings.links;
  if (!now.empty() && random() % 2 == 0) now[0].endpoints.push_back({"tcp", link_world::name, static_cast<uint16_t>(random() % 2 == 0 ? 9 : 443)});
  if (!now.empty() && random() % 3 == 0) now[0].user = random() % 2 == 0 ? "bob" : "";
  if (random() % 6 == 0) now.clear();
  if (!now.empty() && now.size() < 2 && random() % 3 == 0) now.push_back(now[0]), now[1].name = "second";
  w.client.on_strand([&] { w.dispatcher->change(w.settings.links, now); });
  w.settings.links = now;
}

void live_and_be_destroyed(uint64_t seed) {
  std::mt19937_64 random(seed);
  link_world w(seed, "tcp");
  test::site app(w.world, w.client_machine, "app");
  w.world.between(w.client_machine, w.server_machine).delay = std::chrono::milliseconds(random() % 40);
  w.on_decode = [&](const std::string&, const std::string&, int32_t*) { return static_cast<uint32_t>(random() % 8); };
  if (random() % 8 != 0) w.serve();
  if (random() % 4 == 0) w.server.unanswered = 2;
  w.start();
  size_t started = 0;
  for (size_t i = random() % 6; i > 0; --i) {
    const std::string name = "t" + std::to_string(i);
    const bool accepted = w.start_task(name, some_task(random, name), random() % 2 == 0, random() % 2 == 0, random() % 2 == 0 ? &app : nullptr) == THARSIS_OK;
    if (!accepted) w.outcomes.erase(name);  // Its link has gone.
    started += accepted;
    w.world.run_for(std::chrono::milliseconds(random() % 60));
    if (random() % 10 == 0) w.client.on_strand([&] { w.dispatcher->reset(text_of("")); });
    if (random() % 6 == 0) change_link(w, random);
  }
  if (random() % 3 == 0) w.client.on_strand([&] { w.host.network.move(random() % 2 == 0 ? "" : "sim1"); });  // As hosts tell it.
  if (random() % 3 != 0) w.world.run_for(std::chrono::milliseconds(random() % 100));
  w.stop();
  w.client.on_strand([&] { w.dispatcher.reset(); });
  ASSERT_TRUE(w.wait_answers(started, 1s)) << w.answers << " of " << started;
  for (const auto& [name, o] : w.outcomes) EXPECT_EQ(o.answers, 1) << name;
  app.on_strand([&] { app.home->close(app.home->self); });
}

}  // namespace

TEST(DestroySim, WhileItIsBusyTenThousandTimes) { test::for_each_seed(test::seeds(10'000), live_and_be_destroyed); }

// Downloads that measure segments, from a server that sends more than anybody asked for.
#include <gtest/gtest.h>

#include "plugins/sdt/tcp_probe.h"
#include "sdk/async/task_set.h"
#include "sdk/async/tcp_listener.h"
#include "sdk/pure/address.h"
#include "sdk/sim/world.h"
#include "tests/plugins/host_on_strand.h"

using namespace tharsis;
using namespace tharsis::sdt;

namespace {

constexpr size_t flood_bytes = 1 << 20;

task<void> flood(tcp_listener* listener, std::unique_ptr<tcp_stream>* taken) {
  while ((*taken = listener->accept()) == nullptr) co_await listener->events().wait();
  (*taken)->write(std::vector<uint8_t>(flood_bytes, 'a'));
}

task<void> measure(bench* b, tharsis_address to, download what, segment_probe* into) {
  auto p = co_await try_down(*b, to, what, 0, 900ms);
  *into = std::move(p);
}

}  // namespace

TEST(SdtDownload, ReadsOnlyAsMuchAsItNeedsOfWhatAServerSends) {
  tls_client_settings anybody;
  anybody.system_store = true;
  const auto context = tls_context::client(anybody);
  ASSERT_TRUE(context) << context.failure().text;
  sim::world world(1);
  tharsis::test::host_on_strand there(world.add_machine("server", {"10.0.0.2"}).platform(), "server"), here(world.add_machine("client", {"10.0.0.1"}).platform(), "sdt");
  const auto tables = here.tables();
  resolver names(*here.place, *here.own->net, tables.registry);
  trust anyone;
  anyone.bare = anyone.http1 = *context;
  auto to = *parse_ip("10.0.0.2");
  to.port = 80;
  std::unique_ptr<tcp_stream> taken;
  std::optional<tcp_listener> listener;
  std::optional<task_set> serving, looking;
  std::optional<bench> b;
  segment_probe seen;
  there.send([&] {
    listener.emplace(*there.place, *there.own->net);
    serving.emplace(*there.place);
    EXPECT_EQ(listener->listen(to, nullptr), THARSIS_OK);
    serving->spawn(flood(&*listener, &taken));
  });
  world.run_for(1ms);
  here.send([&] {
    b.emplace(tables, *here.place, names, anyone, wish());
    looking.emplace(*here.place);
    download what;
    what.host = "im.test";
    what.http = true;
    what.pages = 40;
    looking->spawn(measure(&*b, to, what, &seen));
  });
  world.run_for(3s);
  EXPECT_TRUE(seen.passed);
  EXPECT_EQ(seen.bytes, 16u * 1024);
  EXPECT_EQ(b->seen.about.received, seen.bytes);
  here.send([&] { looking.reset(); });
  there.send([&] { serving.reset(), taken.reset(), listener.reset(); });
  world.run_for(10ms);
}

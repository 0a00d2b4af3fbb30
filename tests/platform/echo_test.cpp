// The echo pair on both platforms, many clients at once. Bad networks: tests/sdk/sim/echo_sim_test.cpp.
#include "tests/fixtures/echo/echo.h"
#include "tests/platform/both_platforms.h"
#include "tests/sdk/sim/wire.h"

using namespace tharsis;
using namespace tharsis::test;

namespace {
class Echo : public BothPlatforms {};
}  // namespace
THARSIS_ON_BOTH(Echo);

TEST_P(Echo, EveryByteOfManyClientsComesBackAndNothingStaysOpen) {
  const tharsis_strand& there = stage_->open();
  const tharsis_strand& here = stage_->open();
  std::unique_ptr<echo_server> server;
  tharsis_address address{};
  on(there, [&] {
    server = std::make_unique<echo_server>(there.loop, *there.net);
    const auto started = server->start(at("127.0.0.1", 0));
    ASSERT_TRUE(started.ok()) << started.failure().text;
    address = *started;
  });
  std::vector<std::string> sent;
  for (size_t i = 0; i < 20; ++i) sent.push_back(std::string(i * i * 2500, static_cast<char>('a' + i)));
  std::vector<std::unique_ptr<echo_client>> clients;
  on(here, [&] {
    for (const std::string& data : sent) {
      clients.push_back(std::make_unique<echo_client>(here.loop, *here.net, data));
      clients.back()->start(address);
    }
  });
  for (size_t i = 0; i < sent.size(); ++i) {
    ASSERT_TRUE(until([&] { return clients[i]->done(); })) << i;
    EXPECT_EQ(clients[i]->status(), THARSIS_OK);
    EXPECT_TRUE(clients[i]->got() == sent[i]) << clients[i]->got().size() << " of " << sent[i].size();
  }
  EXPECT_TRUE(until([&] { return server->sessions() == 0; }));
  tharsis_strand_audit audit{};
  audit.size = sizeof audit;
  on(here, [&] {
    clients.clear();
    here.audit(here.self, &audit);
  });
  EXPECT_EQ(audit.sockets + audit.timers, 0u);
  on(there, [&] { server.reset(); });
}

// Goal: what a profile says of TLS holds for its link; and the first answer comes after as few round trips as the
// protocols allow: 2 on TCP, 3 on TLS, 2 with early data.
#include "sdk/async/openssl.h"
#include "tests/plugins/stn/link_world.h"

using namespace tharsis;
using test::link_world;
using manner = test::scripted_server::manner;

namespace {

constexpr duration round_trip = 40ms, resolving = 5ms;

struct counted : link_world {
  explicit counted(uint64_t seed, const std::string& scheme = "tcps") : link_world(seed, scheme) {
    link().user.clear();
    server_tls.tickets = 2;
    server_tls.early_data_max = 16 * 1024;
  }
  // Round trips from now until the task is answered; half a one more or less is the handling.
  int64_t round_trips(const std::string& body) {
    const instant began = world.now();
    EXPECT_EQ(submit(body, body, 60'000), THARSIS_OK);
    EXPECT_TRUE(world.run_until([&] { return outcomes[body].answers > 0; }, began + 60s));
    EXPECT_EQ(outcomes[body].status, THARSIS_OK) << outcomes[body].reason;
    return (world.now() - began - resolving + round_trip / 2) / round_trip;
  }
  // The link is made anew, at once.
  void move() {
    client.on_strand([&] { host.network.move("sim" + std::to_string(++moves_)); });
  }
  int64_t metric(const std::string& name) { return host.metrics.counted(name); }

 private:
  int moves_ = 0;
};

}  // namespace

TEST(RoundTripsSim, TwoOnTcp) {
  counted w(1, "tcp");
  w.serve();
  w.start();
  EXPECT_EQ(w.round_trips("first"), 2);
}

TEST(RoundTripsSim, ThreeOnTls) {
  counted w(2);
  w.serve();
  w.start();
  EXPECT_EQ(w.round_trips("first"), 3);
}

TEST(RoundTripsSim, TwoWithEarlyData) {
  counted w(3);
  w.link().tls.early_data = true;
  w.serve();
  w.start();
  EXPECT_EQ(w.round_trips("first"), 3) << "there is no ticket yet";
  w.world.run_for(1s);
  for (int i = 0; i < 3; ++i) {
    w.move();
    EXPECT_EQ(w.round_trips("again " + std::to_string(i)), 2);
    w.world.run_for(1s);
  }
  EXPECT_EQ(w.metric("tls_resumed"), 3);
  EXPECT_EQ(w.metric("tls_early"), 3);
  EXPECT_EQ(w.server.connections, 4);
}

TEST(RoundTripsSim, WithoutThatWishTicketsAreUsedAndNothingIsSentEarly) {
  counted w(4);
  w.serve();
  w.start();
  EXPECT_EQ(w.round_trips("first"), 3);
  w.world.run_for(1s);
  w.move();
  EXPECT_EQ(w.round_trips("again"), 3);
  EXPECT_EQ(w.metric("tls_resumed"), 1);
  EXPECT_EQ(w.metric("tls_early"), 0);
}

TEST(RoundTripsSim, OnlyTasksWithAKeyLeaveBeforeTheServerHasAnswered) {
  counted w(5);
  w.link().tls.early_data = true;
  w.serve();
  w.start();
  EXPECT_EQ(w.round_trips("first"), 3);
  w.world.run_for(1s);
  w.move();
  const instant began = w.world.now();
  EXPECT_EQ(w.submit("without a key", "", 60'000), THARSIS_OK);
  ASSERT_TRUE(w.wait_answers(2));
  EXPECT_GT(w.world.now() - began, 2 * round_trip + round_trip / 2);
}

TEST(RoundTripsSim, EagerNeverWaitsForTheProof) {
  counted w(6, "tcp");
  w.link().eager = false;
  w.serve();
  w.start();
  EXPECT_EQ(w.round_trips("first"), 3);
}

// A task that left before the server had proved itself is lost with the connection, and sent again on the next.
TEST(RoundTripsSim, OverSeedsEarlyTasksAreCarriedOutOnce) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(seed);
    counted w(seed);
    w.link().tls.early_data = true;
    w.link().user = seed % 2 == 0 ? "ann" : "";
    w.serve();
    w.start();
    for (int i = 0; i < 12; ++i) {
      const std::string body = "task " + std::to_string(i);
      EXPECT_EQ(w.submit(body, body, 60'000), THARSIS_OK);
      w.world.run_for(std::chrono::milliseconds(w.world.random() % 400));
      if (w.world.random() % 2 == 0) w.move();
      if (w.world.random() % 4 == 0) w.world.reset_connections(w.client_machine, w.server_machine);
    }
    ASSERT_TRUE(w.wait_answers(12, 2min)) << w.reason();
    for (const auto& [body, o] : w.outcomes) EXPECT_EQ(o.status, THARSIS_OK) << o.reason;
    for (const auto& [body, times] : w.server.executions) EXPECT_EQ(times, 1) << body;
  }
}

TEST(TlsSim, AServerWithoutThePinnedKeyIsRefusedAndOneWithABackupPinIsNot) {
  for (const bool right : {false, true}) {
    counted w(7);
    const auto authority = openssl::read_certificates(w.authority.certificate_pem, "authority");
    unsigned char* der = nullptr;
    const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(authority->front().get()), &der);
    key_pin pin{};
    EVP_Digest(der, static_cast<size_t>(size), pin.data(), nullptr, EVP_sha256(), nullptr);
    OPENSSL_free(der);
    w.link().tls.pins = {key_pin{}};
    if (right) w.link().tls.pins.push_back(pin);
    w.serve();
    w.start();
    EXPECT_EQ(w.wait_up(10s), right);
    if (!right) {
      EXPECT_NE(w.reason().find("pinned (tls.pins)"), std::string::npos) << w.reason();
    }
  }
}

TEST(TlsSim, ACertificateThatIsNotThereIsToldWithItsSetting) {
  counted w(8);
  w.link().tls.certificate = "/state/mine.pem";
  w.link().tls.key = "/state/mine.key";
  w.serve();
  w.start();
  ASSERT_TRUE(w.wait_down());
  EXPECT_NE(w.reason().find("links.main.tls.certificate"), std::string::npos) << w.reason();
}

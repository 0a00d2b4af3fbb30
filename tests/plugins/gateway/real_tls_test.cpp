// The gateway over the real platform's sockets, with TLS: once, so that the simulation is not the
// only witness.
#include <gtest/gtest.h>

#include <stdlib.h>
#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "runtime/real_platform.h"
#include "sdk/async/file_reader.h"
#include "tests/plugins/gateway/stage.h"

using namespace tharsis;
using namespace tharsis::test;

namespace {

namespace fs = std::filesystem;

class GatewayReal : public testing::Test {
 protected:
  GatewayReal() {
    std::string pattern = (fs::temp_directory_path() / "tharsis-gateway-XXXXXX").string();
    folder_ = mkdtemp(pattern.data());
  }
  ~GatewayReal() override { fs::remove_all(folder_); }

  bool until(const std::function<bool()>& done) {
    const auto give_up = std::chrono::steady_clock::now() + 20s;
    while (!done() && std::chrono::steady_clock::now() < give_up) platform_.run_main(10ms, 50ms);
    return done();
  }
  std::unique_ptr<running_gateway> start() {
    gateway::settings s;
    s.listen = "tcps://127.0.0.1:0";
    s.names = {"im.tharsis.test"};
    s.limits.first_frame_timeout = s.limits.handshake_timeout = 300ms;
    auto gate = std::make_unique<running_gateway>(platform_.table(), THARSIS_STRAND_MAIN, folder_ + "/gateway", s);
    EXPECT_TRUE(until([&] { return gate->host.ready; })) << gate->host.failure;
    return gate;
  }
  void stop(running_gateway& gate) {
    gate.stop();
    EXPECT_TRUE(until([&] { return gate.host.stopped; }));
    gate.end();
    EXPECT_TRUE(until([&] { return gate.ended; }));
  }
  void end(peer& p) {
    p.end();
    EXPECT_TRUE(until([&] { return p.ended; }));
  }
  std::string content(const std::string& name) {
    const auto text = read_beginning(platform_.table()->files, folder_ + "/gateway/" + name, 1 << 20);
    return text ? *text : "";
  }
  tharsis_address address() {
    const std::string text = content("endpoint");
    const auto endpoint = parse_endpoint(text.substr(0, text.find('\n')));
    EXPECT_TRUE(endpoint) << text;
    tharsis_address a = *parse_ip(endpoint->host);
    a.port = endpoint->port;
    return a;
  }

  runtime::real_platform platform_;
  std::string folder_;
};

}  // namespace

TEST_F(GatewayReal, ServesOverTlsAndLeavesNothingOpenBehind) {
  auto gate = start();
  const auto tls = tls_context::client({content("ca.pem"), false});
  ASSERT_TRUE(tls);
  peer a(platform_.table(), THARSIS_STRAND_MAIN, address(), *tls), b(platform_.table(), THARSIS_STRAND_MAIN, address(), *tls);
  a.send(hello(std::string(32, 'a')));
  b.send(hello(std::string(32, 'b')));
  ASSERT_TRUE(until([&] { return a.frames.size() == 1 && b.frames.size() == 1; })) << a.why << b.why;
  for (uint32_t i = 1; i <= 20; ++i) a.send(message(i, std::string(i * 1000, 'x'), "k" + std::to_string(i)));
  ASSERT_TRUE(until([&] { return a.frames.size() == 21 && b.frames.size() == 21; }));
  EXPECT_EQ(b.count(mars::command_push), 20u);
  struct stat facts {};
  ASSERT_EQ(::stat((folder_ + "/gateway/ca-key.pem").c_str(), &facts), 0);
  EXPECT_EQ(facts.st_mode & 0777u, 0600u);
  stop(*gate);
  EXPECT_FALSE(fs::exists(folder_ + "/gateway/endpoint"));
  ASSERT_TRUE(until([&] { return a.closed && b.closed; }));
  EXPECT_EQ(a.why, "end");
  end(a);
  end(b);
}

TEST_F(GatewayReal, HostilePeersAreCutOffAndAnHonestOneIsServedMeanwhile) {
  auto gate = start();
  const auto tls = tls_context::client({content("ca.pem"), false});
  ASSERT_TRUE(tls);
  peer silent(platform_.table(), THARSIS_STRAND_MAIN, address());           // Never begins TLS.
  peer half(platform_.table(), THARSIS_STRAND_MAIN, address());             // Begins it and stops.
  peer plain(platform_.table(), THARSIS_STRAND_MAIN, address());            // Speaks without TLS.
  peer garbage(platform_.table(), THARSIS_STRAND_MAIN, address(), *tls);    // Bytes that are no frame.
  peer quiet(platform_.table(), THARSIS_STRAND_MAIN, address(), *tls);      // Says nothing after TLS.
  half.send(std::vector<uint8_t>{22, 3, 1, 2, 0, 1});
  plain.send(hello(""));
  garbage.send(std::vector<uint8_t>(100, 'g'));
  peer honest(platform_.table(), THARSIS_STRAND_MAIN, address(), *tls);
  honest.send(hello(std::string(32, 'a')));
  ASSERT_TRUE(until([&] {
    return silent.closed && half.closed && plain.closed && garbage.closed && quiet.closed;
  })) << silent.closed << half.closed << plain.closed << garbage.closed << quiet.closed;
  EXPECT_EQ(honest.frames.size(), 1u);
  EXPECT_FALSE(honest.closed);
  EXPECT_TRUE(gate->host.logged("no frame"));
  EXPECT_TRUE(gate->host.logged("has not said anything in time"));
  stop(*gate);
  for (peer* p : {&silent, &half, &plain, &garbage, &quiet, &honest}) end(*p);
}

TEST_F(GatewayReal, StartsAgainWithTheSameAuthority) {
  auto first = start();
  const std::string ca = content("ca.pem");
  stop(*first);
  auto second = start();
  EXPECT_EQ(content("ca.pem"), ca);
  stop(*second);
}

TEST_F(GatewayReal, AFolderThatCannotBeWrittenIsNamed) {
  std::ofstream(folder_ + "/file") << "in the way";
  running_gateway gate(platform_.table(), THARSIS_STRAND_MAIN, folder_ + "/file/gateway", {});
  ASSERT_TRUE(until([&] { return !gate.host.failure.empty(); }));
  EXPECT_NE(gate.host.failure.find(folder_ + "/file"), std::string::npos) << gate.host.failure;
  gate.end();
  ASSERT_TRUE(until([&] { return gate.ended; }));
}

// Goal: what the kernel does to a network is seen, as it is. Method: each test runs itself once more in a
// network namespace of its own, where it is root and nobody else is disturbed, and changes things with ip(8).
#include <gtest/gtest.h>
#include <poll.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "runtime/network_look.h"
#include "runtime/os_network_linux.h"
#include "sdk/pure/address.h"
#include "sdk/pure/views.h"
#include "tests/runtime/real_stage.h"

using namespace tharsis;
using namespace tharsis::runtime;

namespace {

std::string output_of(const std::string& command, int& code) {
  std::string text;
  FILE* const pipe = popen((command + " 2>&1").c_str(), "r");
  char piece[256];
  while (pipe != nullptr && std::fgets(piece, sizeof piece, pipe) != nullptr) text += piece;
  code = pipe == nullptr ? -1 : pclose(pipe);
  return text;
}

void ip(const std::string& words) {
  int code = 0;
  const std::string said = output_of("ip " + words, code);
  ASSERT_EQ(code, 0) << "ip " << words << ": " << said;
}

class NetworkNamespace : public ::testing::Test {
 protected:
  void SetUp() override {
    if (inside()) return;
    int code = 0;
    const std::string why = output_of("unshare -rn ip link add name v0 type veth peer name v1", code);
    if (code != 0) GTEST_SKIP() << "no network namespace can be made here: " << why;
    const auto* const test = ::testing::UnitTest::GetInstance()->current_test_info();
    const std::string self = std::filesystem::read_symlink("/proc/self/exe").string();
    const std::string said = output_of("THARSIS_OWN_NETWORK=1 unshare -rn '" + self + "' --gtest_filter=" +
                                           test->test_suite_name() + "." + test->name(), code);
    EXPECT_EQ(code, 0) << said;
  }
  // Else the other run does the work.
  static bool inside() { return std::getenv("THARSIS_OWN_NETWORK") != nullptr; }
};

// A pair of devices that is up, with the addresses of the first.
void add_device(const std::string& name, const std::string& address) {
  ip("link add name " + name + " mtu 1500 type veth peer name " + name + "p");
  ip("link set " + name + "p up");
  ip("link set " + name + " up");
  if (!address.empty()) ip("addr add " + address + " dev " + name + (address.find(':') != std::string::npos ? " nodad" : ""));
}

bool readable(int fd) {
  pollfd p{fd, POLLIN, 0};
  return poll(&p, 1, 0) == 1;
}

struct eyes {
  eyes() {
    tharsis_error why = no_error();
    EXPECT_EQ(kernel.open(&why), THARSIS_OK) << why.text;
    see();
  }
  // The bell must have rung.
  void see() {
    if (!first) {
      EXPECT_TRUE(readable(kernel.bell()));
      EXPECT_TRUE(kernel.changed());
      EXPECT_FALSE(readable(kernel.bell()));
    }
    first = false;
    seen = kernel.look();
    ASSERT_NE(seen, nullptr);
    now = look_at(seen);
  }
  std::string v4() const { return std::string(view(seen->v4.interface)) + " " + ip_text(seen->v4.source) + " " + ip_text(seen->v4.gateway); }

  kernel_network kernel;
  const tharsis_observation* seen = nullptr;
  network_look now;
  bool first = true;
};

}  // namespace

TEST_F(NetworkNamespace, AWayOutComesChangesAndGoes) {
  if (!inside()) return;
  eyes e;
  EXPECT_EQ(e.now.type, THARSIS_NETWORK_NONE);
  EXPECT_FALSE(e.now.usable());

  add_device("v0", "10.7.0.2/24");
  e.see();
  EXPECT_EQ(e.now.type, THARSIS_NETWORK_NONE) << "an address is no way out";
  ip("route add default via 10.7.0.1 dev v0");
  e.see();
  EXPECT_EQ(e.v4(), "v0 10.7.0.2 10.7.0.1");
  EXPECT_EQ(e.now.type, THARSIS_NETWORK_WIRED);
  EXPECT_EQ(e.now.families, uint32_t{THARSIS_NETWORK_V4});
  EXPECT_EQ(e.now.mtu, 1500u);
  EXPECT_EQ(e.now.id, "") << "nobody knows who the router is";

  ip("neigh replace 10.7.0.99 lladdr 02:00:00:00:00:99 dev v0");
  EXPECT_FALSE(e.kernel.changed()) << "a neighbour that is no gateway is no news";
  ip("neigh replace 10.7.0.1 lladdr 02:00:00:00:00:01 dev v0");
  e.see();
  const std::string id = e.now.id;
  EXPECT_EQ(id.substr(0, 6), "wired-") << id;
  ip("neigh replace 10.7.0.1 lladdr 02:00:00:00:00:02 dev v0");
  e.see();
  EXPECT_NE(e.now.id, id);
  ip("link set v0 mtu 1400");
  e.see();
  EXPECT_EQ(e.now.mtu, 1400u);

  ip("link del v0");
  e.see();
  EXPECT_EQ(e.now.type, THARSIS_NETWORK_NONE);
}

TEST_F(NetworkNamespace, OfTwoDefaultRoutesTheKernelsIsTheWay) {
  if (!inside()) return;
  add_device("v0", "10.7.0.2/24");
  add_device("w0", "10.8.0.2/24");
  ip("route add default via 10.7.0.1 dev v0 metric 100");
  ip("route add default via 10.8.0.1 dev w0 metric 200");
  eyes e;
  EXPECT_EQ(e.v4(), "v0 10.7.0.2 10.7.0.1");
  const network_look before = e.now;
  ip("route add default via 10.8.0.1 dev w0 metric 50");
  e.see();
  EXPECT_EQ(e.v4(), "w0 10.8.0.2 10.8.0.1");
  EXPECT_TRUE(still_has_sources(e.now, before)) << "v0 is still there";
  ip("route add 128.0.0.0/1 via 10.7.0.1 dev v0");
  e.see();
  EXPECT_EQ(e.v4(), "v0 10.7.0.2 10.7.0.1") << "half of the world, as VPNs route it";
  ip("addr del 10.7.0.2/24 dev v0");
  e.see();
  EXPECT_FALSE(still_has_sources(e.now, before));
}

TEST_F(NetworkNamespace, IPv6AloneIsANetworkAndARouteWithoutAnAddressIsNone) {
  if (!inside()) return;
  add_device("v0", "");
  ip("route add default dev v0");
  eyes e;
  EXPECT_EQ(e.now.type, THARSIS_NETWORK_NONE) << e.v4();
  ip("addr add fd00:7::2/64 dev v0 nodad");
  ip("-6 route add default via fd00:7::1 dev v0");
  e.see();
  EXPECT_EQ(e.now.families, uint32_t{THARSIS_NETWORK_V6});
  EXPECT_EQ(e.now.interface, "v0");
  EXPECT_EQ(ip_text(e.seen->v6.source), "fd00:7::2");
  EXPECT_EQ(ip_text(e.seen->v6.gateway), "fd00:7::1");
}

TEST_F(NetworkNamespace, ACarrierThatIsLostIsNoWayOut) {
  if (!inside()) return;
  add_device("v0", "10.7.0.2/24");
  ip("route add default via 10.7.0.1 dev v0");
  eyes e;
  EXPECT_TRUE(e.now.usable());
  ip("link set v0p down");
  e.see();
  EXPECT_FALSE(e.now.usable()) << e.v4();
}

// More notices than the socket holds, and more addresses than one datagram does.
TEST_F(NetworkNamespace, WhatIsLostInAFloodIsSeenByTheNextLook) {
  if (!inside()) return;
  add_device("v0", "10.7.0.2/24");
  ip("route add default via 10.7.0.1 dev v0");
  eyes e;
  const std::string batch = testing::TempDir() + "tharsis.flood." + std::to_string(getpid());
  {
    std::ofstream out(batch);
    for (int i = 0; i < 3000; ++i)
      out << "addr add 10.9." << i / 250 << "." << i % 250 + 1 << "/32 dev v0\n";
    out << "route replace default via 10.7.0.9 dev v0\n";
  }
  ip("-batch " + batch);
  std::filesystem::remove(batch);
  e.see();
  EXPECT_EQ(e.v4(), "v0 10.7.0.2 10.7.0.9");
  EXPECT_GE(e.now.addresses.size(), 3001u);
}

TEST_F(NetworkNamespace, AStrandIsToldOfTheFirstLookAndOfEachChange) {
  if (!inside()) return;
  add_device("v0", "10.7.0.2/24");
  test::real_stage stage;
  const tharsis_strand& strand = stage.open(THARSIS_STRAND_DEDICATED);
  struct watching {
    size_t looks = 0;
    bool was_usable = false, was_lost = false;
    test::told usable, lost;
  } w;
  const auto see = [](void* context, const tharsis_observation* seen) {
    auto& all = *static_cast<watching*>(context);
    ++all.looks;
    const bool usable = look_at(seen).usable();
    if (usable && !std::exchange(all.was_usable, true)) all.usable.tell();
    if (!usable && all.was_usable && !std::exchange(all.was_lost, true)) all.lost.tell();
  };
  const tharsis_observer& observer = *stage.platform.table()->observer;
  stage.on(strand, [&] {
    EXPECT_EQ(observer.watch(observer.self, &strand, see, &w, nullptr), THARSIS_OK);
    EXPECT_EQ(w.looks, 1u) << "the first look is told inside";
    EXPECT_EQ(observer.watch(observer.self, &strand, see, &w, nullptr), THARSIS_E_IN_USE);
  });
  EXPECT_EQ(observer.watch(observer.self, &strand, see, &w, nullptr), THARSIS_E_INVALID) << "not on the strand";
  ip("route add default via 10.7.0.1 dev v0");
  ASSERT_TRUE(w.usable.wait());
  ip("route del default");
  ASSERT_TRUE(w.lost.wait());
  stage.on(strand, [&] { strand.close(strand.self); });
}

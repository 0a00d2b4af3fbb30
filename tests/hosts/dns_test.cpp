// Names for a host's own threads: what is known at once, and what is waited for.
#include <atomic>
#include <thread>
#include <vector>

#include "sdk/abi/dns.h"
#include "tests/hosts/host.h"

using namespace tharsis::test;

namespace {

struct found {
  found() {
    into.size = sizeof into;
    into.candidate_size = sizeof(tharsis_dns_candidate);
    into.room = 4;
    into.candidates = room;
  }
  tharsis_dns_candidate room[4]{};
  tharsis_dns_found into{};
};

tharsis_text name(const char* text) { return {text, std::char_traits<char>::length(text)}; }

}  // namespace

class HostDns : public ::testing::Test {
 protected:
  // Nobody listens on port 1: what is not pinned is a failure after the budget.
  HostDns() : h("  dns: { pins: { im.test: [127.0.0.1, '::1'] }, servers: ['udp://127.0.0.1:1'], budget: 200ms, cache: { negative_ttl: 0s } }\n") {
    if (!h.settle()) return;
    EXPECT_EQ(tharsis_runtime_bind(h.runtime, THARSIS_DNS_ID, &guard, &h.why), THARSIS_OK) << h.why.text;
    dns = static_cast<const tharsis_dns*>(tharsis_guard_enter(guard));
  }
  ~HostDns() override { tharsis_guard_leave(guard); }
  host h;
  tharsis_guard* guard = nullptr;
  const tharsis_dns* dns = nullptr;
};

TEST_F(HostDns, AThreadThatMayWaitGetsAnAnswerOrASentenceInTime) {
  ASSERT_NE(dns, nullptr);
  found f;
  tharsis_error why = no_reason();
  EXPECT_EQ(dns->resolve_blocking(dns->self, name("im.test"), 0, 0, &f.into, &why), THARSIS_OK) << why.text;
  EXPECT_EQ(f.into.count, 2u);
  EXPECT_EQ(f.room[0].proven, 1);
  EXPECT_EQ(dns->lookup(dns->self, name("IM.test."), 4, &f.into), THARSIS_OK);
  EXPECT_EQ(f.room[0].address.family, 4);
  EXPECT_EQ(dns->resolve_blocking(dns->self, name("other.test"), 4, 0, &f.into, &why), THARSIS_E_NETWORK);
  EXPECT_NE(std::string(why.text).find("other.test"), std::string::npos) << why.text;
  EXPECT_EQ(dns->resolve_blocking(dns->self, name("third.test"), 4, host::second / 100, &f.into, &why), THARSIS_E_TIMEOUT);
  EXPECT_STREQ(why.text, "no answer came within 10 ms");
  EXPECT_EQ(dns->resolve_blocking(dns->self, name("no name"), 4, 0, &f.into, &why), THARSIS_E_INVALID);
  EXPECT_EQ(dns->resolve_blocking(dns->self, name("im.test"), 4, -1, &f.into, &why), THARSIS_E_INVALID);
  f.into.size = 4;
  EXPECT_EQ(dns->resolve_blocking(dns->self, name("im.test"), 4, 0, &f.into, &why), THARSIS_E_INVALID);
}

TEST_F(HostDns, ManyThreadsWaitAndLookAtOnce) {
  ASSERT_NE(dns, nullptr);
  std::atomic<int> right = 0;
  const auto work = [&] {
    found f;
    for (int i = 0; i < 200; ++i) {
      right += dns->lookup(dns->self, name("im.test"), 0, &f.into) == THARSIS_OK && f.into.count == 2;
      if (i % 50 == 0) right += dns->resolve_blocking(dns->self, name("gone.test"), 4, host::second / 50, &f.into, nullptr) < 0;
      if (i % 20 == 0) (void)dns->forget(dns->self, {}, nullptr);
    }
  };
  std::vector<std::thread> all;
  for (int i = 0; i < 4; ++i) all.emplace_back(work);
  for (std::thread& t : all) t.join();
  EXPECT_GE(right, 4 * 4 + 1);
}

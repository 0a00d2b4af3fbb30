#include "plugins/gateway/identity.h"

#include <gtest/gtest.h>

#include <functional>

#include "sdk/async/file_reader.h"
#include "sdk/async/certificates.h"
#include "sdk/pure/views.h"
#include "sdk/sim/world.h"

using namespace tharsis;
using gateway::identity_wish;

namespace {

constexpr int64_t today = 1'790'000'000;
constexpr int64_t day = 24 * 3600;

struct folder {
  sim::world world{1};
  sim::machine& machine = world.add_machine("m", {"10.0.0.1"});
  const tharsis_files& files = *machine.platform()->files;
  identity_wish wish{"/state/gateway", {"im.tharsis.test", "127.0.0.1", "::1"}, 30, today};

  result<gateway::server_identity> get() {
    return gateway::load_or_make_identity(files, *machine.platform()->random, wish);
  }
  std::string content(const std::string& name) {
    const auto text = read_beginning(&files, wish.folder + "/" + name, 1 << 20);
    return text ? *text : "";
  }
  void put(const std::string& name, const std::string& text) {
    const std::string path = wish.folder + "/" + name;
    ASSERT_EQ(files.replace(files.self, text_of(path), bytes_of(as_bytes(text)), nullptr), THARSIS_OK);
  }
  // Whether another identity is made after the damage, and whether it works and is then kept.
  void expect_made_anew(const std::function<void()>& damage) {
    ASSERT_TRUE(get());
    damage();
    const auto again = get();
    ASSERT_TRUE(again) << again.failure().text;
    EXPECT_TRUE(again->made);
    EXPECT_TRUE(tls_context::server(again->tls));
    EXPECT_FALSE(get()->made);
    EXPECT_EQ(read_certificate(content("server.pem"))->issuer, read_certificate(content("ca.pem"))->subject);
  }
};

}  // namespace

TEST(GatewayIdentity, IsMadeOnceAndThenUsedAgain) {
  folder f;
  const auto first = f.get();
  ASSERT_TRUE(first) << first.failure().text;
  EXPECT_TRUE(first->made);
  const std::string ca = f.content("ca.pem");
  EXPECT_EQ(ca.find("PRIVATE KEY"), std::string::npos);
  const auto second = f.get();
  EXPECT_FALSE(second->made);
  EXPECT_EQ(second->tls.private_key_pem, first->tls.private_key_pem);
  EXPECT_EQ(f.content("ca.pem"), ca);
}

TEST(GatewayIdentity, OtherNamesNeedAnotherCertificateButNotAnotherAuthority) {
  folder f;
  std::string ca;
  f.expect_made_anew([&] {
    ca = f.content("ca.pem");
    f.wish.names = {"im.tharsis.test"};
  });
  EXPECT_EQ(f.content("ca.pem"), ca);
}

TEST(GatewayIdentity, ACertificateThatEndsTomorrowIsMadeAnewWithItsAuthority) {
  folder f;
  f.expect_made_anew([&] { f.wish.wall_seconds = today + 29 * day + 1; });
}

TEST(GatewayIdentity, DamagedFilesAreReplaced) {
  for (const char* name : {"ca.pem", "server.pem"})
    for (const char* text : {"", "garbage", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}) {
      folder f;
      f.expect_made_anew([&] { f.put(name, text); });
    }
}

TEST(GatewayIdentity, ACertificateOfAnotherAuthorityOrWithoutItsKeyIsReplaced) {
  folder f;
  f.expect_made_anew([&] { f.put("server.pem", f.content("ca.pem")); });
  const std::string foreign = f.content("server.pem");
  folder g;
  g.expect_made_anew([&] {
    g.put("ca.pem", "");
    ASSERT_TRUE(g.get());
    g.put("server.pem", foreign);
  });
}

// The stored key is needed only to issue: a damaged one is noticed then, and all is made anew.
TEST(GatewayIdentity, AnAuthorityWhoseKeyIsNotItsOwnIsReplacedWhenItMustIssue) {
  folder f;
  f.expect_made_anew([&] {
    f.put("ca-key.pem", f.content("server.pem"));
    f.put("server.pem", "");
  });
}

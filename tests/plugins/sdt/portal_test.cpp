#include "plugins/sdt/core/portal.h"

#include <gtest/gtest.h>

#include "plugins/sdt/core/judge.h"

using namespace tharsis;
using namespace tharsis::sdt;

namespace {

http_probe page(const std::string& id, const std::string& location, int status = 302) {
  http_probe p;
  p.id = id;
  p.role = probe_role::canary;
  p.state = probe_state::pass;
  p.url = "http://control.test/" + id;
  p.to = "198.51.100.41:80";
  p.status = status;
  p.location = location;
  p.body = page_body::foreign;
  return p;
}

connect_probe connection(const std::string& to, failure how = failure::none) {
  connect_probe c;
  c.id = "tcp:" + to;
  c.role = probe_role::control;
  c.to = to;
  c.failed = how;
  c.state = how == failure::none ? probe_state::pass : probe_state::fail;
  return c;
}

observations at_a_hotel() {
  observations seen;
  seen.about.target = "tcps://im.test:443";
  seen.about.host = "im.test";
  seen.about.has_canary = true;
  seen.about.network.gateway = "10.77.0.1";
  seen.pages = {page("http:1", "http://10.77.0.1/login"), page("http:2", "http://10.77.0.1/login?from=x")};
  seen.connects = {connection("198.51.100.41:80")};
  return seen;
}

}  // namespace

TEST(SdtLoginPage, TwoPagesThatAreSentToThisNetworksOwnLoginNeedNoSilence) {
  const observations seen = at_a_hotel();
  const auto login = login_nearby(seen);
  ASSERT_TRUE(login);
  EXPECT_EQ(login->url, "http://10.77.0.1/login");
  const report r = judge(observations(seen));
  EXPECT_EQ(r.headline().code, verdict_code::captive_portal);
  EXPECT_EQ(r.headline().act.text(), "open_portal(http://10.77.0.1/login)");
  EXPECT_GE(r.headline().confidence, 0.8);
  EXPECT_LT(r.headline().confidence, 0.9) << "proven it is by what is shut beside it";
}

TEST(SdtLoginPage, OneForgedPageStopsNobody) {
  observations seen = at_a_hotel();
  seen.pages.pop_back();
  EXPECT_FALSE(login_nearby(seen));
  EXPECT_NE(judge(std::move(seen)).headline().code, verdict_code::captive_portal);
}

TEST(SdtLoginPage, WhoChangesHttpAloneIsNoPortal) {
  for (const char* beyond : {"198.51.100.11:443", "198.51.100.41:443"}) {
    observations seen = at_a_hotel();
    seen.connects.push_back(connection(beyond));
    EXPECT_FALSE(login_nearby(seen)) << beyond << " takes connections";
  }
}

TEST(SdtLoginPage, ALoginThatIsSomewhereElseHasToBeWaitedFor) {
  observations seen = at_a_hotel();
  for (http_probe& p : seen.pages) p.location = "http://203.0.113.9/buy";
  EXPECT_FALSE(login_nearby(seen));
  seen.pages[0].location = "http://10.77.0.1/login";
  EXPECT_FALSE(login_nearby(seen)) << "two places";
  seen.pages = {page("http:1", "", 200), page("http:2", "", 200)};
  EXPECT_FALSE(login_nearby(seen)) << "sent nowhere";
  seen.pages = {page("http:1", "javascript:1"), page("http:2", "//")};
  EXPECT_FALSE(login_nearby(seen));
}

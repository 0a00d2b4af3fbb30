// stn as it is shipped, configured by profiles, against the gateway as it is shipped; simulated.
#include <gtest/gtest.h>

#include "runtime/profile.h"
#include "runtime/runtime.h"
#include "sdk/sim/world.h"

namespace tharsis::test {
namespace {

// One life of a runtime on a machine of the world.
class stage {
 public:
  stage(sim::world& w, sim::machine& m, const std::string& plugins) : world_(w) {
    runtime::runtime::options o;
    o.platform = m.platform();
    o.plan = plan_of(plugins);
    if (!complaints.empty()) return;
    o.print = [this](uint32_t, std::string_view who, std::string_view text) {
      logged += std::string(who) + ": " + std::string(text) + "\n";
    };
    o.on_settled = [this] { settled_ = true; };
    o.on_ended = [this] { ended_ = true; };
    running_ = std::make_unique<runtime::runtime>(std::move(o));
    const auto failure = running_->start();
    EXPECT_FALSE(failure) << failure->text;
    EXPECT_TRUE(world_.run_until([&] { return settled_; }, world_.now() + 30s));
  }
  ~stage() {
    if (!running_) return;
    EXPECT_TRUE(stops());
  }
  bool stops() {
    running_->stop();
    return world_.run_until([&] { return ended_; }, world_.now() + 30s);
  }
  // Another profile. False: it was not taken.
  bool reload(const std::string& plugins) {
    std::optional<bool> taken;
    running_->reload(plan_of(plugins), [&](const auto& answer) { taken = answer.taken; });
    EXPECT_TRUE(world_.run_until([&] { return taken.has_value(); }, world_.now() + 30s));
    return taken.value_or(false);
  }
  runtime::runtime::plugin_report report(const std::string& id) const {
    for (const auto& r : running_->report())
      if (r.id == id) return r;
    return {};
  }
  bool hears(const std::string& part, duration within = 30s) {
    return world_.run_until([&] { return logged.find(part) != std::string::npos; }, world_.now() + within);
  }

  std::string complaints;  // About the profile.
  std::string logged;

 private:
  runtime::profile plan_of(const std::string& plugins) {
    runtime::profile_request request;
    request.plugin_folders = {THARSIS_PLUGINS};
    request.data_folder = "/state";
    request.file = "test.yaml";
    request.text = "tharsis: 1\nplugins:\n" + plugins;
    runtime::diagnostics problems;
    runtime::profile plan = runtime::load_profile(request, problems);
    complaints = render(problems);
    return plan;
  }
  sim::world& world_;
  bool settled_ = false;
  bool ended_ = false;
  std::unique_ptr<runtime::runtime> running_;
};

struct StnInSimulation : testing::Test {
  sim::world world{1};
  std::shared_ptr<sim::disk> storage = world.make_disk();
  sim::machine& client = world.add_machine("client", {"10.0.0.1"}, storage);
  sim::machine& server = world.add_machine("server", {"10.0.0.2"}, storage);

  // The sentence with which stn does not start, or what the profile is told.
  std::string refusal(const std::string& link) {
    const stage s(world, client, "  stn: { links: { main: { " + link + " } } }\n");
    if (!s.complaints.empty()) return s.complaints;
    EXPECT_EQ(s.report("stn").state, runtime::plugin_state::failed);
    return s.report("stn").reason;
  }
};

void expect_part(const std::string& text, std::string_view part) {
  EXPECT_NE(text.find(part), std::string::npos) << "in: " << text << "\nmissing: " << part;
}

}  // namespace

TEST_F(StnInSimulation, WhatASchemaCannotSayIsSaidAtTheStartWithItsPlace) {
  const std::string plain = refusal("endpoints: [\"tcp://192.0.2.1:443\"]");
  expect_part(plain, "test.yaml:3");
  expect_part(plain, "plain: allowed");
  expect_part(refusal("endpoints: [\"tcps://im.test:443\"], tls: { system_store: false }"),
              "links.main.tls.ca");
  expect_part(refusal("endpoints: [\"tcps://im.test:443\"], heartbeat: { interval_min: 700s }"),
              "interval_max");
  expect_part(refusal("endpoints: [\"tcps://im.test:443\"], reconnect: { pause_min: 40s }"), "pause_max");
  expect_part(refusal("endpoints: [\"tcps://im.test:443\"], user: " + std::string(300, 'u')), "256");
  for (const std::string field : {"Content-Length: \"1\"", "transfer-encoding: chunked"})
    expect_part(refusal("endpoints: [\"tcps://im.test:443\"] } }, short_links: { api: { endpoints: [\"https://im.test\"], headers: { " + field + " }"),
                "is set by the short link itself");
}

TEST_F(StnInSimulation, WhatASchemaCanSayIsSaidBeforeAnythingRuns) {
  expect_part(refusal("user: ann"), "endpoints");
  expect_part(refusal("endpoints: []"), "endpoints");
  expect_part(refusal("endpoints: [\"http://im.test:80\"]"), "tcps");
  expect_part(refusal("endpoints: [\"tcps://im.test:443\"], answer_timout: 3s"), "answer_timeout");
}

TEST_F(StnInSimulation, LoopbackNeedsNoPermissionForPlainTcp) {
  const stage s(world, client, "  stn: { links: { main: { endpoints: [\"tcp://127.0.0.1:4433\"] } } }\n");
  EXPECT_EQ(s.report("stn").state, runtime::plugin_state::running) << s.report("stn").reason;
}

// The gateway's authority is written when it starts, after stn has begun to ask for it.
TEST_F(StnInSimulation, ItMeetsTheGatewayOverTlsAndStopsWithNothingLeftOpen) {
  world.add_name("im.tharsis.test", {"10.0.0.2"});
  stage s(world, client,
          "  stn: { links: { main: { endpoints: [\"tcps://im.tharsis.test:443\"], user: ann,"
          " tls: { ca: /state/gateway/ca.pem } } } }\n");
  EXPECT_TRUE(s.hears("ca.pem")) << s.logged;
  stage g(world, server,
          "  gateway: { listen: \"tcps://10.0.0.2:443\", open: true, certificate: { names: [im.tharsis.test] "
          "} }\n");
  EXPECT_EQ(g.report("gateway").state, runtime::plugin_state::running) << g.report("gateway").reason;
  world.run_for(60s);
  EXPECT_TRUE(g.stops());
  EXPECT_TRUE(s.hears("address=10.0.0.2:443 waiting=0 status=reset", 1s)) << "it was up: " << s.logged;
  EXPECT_TRUE(s.stops());
  EXPECT_EQ(s.report("stn").state, runtime::plugin_state::stopped) << s.report("stn").reason;
  EXPECT_EQ(s.logged.find("open when it was destroyed"), std::string::npos) << s.logged;
}

// What is left does not notice that the server goes.
TEST_F(StnInSimulation, AProfileMayTakeItsLastLongLinkAway) {
  world.add_name("im.tharsis.test", {"10.0.0.2"});
  const std::string shorts = "short_links: { api: { endpoints: [\"http://127.0.0.1:80\"] } }";
  stage s(world, client,
          "  stn: { links: { main: { endpoints: [\"tcps://im.tharsis.test:443\"], user: ann, tls: { ca: /state/gateway/ca.pem } } }, " + shorts + " }\n");
  stage g(world, server,
          "  gateway: { listen: \"tcps://10.0.0.2:443\", open: true, certificate: { names: [im.tharsis.test] } }\n");
  world.run_for(60s);
  const int64_t since = s.report("stn").since;
  ASSERT_TRUE(s.reload("  stn: { " + shorts + " }\n")) << s.complaints;
  world.run_for(2s);
  const size_t told = s.logged.size();
  EXPECT_TRUE(g.stops());
  world.run_for(60s);
  EXPECT_EQ(s.logged.find("link main", told), std::string::npos) << s.logged;
  EXPECT_EQ(s.report("stn").since, since) << "it was started again";
}

}  // namespace tharsis::test

// Goal: the demo's whole job, with the plugin binaries of the real run, in the simulated world.
// Method: gateway and client are two runtimes on two machines that share a disk (the authority's
// certificate); the path between them, the order of everything and the kind of the outage are drawn
// from the seed. In half of the seeds the gateway falls silent instead of resetting.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "sdk/sim/disk.h"
#include "sdk/sim/world.h"
#include "tests/e2e/watched_runtime.h"
#include "tests/runtime/counted.h"
#include "tests/sdk/sim/seeds.h"

using namespace tharsis;
using runtime::profile_request;

namespace {

const std::string plugins = THARSIS_PLUGINS;

struct side : test::watched_runtime {
  void start(sim::machine& on, const std::string& file, const std::vector<std::string>& sets) {
    profile_request request;
    request.file = file;
    request.sets = sets;
    request.plugin_folders = {plugins};
    request.data_folder = "/state";
    runtime::diagnostics problems;
    runtime::profile plan = runtime::load_profile(request, problems);
    run(on.platform(), std::move(plan), problems);
  }
  // One line for each plugin that is not stopped.
  std::string not_stopped() const {
    std::string text;
    for (const auto& r : running->report())
      if (r.state != runtime::plugin_state::stopped) text += r.id + " is " + std::string(name(r.state)) + " " + r.reason + "\n";
    return text;
  }
};

// What is shipped beside a plugin lies on the simulated disk too, where it lies on the real one.
void ship(sim::disk& disk, const std::string& file) {
  std::ifstream in(plugins + file, std::ios::binary);
  const std::string content(std::istreambuf_iterator<char>(in), {});
  ASSERT_FALSE(content.empty()) << plugins + file;
  const std::string path = plugins + file;
  ASSERT_EQ(disk.make_folder(path.substr(0, path.rfind('/')), nullptr), THARSIS_OK);
  ASSERT_EQ(disk.replace(path, content, nullptr), THARSIS_OK);
}

uint64_t between(sim::world& w, uint64_t low, uint64_t high) { return low + w.random() % (high - low + 1); }

std::string number_after(const std::string& json, const std::string& name) {
  const size_t at = json.find("\"" + name + "\":");
  return at == std::string::npos ? "" : json.substr(at + name.size() + 3, json.find_first_of(",}", at) - at - name.size() - 3);
}

// What the plugins counted agrees with itself, and with what the demo says.
void check_books(const side& sender, const side& gateway, int64_t sent) {
  const auto client = [&](const char* plugin, const char* name) { return test::counted(sender.running->counted(), plugin, name); };
  const auto count_of = [&](const char* plugin, const char* name) {
    const auto histogram = test::reading(sender.running->counted(), plugin, name);
    return histogram ? static_cast<int64_t>(histogram->count) : -1;
  };
  const auto stn = [&](const char* name) { return client("stn", name); };
  EXPECT_GE(stn("tasks_done"), sent);
  EXPECT_EQ(stn("tasks_accepted"), stn("tasks_done") + stn("tasks_denied") + stn("tasks_timeout") + stn("tasks_cancelled") + stn("tasks_lost"));
  EXPECT_EQ(count_of("stn", "task_time"), stn("tasks_done"));
  EXPECT_EQ(count_of("stn", "round_trip"), stn("tasks_done") + stn("tasks_denied"));
  EXPECT_GE(stn("requests_sent"), stn("tasks_done"));
  EXPECT_GE(stn("links_opened"), 2) << "there was an outage";
  EXPECT_EQ(stn("links_opened"), stn("links_lost") + 1) << "the last one ended with stn";
  EXPECT_GT(stn("bytes_received"), 0);
  EXPECT_EQ(client("dns", "questions"), client("dns", "answers") + client("dns", "failures") + client("dns", "cancelled"));
  EXPECT_GT(client("dns", "questions"), 0);
  EXPECT_GT(client("xlog", "lines_written"), sent);
  EXPECT_GT(client("xlog", "bytes_written"), client("xlog", "lines_written"));
  EXPECT_EQ(client("xlog", "lines_lost"), 0);
  EXPECT_GT(count_of("xlog", "write_time"), 0);
  EXPECT_LE(client("sdt", "diagnoses_ended"), client("sdt", "diagnoses"));
  const auto server = [&](const char* name) { return test::counted(gateway.running->counted(), "gateway", name); };
  EXPECT_GE(server("messages"), sent);
  EXPECT_GE(server("connections"), stn("links_opened"));
  EXPECT_EQ(server("connections_open"), 0);
}

void run_demo(uint64_t seed) {
  sim::world world(seed);
  const auto disk = world.make_disk();
  ship(*disk, "/demo/ascent.txt");
  sim::machine& server = world.add_machine("server", {"10.0.0.2"}, disk);
  sim::machine& client = world.add_machine("client", {"10.0.0.1"}, disk);
  sim::path& path = world.between(client, server);
  path.delay = std::chrono::milliseconds(between(world, 1, 80));
  path.jitter = std::chrono::milliseconds(between(world, 0, 20));
  path.loss = static_cast<double>(between(world, 0, 2)) / 100;

  // Silence must outlast stn's patience, also on a path that loses so much that the requests
  // themselves take seconds to arrive; else it is only a slow server.
  const bool silent = seed % 2 == 1;
  const std::vector<std::string> outage =
      silent ? std::vector<std::string>{"gateway.outage.kind=silent", "gateway.outage.lasts=20s"}
             : std::vector<std::string>{"gateway.outage.kind=reset", "gateway.outage.lasts=2s"};
  side gateway, sender;
  std::vector<std::string> sets = {"gateway.listen=tcps://10.0.0.2:17443", "gateway.open=true",
                                   "dns.pins={im.tharsis.test: [10.0.0.2]}"};
  sets.insert(sets.end(), outage.begin(), outage.end());
  gateway.start(server, "configs/demo-gateway.yaml", sets);
  ASSERT_TRUE(world.run_until([&] { return gateway.settled; }, world.now() + 30s));
  sender.start(client, "configs/demo.yaml", {"dns.pins={im.tharsis.test: [10.0.0.2]}", "demo.task_timeout=60s", "demo.limit=120s"});

  EXPECT_TRUE(world.run_until([&] { return sender.console.code.has_value(); }, world.now() + 200s));
  sender.running->stop();
  gateway.running->stop();
  EXPECT_TRUE(world.run_until([&] { return sender.ended && gateway.ended; }, world.now() + 30s));
  EXPECT_EQ(sender.console.code, 0) << sender.console.transcript() << sender.logged;
  EXPECT_EQ(number_after(sender.console.json, "duplicates"), "0") << sender.console.json;
  EXPECT_EQ(number_after(sender.console.json, "failed"), "0") << sender.console.json;
  EXPECT_EQ(number_after(sender.console.json, "sent"), number_after(sender.console.json, "tasks_found")) << sender.console.json;
  EXPECT_EQ(sender.not_stopped() + gateway.not_stopped(), "");
  check_books(sender, gateway, std::stoll(number_after(sender.console.json, "sent")));
}

}  // namespace

TEST(DemoInSimulation, EveryTaskIsAnsweredOnceAndFoundInTheLogWhateverTheNetworkDoes) {
  THARSIS_ONE_THREAD();
  test::for_each_seed(test::seeds(500), run_demo);
}

// Goal: each task of `tharsis stn send` has exactly one outcome, and its figures agree with each other, whatever the
// network does; the command ends by itself.
// Method: the plugin binaries of the real run in two simulated runtimes, the command on one machine, the gateway on the
// other; path, plan and moments of trouble are drawn from the seed.
#include <gtest/gtest.h>

#include "sdk/abi/command.h"
#include "sdk/sim/disk.h"
#include "sdk/sim/world.h"
#include "tests/e2e/watched_runtime.h"
#include "tests/sdk/sim/seeds.h"

using namespace tharsis;

namespace {

runtime::profile_request request_of() {
  runtime::profile_request request;
  request.plugin_folders = {THARSIS_PLUGINS};
  request.data_folder = "/state";
  return request;
}

struct gateway_side : test::watched_runtime {
  void start(sim::world& world, sim::machine& on, const std::string& listen, const std::string& codec = "mars") {
    runtime::profile_request request = request_of();
    request.file = "gateway.yaml";
    request.text = "tharsis: 1\nplugins:\n  gateway: { listen: \"" + listen +
                   "\", codec: " + codec + ", open: true, plain: allowed, certificate: { names: [10.0.0.2] } }\n";
    runtime::diagnostics problems;
    runtime::profile plan = runtime::load_profile(request, problems);
    run(on.platform(), std::move(plan), problems);
    ASSERT_TRUE(world.run_until([&] { return settled; }, world.now() + 30s));
  }
};

// `tharsis stn send WORDS...`
struct send_side : test::watched_runtime {
  void start(sim::world& world, sim::machine& on, const std::vector<std::string>& given) {
    words = given;
    runtime::diagnostics problems;
    runtime::profile plan = runtime::profile_of_plugin("stn", request_of(), problems);
    run(on.platform(), std::move(plan), problems);
    ASSERT_TRUE(world.run_until([&] { return settled; }, world.now() + 30s));
    for (const std::string& word : words) arguments.push_back(word.c_str());
    call = {sizeof call, static_cast<uint32_t>(arguments.size()), "send", arguments.data(), console.table(), text_of("/")};
    running->with_extension("stn", THARSIS_COMMAND_ID, [this](const void* table, void* instance) {
      static_cast<const tharsis_command*>(table)->run(instance, &call);
    });
  }
  void stop(sim::world& world) {
    running->stop();
    EXPECT_TRUE(world.run_until([&] { return ended; }, world.now() + 30s));
    for (const auto& r : running->report()) EXPECT_EQ(r.state, runtime::plugin_state::stopped) << r.reason;
  }
  std::string json() const { return console.printed.empty() ? "" : console.printed.back(); }

  std::vector<std::string> words;
  std::vector<const char*> arguments;
  tharsis_command_call call{};
};

int64_t number_in(const std::string& json, const std::string& name) {
  const size_t at = json.find("\"" + name + "\":");
  return at == std::string::npos ? -1 : std::atoll(json.c_str() + at + name.size() + 3);
}

int64_t sum_of_reasons(const std::string& json) {
  const size_t from = json.find("\"reasons\":{") + 10;
  const std::string reasons = json.substr(from, json.find('}', from) - from);
  int64_t sum = 0;
  for (size_t at = reasons.find("\":"); at != std::string::npos; at = reasons.find("\":", at + 2)) sum += std::atoll(reasons.c_str() + at + 2);
  return sum;
}

uint64_t between(sim::world& w, uint64_t low, uint64_t high) { return low + w.random() % (high - low + 1); }

struct stage {
  explicit stage(uint64_t seed)
      : world(seed),
        disk(world.make_disk()),
        server(world.add_machine("server", {"10.0.0.2"}, disk)),
        client(world.add_machine("client", {"10.0.0.1"}, disk)) {}
  sim::world world;
  std::shared_ptr<sim::disk> disk;
  sim::machine& server;
  sim::machine& client;
  gateway_side gateway;
  send_side sender;
};

void trouble(stage& s) {
  sim::path& path = s.world.between(s.client, s.server);
  switch (between(s.world, 0, 3)) {
    case 0: s.world.reset_connections(s.client, s.server); break;
    case 1: s.world.forget_connections(s.client, s.server); break;
    case 2: path.black_hole = !path.black_hole; break;
    default: path.loss = static_cast<double>(between(s.world, 0, 20)) / 100;
  }
}

void send_through_trouble(uint64_t seed) {
  stage s(seed);
  sim::path& path = s.world.between(s.client, s.server);
  path.delay = std::chrono::milliseconds(between(s.world, 1, 200));
  path.jitter = std::chrono::milliseconds(between(s.world, 0, 50));
  const bool tls = seed % 2 == 1;
  const std::string codec = seed % 5 < 2 ? "length-prefixed" : "mars";
  s.gateway.start(s.world, s.server, tls ? "tcps://10.0.0.2:443" : "tcp://10.0.0.2:443", codec);
  const auto count = static_cast<int64_t>(between(s.world, 1, 60));
  const auto deadline = std::chrono::seconds(between(s.world, 1, 15));
  const uint64_t rate = between(s.world, 1, 30);
  std::vector<std::string> words = {"--command", "100", "--body", std::string(between(s.world, 0, 3000), 'b'), "--count",
                                    std::to_string(count), "--deadline", std::to_string(deadline.count()) + "s", "--plain", "--hash", "--codec", codec};
  words.push_back(tls ? "tcps://10.0.0.2:443" : "tcp://10.0.0.2:443");
  if (tls) words.insert(words.end(), {"--ca", "/state/gateway/ca.pem"});
  const bool open_loop = seed % 4 < 2;
  words.insert(words.end(), {open_loop ? "--rate" : "--in-flight", std::to_string(rate)});
  if (seed % 3 == 0) words.push_back("--keys");
  s.sender.start(s.world, s.client, words);

  const instant began = s.world.now();
  const auto rounds = (count + static_cast<int64_t>(rate) - 1) / static_cast<int64_t>(rate);
  const duration longest = open_loop ? duration(1s) * count / static_cast<int64_t>(rate) + deadline : rounds * deadline;
  while (!s.sender.console.code && s.world.now() < began + longest + 1s) {
    trouble(s);
    const instant next = s.world.now() + std::chrono::milliseconds(between(s.world, 100, 4000));
    s.world.run_until([&] { return s.sender.console.code.has_value(); }, std::min(next, began + longest + 1s));
  }
  const std::string json = s.sender.json();
  ASSERT_TRUE(s.sender.console.code) << "it ends a little after the last task's deadline; printed: " << s.sender.console.transcript();
  EXPECT_EQ(number_in(json, "sent"), count) << json;
  EXPECT_EQ(number_in(json, "ok") + number_in(json, "failed"), count) << json;
  EXPECT_EQ(sum_of_reasons(json), number_in(json, "failed")) << json;
  EXPECT_EQ(s.sender.console.code, number_in(json, "failed") == 0 ? 0 : 1) << json;
  EXPECT_LE(number_in(json, "p50_us"), number_in(json, "p95_us")) << json;
  EXPECT_LE(number_in(json, "p99_us"), number_in(json, "max_us")) << json;
  EXPECT_LE(number_in(json, "max_us"), std::chrono::microseconds(deadline).count() + 1000) << json;
  s.sender.stop(s.world);
  s.gateway.running->stop();
  EXPECT_TRUE(s.world.run_until([&] { return s.gateway.ended; }, s.world.now() + 30s));
}

}  // namespace

TEST(SendInSimulation, EachTaskHasOneOutcomeAndTheSumsAreRight) {
  THARSIS_ONE_THREAD();
  test::for_each_seed(test::seeds(300), send_through_trouble);
}

TEST(SendInSimulation, AStallDoesNotMoveTheSchedule) {
  stage s(1);
  s.gateway.start(s.world, s.server, "tcp://10.0.0.2:443");
  s.world.between(s.client, s.server).delay = 50ms;
  s.sender.start(s.world, s.client, {"tcp://10.0.0.2:443", "--plain", "--command", "100", "--body", "b", "--count", "40", "--rate", "10"});
  const instant began = s.world.now();
  s.world.run_for(1s);
  s.world.between(s.client, s.server).black_hole = true;
  s.world.run_for(1s);
  s.world.between(s.client, s.server).black_hole = false;
  ASSERT_TRUE(s.world.run_until([&] { return s.sender.console.code.has_value(); }, began + 20s));
  EXPECT_EQ(s.sender.console.code, 0) << s.sender.console.transcript();
  EXPECT_LT(s.world.now() - began, 6s) << "the last task was due after 3.9 s";
  EXPECT_GE(number_in(s.sender.json(), "max_us"), 1'000'000) << "what was due in the stall waited for its end";
  EXPECT_LE(number_in(s.sender.json(), "first_answer_us"), 350'000) << "a round trip each for the connection, the proof and the task";
  s.sender.stop(s.world);
  s.gateway.running->stop();
  EXPECT_TRUE(s.world.run_until([&] { return s.gateway.ended; }, s.world.now() + 30s));
}

TEST(SendInSimulation, StoppedEarlyItPrintsWhatThereIs) {
  stage s(2);
  s.sender.start(s.world, s.client, {"tcp://10.0.0.2:443", "--plain", "--command", "100", "--body", "b", "--count", "100", "--rate", "10", "--hash"});
  s.world.run_for(1050ms);
  s.sender.stop(s.world);
  EXPECT_EQ(s.sender.console.code, 1);
  EXPECT_NE(s.sender.json().find("\"sent\":11,\"ok\":0,\"failed\":11,\"reasons\":{\"cancelled\":11}"), std::string::npos) << s.sender.json();
}

// Goal: `tharsis xlog push` ends by itself whatever network and receiver do; what the receiver shows is whole at any moment; and
// once both have peace, the next push brings everything.
// Method: the plugin binaries of the real run in two simulated runtimes, the command on one machine, the gateway on the other;
// files, path and moments of trouble are drawn from the seed, and the receiver dies and comes back.
#include <gtest/gtest.h>

#include <map>

#include "sdk/abi/command.h"
#include "sdk/pure/views.h"
#include "sdk/sim/disk.h"
#include "sdk/sim/world.h"
#include "tests/e2e/watched_runtime.h"
#include "tests/e2e/xlog_stage.h"
#include "tests/sdk/sim/seeds.h"

using namespace tharsis;

namespace {

runtime::profile_request request_of(const std::string& data) {
  runtime::profile_request request;
  request.plugin_folders = {THARSIS_PLUGINS};
  request.data_folder = data;
  return request;
}

struct gateway_side : test::watched_runtime {
  void start(sim::world& world, sim::machine& on, const std::string& scheme) {
    runtime::profile_request request = request_of("/state");
    request.file = "gateway.yaml";
    request.text = "tharsis: 1\nplugins:\n  gateway: { listen: \"tcp://10.0.0.2:90\", open: true, plain: allowed, certificate: { names: [10.0.0.2] },\n"
                   "    logs: { listen: \"" + scheme + "://10.0.0.2:80\", token: \"a token of some length\" } }\n";
    runtime::diagnostics problems;
    runtime::profile plan = runtime::load_profile(request, problems);
    run(on.platform(), std::move(plan), problems);
    ASSERT_TRUE(world.run_until([&] { return settled; }, world.now() + 30s));
  }
};

// `tharsis xlog push WORDS...`
struct push_side : test::watched_runtime {
  void start(sim::world& world, sim::machine& on, const std::vector<std::string>& given) {
    words = given;
    runtime::profile_request request = request_of("/sender");
    runtime::diagnostics problems;
    runtime::profile plan = runtime::profile_of_plugin("xlog", request, problems);
    run(on.platform(), std::move(plan), problems);
    ASSERT_TRUE(world.run_until([&] { return settled; }, world.now() + 30s));
    for (const std::string& word : words) arguments.push_back(word.c_str());
    call = {sizeof call, static_cast<uint32_t>(arguments.size()), "push", arguments.data(), console.table(), text_of("/")};
    running->with_extension("xlog", THARSIS_COMMAND_ID, [this](const void* table, void* instance) { static_cast<const tharsis_command*>(table)->run(instance, &call); });
  }
  void stop(sim::world& world) {
    running->stop();
    EXPECT_TRUE(world.run_until([&] { return ended; }, world.now() + 90s));
  }

  std::vector<std::string> words;
  std::vector<const char*> arguments;
  tharsis_command_call call{};
};

uint64_t between(sim::world& w, uint64_t low, uint64_t high) { return low + w.random() % (high - low + 1); }

struct stage {
  explicit stage(uint64_t seed)
      : world(seed), disk(world.make_disk()), server(&world.add_machine("server", {"10.0.0.2"}, disk)), client(world.add_machine("client", {"10.0.0.1"}, disk)) {
    for (uint64_t i = 0, count = between(world, 1, 4); i < count; ++i) {
      std::string bytes(between(world, 1, 400'000), '\0');
      for (char& c : bytes) c = static_cast<char>(world.random());
      contents["xlog_2026112" + std::to_string(i) + ".log"] = std::move(bytes);
    }
    const tharsis_files* const files = client.platform()->files;
    files->make_folder(files->self, text_of("/logs"), nullptr);
    for (const auto& [name, bytes] : contents) {
      const std::string path = "/logs/" + name;
      files->replace(files->self, text_of(path), bytes_of(as_bytes(bytes)), nullptr);
    }
    files->replace(files->self, text_of("/token"), bytes_of(as_bytes("a token of some length\n")), nullptr);
  }

  std::vector<std::string> words(const std::string& scheme) const {
    std::vector<std::string> all = {scheme + "://10.0.0.2:80", "--plain", "--source", "me", "--token-file", "/token", "--deadline", "10m", "/logs"};
    if (scheme == "https") all.insert(all.end(), {"--ca", "/state/gateway/ca.pem"});
    return all;
  }
  // What can be seen at the receiver.
  std::map<std::string, std::string> seen() const {
    const tharsis_files* const files = client.platform()->files;
    std::vector<std::string> names;
    const auto visit = [](void* context, tharsis_text name) { static_cast<std::vector<std::string>*>(context)->emplace_back(view(name)); };
    files->list(files->self, text_of("/state/gateway/logs/me"), visit, &names, nullptr);
    std::map<std::string, std::string> all;
    for (const std::string& name : names) {
      const std::string path = "/state/gateway/logs/me/" + name;
      tharsis_handle file = 0;
      uint64_t size = 0;
      size_t count = 0;
      if (files->open(files->self, text_of(path), THARSIS_FILES_READ, &file, nullptr) != THARSIS_OK) continue;
      files->length(files->self, file, &size, nullptr);
      std::string bytes(size, '\0');
      files->read(files->self, file, 0, reinterpret_cast<uint8_t*>(bytes.data()), bytes.size(), &count, nullptr);
      files->close(files->self, file);
      // xlog-01234567_20261120.log
      all["xlog" + name.substr(name.find('_'))] = std::move(bytes);
    }
    return all;
  }
  void expect_whole() const {
    for (const auto& [name, bytes] : seen()) {
      const auto own = contents.find(name);
      ASSERT_TRUE(own != contents.end()) << name;
      EXPECT_TRUE(bytes == own->second) << name << " has " << bytes.size() << " of " << own->second.size() << " bytes";
    }
  }

  sim::world world;
  std::shared_ptr<sim::disk> disk;
  sim::machine* server;
  sim::machine& client;
  std::map<std::string, std::string> contents;
  std::unique_ptr<gateway_side> gateway;
};

void trouble(stage& s, const std::string& scheme) {
  sim::path& path = s.world.between(s.client, *s.server);
  switch (between(s.world, 0, 5)) {
    case 0: s.world.reset_connections(s.client, *s.server); break;
    case 1: s.world.forget_connections(s.client, *s.server); break;
    case 2: path.black_hole = !path.black_hole; break;
    case 3: path.loss = static_cast<double>(between(s.world, 0, 20)) / 100; break;
    case 4:  // It dies, and comes back.
      s.gateway->running->stop();
      EXPECT_TRUE(s.world.run_until([&] { return s.gateway->ended; }, s.world.now() + 60s));
      s.gateway = std::make_unique<gateway_side>();
      s.gateway->start(s.world, *s.server, scheme);
      break;
    default: break;
  }
}

void push_through_trouble(uint64_t seed) {
  stage s(seed);
  sim::path& path = s.world.between(s.client, *s.server);
  path.delay = std::chrono::milliseconds(between(s.world, 1, 200));
  path.jitter = std::chrono::milliseconds(between(s.world, 0, 50));
  const std::string scheme = seed % 2 == 1 ? "https" : "http";
  s.gateway = std::make_unique<gateway_side>();
  s.gateway->start(s.world, *s.server, scheme);
  {
    push_side push;
    push.start(s.world, s.client, s.words(scheme));
    const instant latest = s.world.now() + 11min;
    while (!push.console.code && s.world.now() < latest) {
      trouble(s, scheme);
      s.expect_whole();
      s.world.run_until([&] { return push.console.code.has_value(); }, s.world.now() + std::chrono::milliseconds(between(s.world, 50, 5000)));
    }
    ASSERT_TRUE(push.console.code) << push.console.transcript();
    push.stop(s.world);
  }
  path.black_hole = false;
  path.loss = 0;
  push_side again;
  again.start(s.world, s.client, s.words(scheme));
  ASSERT_TRUE(s.world.run_until([&] { return again.console.code.has_value(); }, s.world.now() + 11min));
  EXPECT_EQ(again.console.code, 0) << again.console.transcript();
  again.stop(s.world);
  s.expect_whole();
  EXPECT_EQ(s.seen().size(), s.contents.size());
  s.gateway->running->stop();
  EXPECT_TRUE(s.world.run_until([&] { return s.gateway->ended; }, s.world.now() + 60s));
}

}  // namespace

TEST(ShipInSimulation, WhatArrivesIsWholeWhateverHappens) {
  THARSIS_ONE_THREAD();
  test::for_each_seed(test::seeds(20), push_through_trouble);
}

TEST(ShipInSimulation, StoppedInTheMidstItEndsAtOnce) {
  stage s(2);
  s.gateway = std::make_unique<gateway_side>();
  s.gateway->start(s.world, *s.server, "http");
  s.world.between(s.client, *s.server).black_hole = true;
  push_side push;
  push.start(s.world, s.client, s.words("http"));
  s.world.run_for(2s);
  EXPECT_FALSE(push.console.code);
  const instant began = s.world.now();
  push.stop(s.world);
  EXPECT_LT(s.world.now() - began, 1s) << "an answer that does not come is not waited for";
  EXPECT_EQ(push.console.code, 1);
  s.gateway->running->stop();
  EXPECT_TRUE(s.world.run_until([&] { return s.gateway->ended; }, s.world.now() + 60s));
}

namespace {

// A program whose log is shipped by itself.
struct shipping_program {
  explicit shipping_program(const std::string& when) : program(s.world, s.client, "directory: /own, interval: 100ms, ship: { to: \"http://10.0.0.2:80\", plain: allowed, source: me, token: a token of some length, ask_every: 1m, when: [" + when + "] }") {
    s.gateway = std::make_unique<gateway_side>();
    s.gateway->start(s.world, *s.server, "http");
    EXPECT_TRUE(program.starts());
  }
  // Lines at the receiver.
  std::vector<std::string> there() {
    std::vector<std::string> texts;
    const tharsis_files* const files = s.client.platform()->files;
    for (const auto& [name, bytes] : s.seen()) {
      const std::string path = "/copy/xlog" + name.substr(name.find('_'));
      files->make_folder(files->self, text_of("/copy"), nullptr);
      EXPECT_EQ(files->replace(files->self, text_of(path), bytes_of(as_bytes(bytes)), nullptr), THARSIS_OK);
    }
    test::xlog_stage reader(s.world, s.client);
    const int code = reader.command({"cat", "/copy"});
    for (const std::string& line : reader.console.printed) texts.push_back(line);
    EXPECT_TRUE(code == 0 || texts.empty());
    return texts;
  }
  bool has(const std::string& text) {
    for (const std::string& printed : there())
      if (printed.find(text) != std::string::npos) return true;
    return false;
  }
  void end() {
    EXPECT_TRUE(program.stops());
    s.gateway->running->stop();
    EXPECT_TRUE(s.world.run_until([&] { return s.gateway->ended; }, s.world.now() + 60s));
  }

  stage s{5};
  test::xlog_stage program;
};

}  // namespace

TEST(ShipInSimulation, AnErrorSendsWhatWasBeforeIt) {
  shipping_program p("error");
  p.program.say("nothing special");
  p.s.world.run_for(10min);
  EXPECT_TRUE(p.s.seen().empty()) << "nobody asked for it";
  p.program.say("just before");
  p.program.say("it went wrong", THARSIS_LOG_ERROR);
  p.s.world.run_for(1min);
  EXPECT_TRUE(p.has("just before"));
  EXPECT_TRUE(p.has("it went wrong"));
  p.end();
}

TEST(ShipInSimulation, WhatTheReceiverAsksForIsSentAndTakenOffItsList) {
  shipping_program p("request");
  p.program.say("something");
  p.s.world.run_for(5min);
  EXPECT_TRUE(p.s.seen().empty());
  const tharsis_files* const files = p.s.client.platform()->files;
  const std::string list = "/state/gateway/logs/.wishes/me";
  ASSERT_EQ(files->replace(files->self, text_of(list), bytes_of(as_bytes("last=1h level=info\n")), nullptr), THARSIS_OK);
  p.s.world.run_for(2min);
  EXPECT_TRUE(p.has("something"));
  tharsis_file_facts facts{sizeof facts, 0, 0, 0};
  EXPECT_EQ(files->describe(files->self, text_of(list), &facts, nullptr), THARSIS_E_NOT_FOUND);
  p.end();
}

// Goal: telling of shipping does not make it ship for ever. Method: nothing is said, and what the receiver has stays what it is.
TEST(ShipInSimulation, AQuietProgramComesToRest) {
  shipping_program p("always");
  p.program.say("something");
  p.s.world.run_for(3min);
  EXPECT_TRUE(p.has("something"));
  const auto before = p.s.seen();
  p.s.world.run_for(1h);
  EXPECT_EQ(p.s.seen() == before, true);
  p.program.say("something else");
  p.s.world.run_for(3min);
  EXPECT_TRUE(p.has("something else"));
  p.end();
}

TEST(ShipInSimulation, AReceiverThatIsAwayIsToldOfOnceAndCaughtUpWith) {
  shipping_program p("always");
  p.s.world.run_for(2min);
  p.s.gateway->running->stop();
  EXPECT_TRUE(p.s.world.run_until([&] { return p.s.gateway->ended; }, p.s.world.now() + 60s));
  p.program.say("while it was away");
  p.s.world.run_for(1h);
  p.s.gateway = std::make_unique<gateway_side>();
  p.s.gateway->start(p.s.world, *p.s.server, "http");
  p.s.world.run_for(5min);
  EXPECT_TRUE(p.has("while it was away"));
  size_t told = 0;
  for (const std::string& printed : p.there())
    for (size_t at = printed.find("could not be shipped"); at != std::string::npos; at = printed.find("could not be shipped", at + 1)) ++told;
  EXPECT_EQ(told, 1u);
  p.end();
}

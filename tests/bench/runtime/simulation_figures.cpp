// How much faster than real time a simulated machine is when nothing but keep-alives happens.
#include <chrono>
#include <memory>
#include <stdexcept>

#include "runtime/profile.h"
#include "runtime/runtime.h"
#include "sdk/sim/world.h"
#include "tests/bench/runtime/groups.h"

namespace tharsis::bench {
namespace {

struct simulated_runtime {
  bool settled = false;
  std::unique_ptr<runtime::runtime> running;

  simulated_runtime(sim::machine& on, const std::string& file, const std::string& text, const std::vector<std::string>& sets) {
    runtime::profile_request request;
    request.file = file;
    request.text = text;
    request.sets = sets;
    request.plugin_folders = {THARSIS_PLUGINS};
    request.data_folder = "/state";
    runtime::diagnostics problems;
    runtime::runtime::options o;
    o.platform = on.platform();
    o.plan = runtime::load_profile(request, problems);
    if (!problems.empty()) throw std::runtime_error(runtime::render(problems));
    o.on_settled = [this] { settled = true; };
    running = std::make_unique<runtime::runtime>(std::move(o));
    if (const auto failure = running->start()) throw std::runtime_error(failure->text);
  }
};

constexpr const char* gateway_profile =
    "tharsis: 1\n"
    "plugins:\n"
    "  gateway: { listen: \"tcps://10.0.0.2:17443\", open: true, certificate: { names: [im.tharsis.test] } }\n";

constexpr const char* client_profile =
    "tharsis: 1\n"
    "plugins:\n"
    "  xlog: { directory: \"${data}/log\" }\n"
    "  dns: { pins: { im.tharsis.test: [10.0.0.2] } }\n"
    "  sdt: {}\n"
    "  stn: { links: { main: { endpoints: [\"tcps://im.tharsis.test:17443\"], tls: { ca: \"${data}/gateway/ca.pem\" }, user: bench } } }\n";

// The demo's two sides with their link up and nobody at work.
struct idle_demo {
  sim::world world{1};
  std::unique_ptr<simulated_runtime> gateway, client;

  idle_demo() {
    const auto disk = world.make_disk();
    sim::machine& server = world.add_machine("server", {"10.0.0.2"}, disk);
    sim::machine& user = world.add_machine("client", {"10.0.0.1"}, disk);
    world.between(user, server).delay = std::chrono::milliseconds(30);
    gateway = std::make_unique<simulated_runtime>(server, "gateway.yaml", gateway_profile, std::vector<std::string>{});
    await([&] { return gateway->settled; });
    client = std::make_unique<simulated_runtime>(user, "client.yaml", client_profile, std::vector<std::string>{});
    await([&] { return client->settled; });
    const uint64_t steps = world.steps();
    world.run_for(std::chrono::hours(1));
    if (world.steps() < steps + 10) throw std::runtime_error("the idle demo is dead: it has no keep-alives");
  }

  void await(const std::function<bool()>& condition) {
    if (!world.run_until(condition, world.now() + std::chrono::seconds(60))) throw std::runtime_error("the demo does not start");
  }
};

}  // namespace

std::vector<figure> simulation_figures() {
  const auto demo = std::make_shared<idle_demo>();
  const auto pass = [demo](size_t seconds) { demo->world.run_for(std::chrono::seconds(seconds)); };
  return {{"simulated time, idle demo", "s/s", each_second(pass), {}, at_least(1000), {}}};
}

}  // namespace tharsis::bench

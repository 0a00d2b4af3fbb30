// A runtime on a machine of a simulated world, for the tests of plugins: it starts, is listened to and stops in virtual
// time. Link tharsis::tharsis beside tharsis::sim.
//
//     sim::world world(seed);
//     sim::hosted_runtime here(world, world.add_machine("here", {"10.0.0.1"}), "tharsis: 1\nplugins: { ... }\n");
//     const auto heard = here.hear("my.topic");
//     if (const std::string why = here.start(); !why.empty()) ...
//     world.run_for(10s);   ... heard() ...   here.stop()
#pragma once
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "sdk/abi/runtime.h"
#include "sdk/pure/error.h"
#include "sdk/pure/views.h"
#include "sdk/sim/world.h"

namespace tharsis::sim {

class hosted_runtime {
 public:
  static constexpr duration patience = 60s;  // Virtual; longer than a plugin's usual deadlines.

  // `text` is the profile; plugins are named in it by `path`.
  hosted_runtime(world& w, machine& on, std::string text) : world_(w), machine_(on), text_(std::move(text)) {
    tharsis_runtime_options o{};
    o.size = sizeof o;
    o.profile = "test.yaml";
    o.text = text_.c_str();
    o.state = "/state";
    o.platform = on.platform();
    if (tharsis_runtime_create(&o, &runtime_, &why_) != THARSIS_OK) return;
    why_.text[0] = '\0';
  }
  ~hosted_runtime() {
    if (runtime_ == nullptr) return;
    stop();
    tharsis_runtime_destroy(runtime_);
  }
  hosted_runtime(const hosted_runtime&) = delete;

  // From now on: each call answers the events that have come since the one before, as lines of JSON. Empty when there is
  // no runtime, which start() will say. Before start(), so that nothing is missed.
  std::function<std::vector<std::string>()> hear(const char* pattern) {
    tharsis_inbox* inbox = nullptr;
    if (runtime_ != nullptr) tharsis_runtime_subscribe(runtime_, pattern, THARSIS_DROP_OLDEST, 1 << 16, &inbox, nullptr);
    return [inbox] {
      std::vector<std::string> events;
      for (tharsis_text next{}; inbox != nullptr && (next = tharsis_inbox_next_json(inbox)).size > 0;) events.emplace_back(view(next));
      return events;
    };
  }

  // Empty: every plugin runs. Else why not.
  std::string start() {
    if (why_.text[0] != '\0') return why_.text;
    if (tharsis_runtime_start(runtime_, &why_) != THARSIS_OK) return why_.text;
    const bool settled = world_.run_until([&] { return tharsis_runtime_settled(runtime_) != 0; }, world_.now() + patience);
    const std::string said = report();
    const bool good = settled && said.find("\"state\":\"failed\"") == std::string::npos && said.find("\"state\":\"waiting\"") == std::string::npos;
    return good ? "" : "not everything runs: " + said;
  }

  // Empty: every plugin has stopped, and left nothing open.
  std::string stop() {
    if (runtime_ == nullptr) return {};
    const bool ended = world_.run_until([&] { return tharsis_runtime_stop(runtime_, 0) == THARSIS_OK; }, world_.now() + patience);
    const std::string said = report();
    size_t leaks = said.find("\"leaks\":[\"");
    return ended && leaks == std::string::npos ? "" : "it did not stop as it should: " + said;
  }

  // See tharsis_runtime_report and tharsis_runtime_metrics_json.
  std::string report() const { return text_of(tharsis_runtime_report(runtime_)); }
  std::string metrics() const { return text_of(tharsis_runtime_metrics_json(runtime_)); }

  // A file below the state folder: "com.acme.hello/events.jsonl".
  std::optional<std::string> file(const std::string& path) const {
    std::string content;
    const auto& files = *machine_.platform()->files;
    tharsis_handle handle = 0;
    if (files.open(files.self, tharsis::text_of("/state/" + path), THARSIS_FILES_READ, &handle, nullptr) != THARSIS_OK) return {};
    uint8_t part[4096];
    for (size_t n = sizeof part; n == sizeof part; content.append(reinterpret_cast<const char*>(part), n))
      if (files.read(files.self, handle, content.size(), part, sizeof part, &n, nullptr) != THARSIS_OK) n = 0;
    files.close(files.self, handle);
    return content;
  }

  // For everything else that a host may ask; null when the profile has problems.
  tharsis_runtime* runtime() const { return runtime_; }

 private:
  static std::string text_of(tharsis_owned_text owned) {
    const std::string text(owned.data != nullptr ? owned.data : "", owned.size);
    tharsis_text_free(owned);
    return text;
  }

  world& world_;
  machine& machine_;
  const std::string text_;
  tharsis_runtime* runtime_ = nullptr;
  tharsis_error why_ = no_error();
};

}  // namespace tharsis::sim

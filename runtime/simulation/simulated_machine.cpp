#include "runtime/simulation/simulated_machine.h"

#include <algorithm>
#include <utility>

#include "runtime/bus_payload.h"
#include "sdk/pure/views.h"

namespace tharsis::runtime {
namespace {

constexpr uint32_t events_kept = 1 << 16;  // Between two steps of the world.

std::string_view level_name(uint32_t level) {
  return level >= THARSIS_LOG_ERROR ? "error" : level >= THARSIS_LOG_WARNING ? "warning" : level >= THARSIS_LOG_INFO ? "info" : "debug";
}

bool is_stuck(const std::vector<runtime::plugin_report>& report) {
  return std::any_of(report.begin(), report.end(), [](const auto& r) { return r.stuck; });
}

}  // namespace

simulated_machine::simulated_machine(sim::machine& on, const profile& plan, ears e)
    : on_(on), plan_(plan), ears_(std::move(e)) {
  console_ = {sizeof console_,
              this,
              [](void*) -> int32_t { return 0; },
              [](void* self, tharsis_text line) { of(self).console_says("progress", line); },
              [](void* self, tharsis_text text) { of(self).console_says("prints", text); },
              [](void* self, tharsis_text object) { of(self).console_says("result", object); },
              [](void* self, tharsis_text text) { of(self).console_says("complains", text); },
              [](void* self, int32_t code) {
                if (!of(self).code_) of(self).code_ = code;
              }};
  runtime::options o;
  o.platform = on_.platform();
  o.plan = plan_;
  o.console = &console_;
  o.hear = [this](uint32_t level, std::string_view plugin, std::string_view text) { hear_log(level, plugin, text); };
  o.on_leak = [this](const std::string& plugin, const std::string& sentence) { leaks_.push_back("plugin '" + plugin + "' " + sentence); };
  o.on_settled = [this] { settled_ = true; };
  o.on_ended = [this] { ended_ = true; };
  runtime_ = std::make_unique<runtime>(std::move(o));
  seen_ = runtime_->report();
}

// Code of a plugin that never came back may use the runtime, which therefore stays.
simulated_machine::~simulated_machine() {
  if (!ended_ || is_stuck(runtime_->report())) static_cast<void>(runtime_.release());
}

std::optional<error> simulated_machine::start() {
  if (ears_.events) {
    tharsis_error why = no_error();
    runtime_->events().subscribe("(timeline)", "**", THARSIS_DROP_OLDEST, events_kept, [](bool) {}, &inbox_, &why);
  }
  auto failure = runtime_->start();
  if (failure) ended_ = true;  // Nothing was started.
  return failure;
}

void simulated_machine::hear_log(uint32_t level, std::string_view plugin, std::string_view text) {
  ears_.heard(std::string(plugin), std::string(level_name(level)) + ": " + std::string(text));
}

void simulated_machine::hear_events() {
  while (const auto next = runtime_->events().take(inbox_)) ears_.heard(next->event.topic->name, event_json(next->event));
}

void simulated_machine::look() {
  if (inbox_ != 0) hear_events();
  const auto now = runtime_->report();
  for (size_t i = 0; i < now.size(); ++i) {
    const auto &is = now[i], &was = seen_[i];
    if (is.state == was.state && is.since == was.since && is.stuck == was.stuck) continue;
    ears_.heard(is.id, "is " + std::string(name(is.state)) + (is.stuck ? " and stuck" : "") + (is.reason.empty() ? "" : ": " + is.reason));
    if (is.state == plugin_state::failed && (was.state != plugin_state::failed || is.since != was.since)) ears_.failed(is.id, is.reason);
  }
  seen_ = now;
}

}  // namespace tharsis::runtime

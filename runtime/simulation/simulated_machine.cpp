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

bool plan_has(const profile& plan, const std::string& id) {
  return std::any_of(plan.plugins.begin(), plan.plugins.end(), [&](const plugin_entry& p) { return p.id == id; });
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
  for (const auto& r : runtime_->report()) seen_.emplace(r.id, r);
}

// Code of a plugin that never came back may use the runtime, which therefore stays.
simulated_machine::~simulated_machine() {
  if (!ended_ || is_stuck(runtime_->report())) static_cast<void>(runtime_.release());
  runtime_.reset();  // It answers what was still asked of it.
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
  for (const auto& is : runtime_->report()) {
    auto& was = seen_.try_emplace(is.id, runtime::plugin_report{is.id, plugin_state::resolved, {}}).first->second;
    if (is.state == was.state && is.since == was.since && is.stuck == was.stuck) continue;
    ears_.heard(is.id, "is " + std::string(name(is.state)) + (is.stuck ? " and stuck" : "") + (is.reason.empty() ? "" : ": " + is.reason));
    if (is.state == plugin_state::failed && (was.state != plugin_state::failed || is.since != was.since)) ears_.failed(is.id, is.reason);
    was = is;
  }
  look_at_reloads();
}

void simulated_machine::reload(profile next) {
  reload_story story;
  for (const auto& r : runtime_->report())
    if (r.state == plugin_state::running) story.ran.push_back(r.id);
  story.next = next;
  reloads_.push_back(std::move(story));
  runtime_->reload(std::move(next), [this, number = reloads_.size() - 1](const reload_answer& answer) {
    hear_reload(number, answer);
  });
}

void simulated_machine::hear_reload(size_t number, const reload_answer& answer) {
  reload_story& story = reloads_[number];
  ears_.heard("(reload)", answer.failure ? "refused: " + answer.failure->text : answer.changes.empty() && answer.reread.empty() ? "nothing was different" : answer.text());
  if (++story.answers > 1) ears_.wrong("a reload was answered " + std::to_string(story.answers) + " times");
  story.failure = answer.failure;
  if (answer.taken) plan_ = story.next;
  story.next = {};  // A run may have many.
}

// Now that the states are those after it: the whole new profile, or the whole old one.
void simulated_machine::look_at_reloads() {
  const auto said = runtime_->report();
  const auto state = [&](const std::string& id) {
    const auto found = std::find_if(said.begin(), said.end(), [&](const auto& r) { return r.id == id; });
    return found == said.end() ? plugin_state::stopped : found->state;
  };
  for (reload_story& story : reloads_) {
    if (story.answers == 0 || std::exchange(story.looked_at, true)) continue;
    if (story.failure && story.failure->status == THARSIS_E_CANCELLED) continue;  // All stops.
    for (const auto& r : said)
      if (!plan_has(plan_, r.id) && r.state == plugin_state::running) ears_.wrong("plugin '" + r.id + "' runs, though the profile after a reload does not have it");
    for (const std::string& id : story.ran)
      if (plan_has(plan_, id) && state(id) == plugin_state::stopped) ears_.wrong("plugin '" + id + "' does not run any more, though the profile after a reload has it");
  }
}

bool simulated_machine::answered_all_reloads() const {
  return std::all_of(reloads_.begin(), reloads_.end(), [](const reload_story& s) { return s.answers > 0; });
}

}  // namespace tharsis::runtime

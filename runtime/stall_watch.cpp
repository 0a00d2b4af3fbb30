#include "runtime/stall_watch.h"

#include <array>
#include <cstddef>
#include <utility>

#include "runtime/callback_text.h"
#include "runtime/settings.h"
#include "sdk/abi/stall.h"
#include "sdk/pure/error.h"
#include "sdk/pure/topic.h"
#include "sdk/pure/views.h"

namespace tharsis::runtime {
namespace {

constexpr char owner[] = "(runtime)";
constexpr size_t stack_text_max = 16 * 1024;  // A hundred calls with names of templates.

const tharsis_field stall_fields[] = {
    {"plugin", THARSIS_FIELD_TEXT, offsetof(tharsis_stall, plugin), nullptr, 0},
    {"callback", THARSIS_FIELD_TEXT, offsetof(tharsis_stall, callback), nullptr, 0},
    {"lasted", THARSIS_FIELD_DURATION, offsetof(tharsis_stall, lasted), nullptr, 0},
    {"over", THARSIS_FIELD_BOOL, offsetof(tharsis_stall, over), nullptr, 0},
    {"stack", THARSIS_FIELD_TEXT, offsetof(tharsis_stall, stack), nullptr, 0},
};
constexpr tharsis_topic stall_topic = topic_of<tharsis_stall>(THARSIS_TOPIC_EVENT, THARSIS_STALL_TOPIC, stall_fields);

std::string milliseconds_text(duration d) { return std::to_string(milliseconds(d)) + " ms"; }

}  // namespace

stall_watch::stall_watch(const tharsis_platform& platform, const tharsis_strand& own, bus& events, log_hub& log, acts a)
    : platform_(platform), own_(own), bus_(events), log_(log), acts_(std::move(a)) {
  bus_.declare(owner, nullptr, &stall_topic, &topic_, nullptr);
}

void stall_watch::watch(size_t plugin, watched w) {
  if (plugin >= plugins_.size()) {
    plugins_.resize(plugin + 1);
    stalls_.resize(plugin + 1);
  }
  if (plugins_[plugin].strand == w.strand && plugins_[plugin].limit == w.limit) {
    plugins_[plugin].policy = w.policy;
    return;
  }
  watchdog_.watch(plugin, w.limit);
  stalls_[plugin] = {};
  plugins_[plugin] = std::move(w);
}

void stall_watch::begin() {
  if (platform_.watch != nullptr) arm();
}

void stall_watch::arm() {
  own_.loop->timer_set(own_.loop->self, nanoseconds(now() + watchdog_.interval()), &stall_watch::on_round, this, 0, nullptr);
}

void stall_watch::on_round(void* context, tharsis_handle) {
  auto* const self = static_cast<stall_watch*>(context);
  self->arm();
  self->look();
}

void stall_watch::look() {
  std::vector<tharsis_activity> running(plugins_.size());
  watchdog::turns turns(plugins_.size());
  for (size_t i = 0; i < plugins_.size(); ++i) {
    running[i].size = sizeof running[i];
    const auto status = platform_.watch->sample(platform_.watch->self, plugins_[i].strand, &running[i]);
    // Who only shares the thread is held up itself.
    if (status == THARSIS_OK && running[i].strand == plugins_[i].strand) turns[i] = running[i].turn;
  }
  const auto findings = watchdog_.look(turns, now());
  for (const watchdog::finding& found : findings) found.over ? on_end(found) : on_stall(found, running[found.strand]);
  if (!findings.empty()) acts_.changed();
}

void stall_watch::on_stall(const watchdog::finding& found, const tharsis_activity& running) {
  plugins_[found.strand].stalls.add();
  const watched& plugin = plugins_[found.strand];
  std::string stack(stack_text_max, '\0');
  const auto status = platform_.watch->stack(platform_.watch->self, plugin.strand, found.turn, stack.data(), stack.size());
  stack.resize(stack.find('\0'));
  if (status == THARSIS_E_GONE) stack = "no stack: it came back just now";
  if (status == THARSIS_E_UNSUPPORTED && stack.empty()) stack = "no stack: this platform cannot tell";
  stall& s = stalls_[found.strand];
  // A step has a deadline of its own, and would only block again.
  s = {callback_text(running), plugin.policy == stall_policy::restart && running.kind != THARSIS_RUNS_STEP};
  log_.write(THARSIS_LOG_ERROR, plugin.plugin,
             s.callback + " has been running for " + milliseconds_text(found.lasted) + " and blocks its thread" +
                 (plugin.policy == stall_policy::abort ? "; the process ends, as its profile says `stall: abort`\n" : "\n") + stack);
  publish(found.strand, found.lasted, false, status == THARSIS_OK ? stack : "");
  if (plugin.policy == stall_policy::abort) abort_soon();
}

void stall_watch::on_end(const watchdog::finding& found) {
  const watched& plugin = plugins_[found.strand];
  publish(found.strand, found.lasted, true, "");
  const stall ended = std::exchange(stalls_[found.strand], {});
  const std::string sentence = ended.callback + " blocked its thread for " + milliseconds_text(found.lasted);
  log_.write(THARSIS_LOG_WARNING, plugin.plugin, sentence);
  if (ended.fails) acts_.fail(found.strand, sentence + ", and its profile says `stall: restart`");
}

void stall_watch::publish(size_t plugin, duration lasted, bool over, std::string_view stack) {
  const tharsis_stall event = {text_of(plugins_[plugin].plugin), text_of(stalls_[plugin].callback), lasted.count(),
                               static_cast<uint8_t>(over), text_of(stack)};
  bus_.publish(owner, topic_, &event);
}

// Whatever comes first: the log is written, or whoever should write it does not answer.
void stall_watch::abort_soon() {
  const tharsis_wake end = [](void* context, tharsis_handle) { static_cast<stall_watch*>(context)->acts_.abort(); };
  log_.flush(*own_.loop, own_.id, end, this, 0);
  own_.loop->timer_set(own_.loop->self, nanoseconds(now() + runtime_settings{}.stall_flush), end, this, 0, nullptr);
}

std::string stall_watch::stall_of(size_t plugin) const {
  if (plugin >= stalls_.size()) return {};
  const std::string& callback = stalls_[plugin].callback;
  if (callback.empty()) return {};
  return callback + " has been running for more than " + milliseconds_text(plugins_[plugin].limit) + " and blocks its thread";
}

std::string stall_watch::who_holds_thread_of(size_t plugin) const {
  tharsis_activity running{};
  running.size = sizeof running;
  if (platform_.watch == nullptr || plugin >= plugins_.size()) return {};
  if (platform_.watch->sample(platform_.watch->self, plugins_[plugin].strand, &running) != THARSIS_OK) return {};
  for (size_t i = 0; i < plugins_.size(); ++i)
    if (plugins_[i].strand == running.strand && i != plugin)
      return "plugin '" + plugins_[i].plugin + "' (" + callback_text(running) + ")";
  return {};
}

}  // namespace tharsis::runtime

// A plugin's host without a runtime: the tables of one strand of a platform, a bus and a registry that
// the test holds in its hands, default settings, and a log that is kept.
#pragma once
#include <cstdlib>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "sdk/abi/platform.h"
#include "sdk/async/host.h"
#include "sdk/async/strand.h"
#include "sdk/pure/error.h"
#include "tests/plugins/told_network.h"
#include "tests/runtime/lent_metrics.h"

namespace tharsis::test {

class host_on_strand {
 public:
  host_on_strand(const tharsis_platform* platform, const std::string& name) : platform_(platform) {
    tharsis_error why = no_error();
    if (platform->strand_open(platform->self, name.c_str(), THARSIS_STRAND_SHARED, &own, &why) != THARSIS_OK) std::abort();
    make_tables();
    place.emplace(own->loop);
  }
  host_on_strand(const host_on_strand&) = delete;

  // What a plugin's C++ asks for in create().
  host tables() { return host(&host_); }

  // Run f on the strand, later.
  void send(std::function<void()> f) {
    auto* const call = new std::function<void()>(std::move(f));
    const auto wake = [](void* c, tharsis_handle) {
      const std::unique_ptr<std::function<void()>> mine(static_cast<std::function<void()>*>(c));
      (*mine)();
    };
    if (own->loop->post(own->loop->self, own->id, wake, call, 0) != THARSIS_OK) delete call;
  }
  // Give an event to whoever subscribed. On the strand.
  void deliver(const char* topic, const void* payload) {
    const tharsis_event event{sizeof event, 0, nullptr, 1, 0, payload};
    if (const auto s = by_topic.find(topic); s != by_topic.end()) s->second.on_event(s->second.context, &event);
  }
  // "" when nothing is open.
  std::string left_open() const {
    tharsis_strand_audit a{sizeof a, 0, 0, 0, 0};
    own->audit(own->self, &a);
    std::string text;
    for (const auto& [what, count] : {std::pair("timers", a.timers), std::pair("sockets", a.sockets),
                                      std::pair("queries", a.queries), std::pair("blocking", a.blocking)})
      if (count > 0) text += std::to_string(count) + " " + what + " ";
    return text;
  }

  const tharsis_strand* own = nullptr;
  std::optional<strand> place;
  std::function<void(const void* payload)> on_publish;  // On the strand.
  std::map<std::string, tharsis_subscription> by_topic;
  std::map<std::string, const void*> services;
  std::vector<std::string> lines;  // Of the log.
  lent_metrics metrics;
  told_network network;

 private:
  static host_on_strand& of(void* self) { return *static_cast<host_on_strand*>(self); }
  static const void* query(void* self, const char* id) {
    const auto found = of(self).by_id_.find(id);
    return found == of(self).by_id_.end() ? nullptr : found->second;
  }

  void make_tables() {
    host_ = {sizeof host_, THARSIS_ABI_MINOR, this, query, nullptr, nullptr, nullptr};
    bus_ = {sizeof bus_, this,
            [](void*, const tharsis_topic*, tharsis_handle* id, tharsis_error*) { return *id = 1, tharsis_status{THARSIS_OK}; },
            [](void* self, tharsis_handle, const void* payload) {
              if (of(self).on_publish) of(self).on_publish(payload);
              return tharsis_status{THARSIS_OK};
            },
            [](void* self, const char* topic, const tharsis_subscription* s, tharsis_handle* id, tharsis_error*) {
              of(self).by_topic[topic] = *s;
              return *id = 1, tharsis_status{THARSIS_OK};
            },
            [](void* self, tharsis_handle) { return of(self).by_topic.clear(), tharsis_status{THARSIS_OK}; }};
    registry_ = {sizeof registry_, this, nullptr, nullptr,
                 [](void* self, const char* id) -> const void* {
                   const auto found = of(self).services.find(id);
                   return found == of(self).services.end() ? nullptr : found->second;
                 },
                 nullptr};
    settings_.size = sizeof settings_;
    settings_.get_int = [](void*, const char*, int64_t*) { return tharsis_status{THARSIS_E_NOT_FOUND}; };
    settings_.count = [](void*, const char*, uint32_t*) { return tharsis_status{THARSIS_E_NOT_FOUND}; };
    log_ = {sizeof log_, this, &level_,
            [](void* self, uint32_t, tharsis_text text) { of(self).lines.emplace_back(view(text)); }, nullptr};
    paths_ = {sizeof paths_, this, nullptr, nullptr};
    by_id_ = {{THARSIS_LOOP_ID, own->loop},           {THARSIS_NET_ID, own->net},
              {THARSIS_FILES_ID, platform_->files},   {THARSIS_RANDOM_ID, platform_->random},
              {THARSIS_BUS_ID, &bus_},                {THARSIS_REGISTRY_ID, &registry_},
              {THARSIS_SETTINGS_ID, &settings_},      {THARSIS_LOG_ID, &log_},
              {THARSIS_PATHS_ID, &paths_},           {THARSIS_METRICS_ID, &metrics.table},
              {THARSIS_NETWORK_ID, network.table()}};
  }

  const tharsis_platform* platform_;
  std::map<std::string, const void*> by_id_;
  tharsis_host host_{};
  tharsis_bus bus_{};
  tharsis_registry registry_{};
  tharsis_settings settings_{};
  tharsis_log log_{};
  tharsis_paths paths_{};
  uint32_t level_ = THARSIS_LOG_VERBOSE;
};

}  // namespace tharsis::test

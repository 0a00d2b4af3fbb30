// The host's tables as a plugin written in C++ uses them: asked for once, in create().
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/abi/bus.h"
#include "sdk/abi/console.h"
#include "sdk/abi/files.h"
#include "sdk/abi/host_facts.h"
#include "sdk/abi/log.h"
#include "sdk/abi/loop.h"
#include "sdk/abi/metrics.h"
#include "sdk/abi/net.h"
#include "sdk/abi/network.h"
#include "sdk/abi/plugin.h"
#include "sdk/abi/registry.h"
#include "sdk/abi/settings.h"
#include "sdk/pure/metrics.h"
#include "sdk/pure/time.h"
#include "sdk/pure/views.h"

namespace tharsis {

// Copyable; valid as long as the plugin. Only `console` and `metrics` may be null once missing() is empty.
struct host {
  explicit host(const tharsis_host* given);

  // The id of a table that this host lacks, or empty.
  std::string_view missing() const;

  const tharsis_host* self;
  const tharsis_loop* loop;
  const tharsis_net* net;
  const tharsis_files* files;
  const tharsis_random* random;
  const tharsis_paths* paths;
  const tharsis_bus* bus;
  const tharsis_registry* registry;
  const tharsis_settings* settings;
  const tharsis_log* log;
  const tharsis_network* network;
  const tharsis_console* console;
  const tharsis_metrics* metrics;

  bool logs(uint32_t level) const { return level >= __atomic_load_n(log->level, __ATOMIC_RELAXED); }
  // Formatting is the caller's: ask logs() first where it costs. [any thread]
  void write(uint32_t level, std::string_view text) const { log->write(log->self, level, text_of(text)); }
  void debug(std::string_view text) const { write(THARSIS_LOG_DEBUG, text); }
  void info(std::string_view text) const { write(THARSIS_LOG_INFO, text); }
  void warning(std::string_view text) const { write(THARSIS_LOG_WARNING, text); }
  void error(std::string_view text) const { write(THARSIS_LOG_ERROR, text); }

  // Settings by path. The manifest's schema has checked them, so a value is there or has no default:
  // then these answer the fallback.
  int64_t whole(const std::string& path, int64_t fallback = 0) const;
  double real(const std::string& path, double fallback = 0) const;
  bool flag(const std::string& path, bool fallback = false) const;
  duration wait(const std::string& path, duration fallback = {}) const { return duration(whole(path, fallback.count())); }
  std::string text(const std::string& path, std::string_view fallback = {}) const;
  std::vector<std::string> texts(const std::string& path) const;  // Of a list.
  std::vector<std::string> keys(const std::string& path) const;   // Of a map, in the profile's order.
  // "demo.yaml:12:7", for sentences.
  std::string where(const std::string& path) const;

  // count<counter>("tasks_done", "1", "Tasks that were answered"); any type of sdk/pure/metrics.h. What the
  // host refuses counts nothing; the failure is logged.
  template <class Metric>
  Metric count(const char* name, const char* unit, const char* help) const {
    return Metric(cells({sizeof(tharsis_metric), Metric::kind, name, unit, help}));
  }

  // A service that the manifest requires or wants; null: nobody provides it now. [own strand]
  template <class Table>
  const Table* bound(const char* id) const {
    return registry == nullptr ? nullptr : static_cast<const Table*>(registry->bound(registry->self, id));
  }

  // 0 when the host refused; the failure is logged.
  tharsis_handle declare(const tharsis_topic& topic) const;
  // Drops the event when nobody declared the topic (0).
  void publish(tharsis_handle topic, const void* payload) const {
    if (topic != 0) bus->publish(bus->self, topic, payload);
  }

 private:
  uint64_t* cells(const tharsis_metric& metric) const;
};

}  // namespace tharsis

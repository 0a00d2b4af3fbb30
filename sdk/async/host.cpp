#include "sdk/async/host.h"

#include "sdk/pure/error.h"

namespace tharsis {
namespace {

template <class Table>
const Table* ask(const tharsis_host* given, const char* id) {
  return static_cast<const Table*>(given->query(given->self, id));
}

}  // namespace

host::host(const tharsis_host* given)
    : self(given),
      loop(ask<tharsis_loop>(given, THARSIS_LOOP_ID)),
      net(ask<tharsis_net>(given, THARSIS_NET_ID)),
      files(ask<tharsis_files>(given, THARSIS_FILES_ID)),
      random(ask<tharsis_random>(given, THARSIS_RANDOM_ID)),
      paths(ask<tharsis_paths>(given, THARSIS_PATHS_ID)),
      bus(ask<tharsis_bus>(given, THARSIS_BUS_ID)),
      registry(ask<tharsis_registry>(given, THARSIS_REGISTRY_ID)),
      settings(ask<tharsis_settings>(given, THARSIS_SETTINGS_ID)),
      log(ask<tharsis_log>(given, THARSIS_LOG_ID)),
      network(ask<tharsis_network>(given, THARSIS_NETWORK_ID)),
      console(ask<tharsis_console>(given, THARSIS_CONSOLE_ID)),
      metrics(ask<tharsis_metrics>(given, THARSIS_METRICS_ID)) {}

std::string_view host::missing() const {
  const std::pair<const void*, std::string_view> needed[] = {
      {loop, THARSIS_LOOP_ID},         {net, THARSIS_NET_ID}, {files, THARSIS_FILES_ID},
      {random, THARSIS_RANDOM_ID},     {paths, THARSIS_PATHS_ID}, {bus, THARSIS_BUS_ID},
      {registry, THARSIS_REGISTRY_ID}, {settings, THARSIS_SETTINGS_ID}, {log, THARSIS_LOG_ID},
      {network, THARSIS_NETWORK_ID}};
  for (const auto& [table, id] : needed)
    if (table == nullptr) return id;
  return {};
}

int64_t host::whole(const std::string& path, int64_t fallback) const {
  int64_t value = 0;
  return settings->get_int(settings->self, path.c_str(), &value) == THARSIS_OK ? value : fallback;
}

double host::real(const std::string& path, double fallback) const {
  double value = 0;
  return settings->get_real(settings->self, path.c_str(), &value) == THARSIS_OK ? value : fallback;
}

bool host::flag(const std::string& path, bool fallback) const {
  int32_t value = 0;
  return settings->get_bool(settings->self, path.c_str(), &value) == THARSIS_OK ? value != 0 : fallback;
}

std::string host::text(const std::string& path, std::string_view fallback) const {
  tharsis_text value{};
  const bool there = settings->get_text(settings->self, path.c_str(), &value) == THARSIS_OK;
  return std::string(there ? view(value) : fallback);
}

std::vector<std::string> host::texts(const std::string& path) const {
  std::vector<std::string> all;
  uint32_t count = 0;
  settings->count(settings->self, path.c_str(), &count);
  for (uint32_t i = 0; i < count; ++i) all.push_back(text(path + "." + std::to_string(i)));
  return all;
}

std::vector<std::string> host::keys(const std::string& path) const {
  std::vector<std::string> all;
  uint32_t count = 0;
  settings->count(settings->self, path.c_str(), &count);
  for (uint32_t i = 0; i < count; ++i) {
    tharsis_text key{};
    if (settings->key(settings->self, path.c_str(), i, &key) == THARSIS_OK) all.emplace_back(view(key));
  }
  return all;
}

std::string host::where(const std::string& path) const {
  tharsis_text value{};
  settings->where(settings->self, path.c_str(), &value);
  return std::string(view(value));
}

uint64_t* host::cells(const tharsis_metric& metric) const {
  uint64_t* lent = nullptr;
  tharsis_error why = no_error();
  if (metrics != nullptr && metrics->cells(metrics->self, &metric, &lent, &why) != THARSIS_OK) error(why.text);
  return lent;
}

tharsis_handle host::declare(const tharsis_topic& topic) const {
  tharsis_handle id = 0;
  tharsis_error why = no_error();
  if (bus->declare(bus->self, &topic, &id, &why) == THARSIS_OK) return id;
  error("topic '" + std::string(topic.name) + "' cannot be declared: " + why.text);
  return 0;
}

}  // namespace tharsis

// What a plugin sees of its host, over one strand of any platform: the real tables of loop, network,
// files and randomness, and a bus, a log and a registry that only remember.
#pragma once
#include <cstring>
#include <map>
#include <string>
#include <vector>

#include "sdk/abi/platform.h"
#include "sdk/abi/dns.h"
#include "sdk/abi/stn.h"
#include "sdk/abi/stn_auth.h"
#include "sdk/abi/stn_codec.h"
#include "sdk/abi/stn_route.h"
#include "sdk/abi/stn_server.h"
#include "sdk/abi/stn_links.h"
#include "sdk/abi/stn_measure.h"
#include "sdk/async/host.h"
#include "tests/plugins/told_network.h"
#include "tests/runtime/lent_metrics.h"

namespace tharsis::test {

class plugin_host {
 public:
  plugin_host(const tharsis_platform& platform, const tharsis_strand& strand)
      : platform_(platform), strand_(strand) {
    given_ = {sizeof given_, 0, this, query, nullptr, nullptr, nullptr};
    bus_ = {sizeof bus_, this, declare, publish, nullptr, nullptr};
    registry_ = {sizeof registry_, this, nullptr, nullptr, bound, watch};
    settings_.size = sizeof settings_;
    log_ = {sizeof log_, this, &level_, write, nullptr};
    paths_.size = sizeof paths_;
  }
  plugin_host(const plugin_host&) = delete;

  host tables() const { return host(&given_); }

  struct state {
    uint32_t state;
    tharsis_status status;
    std::string reason;
    std::string address;
    duration gap;
    uint32_t why = 0;
    std::string causes = {};
    uint32_t phase = 0;
    std::string link = {};
  };
  std::vector<state> states;  // Of stn.link.
  std::vector<std::string> pushes;
  std::vector<std::string> lines;
  struct auth_end {
    uint32_t outcome;
    std::string reason;
    duration pause;
    uint32_t attempts;
  };
  std::vector<auth_end> auths;  // Of stn.auth.
  struct connect {
    uint32_t why, because, attempt;
    duration resolve, dial, tls, prove, auth;
    std::string address;
  };
  std::vector<connect> connects;  // Of stn.connect.
  std::vector<tharsis_stn_network> networks;
  std::vector<tharsis_stn_sync> syncs;
  struct task_end {
    std::string link, reason;
    tharsis_handle task;
    uint32_t command, why, channel, sends, connection;
    tharsis_status status;
    int32_t code, priority;
    uint64_t request_size, answer_size;
    duration took, told;  // As a whole, and the sum of its parts.
  };
  std::vector<task_end> tasks;  // Of stn.task.
  struct weak_state {
    bool weak;
    uint32_t because;
    duration lasted;
  };
  std::vector<weak_state> weak;  // Of stn.weak.
  struct segment_news {
    uint32_t what, before, mss;
    std::string network, reason;
    duration cost;
    uint64_t dials, needless;
  };
  std::vector<segment_news> segments;  // Of stn.segments.
  struct server_word {
    uint32_t what, command;
    std::string link, address, reason;
    duration wait;
  };
  std::vector<server_word> servers;  // Of stn.server.
  size_t count_servers(uint32_t what) const {
    size_t n = 0;
    for (const server_word& w : servers) n += w.what == what;
    return n;
  }
  struct measure {
    uint32_t what;
    std::string link, reason;
    uint64_t bytes;
    duration time;
  };
  std::vector<measure> measures;  // Of stn.measure.
  size_t count_measures(uint32_t what) const {
    size_t n = 0;
    for (const measure& m : measures) n += m.what == what;
    return n;
  }
  struct declared_topic {
    std::string name;
    std::map<std::string, std::vector<std::string>> fields;  // With the names of an enum's values.
    size_t told = 0;  // Events.
  };
  std::vector<declared_topic> topics;  // In the order of their declaring.
  size_t told(std::string_view topic) const {
    size_t n = 0;
    for (const declared_topic& t : topics) n += t.name == topic ? t.told : 0;
    return n;
  }
  const void* dns = nullptr;
  const tharsis_stn_route* route = nullptr;  // Who says which way tasks go; before the start.
  // Who authenticates, from now on. On the strand.
  void provide_auth(const tharsis_stn_auth* table) {
    auth_ = table;
    if (on_auth_ != nullptr) on_auth_(auth_context_, table);
  }
  // The codec "odd", from now on. On the strand.
  void provide_codec(const tharsis_stn_codec* table) {
    codec_ = table;
    for (const auto& [on_codec, context] : on_codec_) on_codec(context, table);
  }
  lent_metrics metrics;
  told_network network;

 private:
  static plugin_host& of(void* self) { return *static_cast<plugin_host*>(self); }

  static const void* query(void* self, const char* id) {
    plugin_host& h = of(self);
    const std::pair<const char*, const void*> tables[] = {{THARSIS_LOOP_ID, h.strand_.loop},
                                                          {THARSIS_NET_ID, h.strand_.net},
                                                          {THARSIS_FILES_ID, h.platform_.files},
                                                          {THARSIS_RANDOM_ID, h.platform_.random},
                                                          {THARSIS_PATHS_ID, &h.paths_},
                                                          {THARSIS_BUS_ID, &h.bus_},
                                                          {THARSIS_REGISTRY_ID, &h.registry_},
                                                          {THARSIS_SETTINGS_ID, &h.settings_},
                                                          {THARSIS_LOG_ID, &h.log_},
                                                          {THARSIS_METRICS_ID, &h.metrics.table},
                                                          {THARSIS_NETWORK_ID, h.network.table()}};
    for (const auto& [name, table] : tables)
      if (std::strcmp(name, id) == 0) return table;
    return nullptr;
  }
  static tharsis_status declare(void* self, const tharsis_topic* topic, tharsis_handle* id, tharsis_error*) {
    std::vector<declared_topic>& all = of(self).topics;
    declared_topic& t = all.emplace_back(declared_topic{topic->name, {}, 0});
    for (size_t i = 0; i < topic->fields_count; ++i) {
      const tharsis_field& f = topic->fields[i];
      std::vector<std::string>& values = t.fields[f.name];
      for (size_t v = 0; f.type == THARSIS_FIELD_ENUM && v < f.names_count; ++v) values.emplace_back(f.names[v]);
    }
    const char* const names[] = {THARSIS_STN_LINK_TOPIC, THARSIS_STN_PUSH_TOPIC, THARSIS_STN_AUTH_TOPIC, THARSIS_STN_CONNECT_TOPIC,
                                 THARSIS_STN_NETWORK_TOPIC, THARSIS_STN_SYNC_TOPIC, THARSIS_STN_TASK_TOPIC, THARSIS_STN_WEAK_TOPIC,
                                 THARSIS_STN_SEGMENTS_TOPIC, THARSIS_STN_SERVER_TOPIC, THARSIS_STN_MEASURE_TOPIC};
    *id = all.size() << 8;
    for (size_t i = 0; i < std::size(names); ++i)
      if (std::string_view(topic->name) == names[i]) *id |= i + 1;
    return THARSIS_OK;
  }
  static tharsis_status publish(void* self, tharsis_handle id, const void* payload) {
    ++of(self).topics[(id >> 8) - 1].told;
    const tharsis_handle topic = id & 0xff;
    if (topic == 1) {
      const auto& s = *static_cast<const tharsis_stn_link*>(payload);
      of(self).states.push_back(
          {s.state, s.status, std::string(view(s.reason)), std::string(view(s.address)), duration(s.gap),
           s.why, std::string(view(s.causes)), s.phase, std::string(view(s.link))});
    } else if (topic == 11) {
      const auto& m = *static_cast<const tharsis_stn_measure*>(payload);
      of(self).measures.push_back({m.what, std::string(view(m.link)), std::string(view(m.reason)), m.bytes, duration(m.time)});
    } else if (topic == 10) {
      const auto& s = *static_cast<const tharsis_stn_server_event*>(payload);
      of(self).servers.push_back({s.what, s.command, std::string(view(s.link)), std::string(view(s.address)), std::string(view(s.reason)), duration(s.wait)});
    } else if (topic == 3) {
      const auto& a = *static_cast<const tharsis_stn_auth_event*>(payload);
      of(self).auths.push_back({a.outcome, std::string(view(a.reason)), duration(a.pause), a.attempts});
    } else if (topic == 4) {
      const auto& c = *static_cast<const tharsis_stn_connect*>(payload);
      of(self).connects.push_back({c.why, c.because, c.attempt, duration(c.resolve), duration(c.connect), duration(c.tls),
                                   duration(c.prove), duration(c.auth), std::string(view(c.address))});
    } else if (topic == 5) {
      of(self).networks.push_back(*static_cast<const tharsis_stn_network*>(payload));
    } else if (topic == 6) {
      of(self).syncs.push_back(*static_cast<const tharsis_stn_sync*>(payload));
    } else if (topic == 7) {
      const auto& t = *static_cast<const tharsis_stn_task_event*>(payload);
      of(self).tasks.push_back({std::string(view(t.link)), std::string(view(t.reason)), t.task, t.command, t.why, t.channel, t.sends, t.connection,
                                t.status, t.code, t.priority, t.request_size, t.answer_size, duration(t.took),
                                duration(t.queued + t.resolve + t.connect + t.tls + t.prove + t.first_byte + t.rest + t.lost)});
    } else if (topic == 8) {
      const auto& w = *static_cast<const tharsis_stn_weak*>(payload);
      of(self).weak.push_back({w.weak != 0, w.because, duration(w.lasted)});
    } else if (topic == 9) {
      const auto& s = *static_cast<const tharsis_stn_segments*>(payload);
      of(self).segments.push_back({s.what, s.mss_before, s.mss, std::string(view(s.network)), std::string(view(s.reason)), duration(s.cost), s.dials, s.needless});
    } else if (topic == 2) {
      of(self).pushes.emplace_back(as_text(view(static_cast<const tharsis_stn_push*>(payload)->body)));
    }
    return THARSIS_OK;
  }
  static const void* bound(void* self, const char* id) {
    return std::string_view(id) == THARSIS_DNS_ID ? of(self).dns : nullptr;
  }
  static tharsis_status watch(void* self, const char* id, tharsis_on_service on_service, void* context, tharsis_error*) {
    plugin_host& h = of(self);
    if (std::string_view(id) == "tharsis.stn.codec.odd/1") {
      h.on_codec_.emplace_back(on_service, context);
      if (h.codec_ != nullptr) on_service(context, h.codec_);
      return THARSIS_OK;
    }
    if (std::string_view(id) == THARSIS_STN_ROUTE_ID) {
      if (h.route != nullptr) on_service(context, h.route);
      return THARSIS_OK;
    }
    if (std::string_view(id) != THARSIS_STN_AUTH_ID) return THARSIS_E_DENIED;
    h.on_auth_ = on_service;
    h.auth_context_ = context;
    if (h.auth_ != nullptr) on_service(context, h.auth_);
    return THARSIS_OK;
  }
  static void write(void* self, uint32_t, tharsis_text text) { of(self).lines.emplace_back(view(text)); }

  const tharsis_platform& platform_;
  const tharsis_strand& strand_;
  tharsis_host given_;
  tharsis_bus bus_;
  tharsis_registry registry_;
  tharsis_settings settings_{};
  tharsis_log log_;
  tharsis_paths paths_{};
  const tharsis_stn_auth* auth_ = nullptr;
  tharsis_on_service on_auth_ = nullptr;
  void* auth_context_ = nullptr;
  const tharsis_stn_codec* codec_ = nullptr;
  std::vector<std::pair<tharsis_on_service, void*>> on_codec_;
  volatile uint32_t level_ = 0;
};

}  // namespace tharsis::test

// Which of stn's settings decide anything in a simulated fleet: links there connect, beat and come back, and in an overloaded one
// tasks are sent, refused and sent again; all else would be said in vain. Names are those of plugin.yaml, and a test holds
// them against it.
#pragma once
#include <string_view>

namespace tharsis::stn {

enum class heeded : unsigned char { nowhere, by_links, by_overload };

struct fleet_heed {
  std::string_view path;  // Of a setting, or of all below it.
  heeded is = heeded::nowhere;
};

inline constexpr fleet_heed fleet_heeds[] = {
    {"links.main.connect_timeout", heeded::by_links},
    {"links.main.answer_timeout", heeded::by_links},
    {"links.main.heartbeat", heeded::by_links},
    {"links.main.reconnect", heeded::by_links},
    {"links.main.dial", heeded::by_links},
    {"links.main.endpoints"},
    {"links.main.codec"},
    {"links.main.codec_settings"},
    {"links.main.tls"},
    {"links.main.user"},
    {"links.main.client_version"},
    {"links.main.proxy"},
    {"links.main.proxy_fallback"},
    {"links.main.proxy_pause"},
    {"links.main.plain"},
    {"links.main.eager"},
    {"links.main.udp"},
    {"links.main.deduplicated"},
    {"links.main.pushes"},
    {"links.main.keep"},
    {"links.main.idle_after"},
    {"links.main.doubt_timeout"},
    {"links.main.second_way"},
    {"links.main.auth"},
    {"links.main.signalling"},
    {"links.main.moves"},
    {"links.main.lanes"},
    {"links.main.hedge"},
    {"links.main.backup"},
    {"links.main.debug_addresses"},
    {"tasks.timeout", heeded::by_overload},
    {"tasks.retries", heeded::by_overload},
    {"tasks.answers", heeded::by_overload},
    {"tasks.budget", heeded::by_overload},
    {"tasks.rest", heeded::by_overload},
    {"tasks.waiting_max"},
    {"tasks.body_max"},
    {"tasks.stop"},
    {"tasks.repeats"},
    {"tasks.flow"},
    {"breaker", heeded::by_overload},
    {"groups"},
    {"minor_links"},
    {"outbox"},
    {"extra_connections"},
    {"heal"},
    {"activity"},
    {"sync"},
    {"weak"},
    {"http"},
    {"streams"},
    {"short_links"},
};

}  // namespace tharsis::stn

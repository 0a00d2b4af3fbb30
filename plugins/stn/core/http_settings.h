// Every number of the HTTP client. plugin.yaml sets them by these names under stn.http.
#pragma once
#include <cstdint>
#include <string>

#include "plugins/stn/core/dial_settings.h"
#include "plugins/stn/core/http_pool.h"
#include "plugins/stn/core/proxy_settings.h"
#include "plugins/stn/core/tls_settings.h"
#include "sdk/pure/time.h"

namespace tharsis::stn {

// Which HTTP is spoken. At https:// servers choose among them (ALPN), HTTP/2 if they can; http:// is HTTP/1.1, unless
// that is not wanted: then the server must know that HTTP/2 comes.
struct http_versions {
  bool http1 = true, http2 = true;
  bool operator==(const http_versions&) const = default;
};

struct http_settings {
  tls_settings tls;  // Without early data.
  proxy_settings proxy;
  bool plain_allowed = false;  // http:// outside loopback.
  http_versions versions;
  // The first packet and three retransmissions (1 + 2 + 4 s) and an answer.
  duration connect_timeout = 10s;
  // Servers think for a while; a path that carried nothing for a minute is forgotten by the boxes on it.
  duration idle_timeout = 60s;
  // Somebody waits, or a job has come to rest for ever: five minutes tell the two apart.
  duration total_timeout = 300s;
  // Browsers follow 20; who needs more than ten goes in circles.
  int64_t redirects = 10;
  // To a server that wanted to be asked later (Retry-After). One that is busy twice in a row stays so for longer than anybody waits.
  int64_t repeats = 1;
  // Of a body that is collected: it stands in memory, whole.
  int64_t answer_max = 16 << 20;
  // Of any body once it is inflated: a megabyte of gzip becomes a gigabyte at will.
  int64_t inflated_max = int64_t{1} << 30;
  // Each has its coroutine and up to 300 KiB of pieces on their way.
  int64_t calls_max = 1024;
  http_pool_settings pool;
  dial_settings dial;  // Of it: stagger, by, small_segments.
  bool operator==(const http_settings&) const = default;
};

}  // namespace tharsis::stn

// The parts of stn's part of the profile, each read by a file of its own; configuration.h is for everybody else.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "plugins/stn/core/settings.h"
#include "sdk/async/host.h"
#include "sdk/pure/error.h"

namespace tharsis::stn {

// `path` without "stn."; the sentence begins with the file and the line.
error wrong(const host& from, const std::string& path, const std::string& what);

// way_configuration.cpp: `at` is what stands above the keys, "links.main.dial".
dial_settings read_race(const host& from, const std::string& at);
std::optional<error> read_tls(const host& from, const std::string& at, tls_settings& s);
std::optional<error> read_proxy(const host& from, const std::string& at, proxy_settings& s);

// link_configuration.cpp: all but the endpoints and what stands beside them. `ca`: trusted instead of what the settings
// say, unless it is empty.
link_settings read_link(const host& from, const std::string& name, const std::string& ca = {});
result<std::vector<endpoint>> read_endpoints(const host& from, const std::string& at, const link_settings& s);
// What stands beside the endpoints.
std::optional<error> read_sources(const host& from, link_settings& s);
std::optional<error> mistake_in(const host& from, const link_settings& s);

// task_configuration.cpp
task_settings read_tasks(const host& from);
stream_settings read_streams(const host& from);
activity_settings read_activity(const host& from);
sync_settings read_sync(const host& from);
weak_settings read_weak(const host& from);
breaker_settings read_breaker(const host& from);
extra_settings read_extra(const host& from);

// http_configuration.cpp
result<short_link_settings> read_short_link(const host& from, const std::string& name);

// group_configuration.cpp: `links` are those of the profile, which they name.
result<minor_settings> read_minor(const host& from, const std::string& name, const std::vector<link_settings>& links);
result<group_settings> read_group(const host& from, const std::string& name, const std::vector<link_settings>& links);

}  // namespace tharsis::stn

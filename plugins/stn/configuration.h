// stn's part of the profile, read and checked beyond what the schema can say.
#pragma once
#include "plugins/stn/core/link_line.h"
#include "plugins/stn/core/settings.h"
#include "sdk/async/host.h"
#include "sdk/pure/error.h"

namespace tharsis::stn {

result<settings> read_settings(const host& tables);
outbox_settings read_outbox_settings(const host& tables);

// stn.http alone.
result<http_settings> read_http(const host& tables);

// The files that a command's line names, absolute; empty: none.
struct line_files {
  std::string ca, certificate, key;
};
// One link, main, as the line says; the rest as --set says.
result<settings> read_settings(const host& tables, const link_line& line, const line_files& files);

// links.main as --set says, without endpoints: for who dials nobody.
result<link_settings> read_link_alone(const host& tables);
// How a client spares its servers, as the profile or --set says.
struct care_settings {
  task_settings tasks;
  breaker_settings breaker;
};
care_settings read_care(const host& tables);

}  // namespace tharsis::stn

// Does this network send known pages to a login of its own?
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "plugins/sdt/core/observation.h"

namespace tharsis::sdt {

struct login_page {
  std::string url;
  std::vector<const http_probe*> sent_there;  // Two at least; they live as long as the observations.
};

// Two pages and more whose answer is known were all sent to the same address of this network (private, or the gateway's), and nobody
// but who answers on port 80 has taken a connection.
std::optional<login_page> login_nearby(const observations& seen);

}  // namespace tharsis::sdt

// Does somebody have to sign in first? All that decides it: while a session runs, so that it need not wait for answers that do not come,
// and when it is judged.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "plugins/sdt/core/scene.h"

namespace tharsis::sdt {

struct login_page {
  std::string url;
  std::vector<const http_probe*> sent_there;  // Two at least; they live as long as the observations.
};

// Two pages and more whose answer is known were all sent to the same address of this network (private, or the gateway's), and nobody
// but who answers on port 80 has taken a connection.
std::optional<login_page> login_nearby(const observations& seen);

// Of a session that runs since `ms`; `early`: pages that have come and are still held against others.
bool is_surely_behind_portal(const observations& seen, const std::vector<http_probe>& early, double ms);

// captive_portal, where nothing proves itself beside the foreign page. True: what lies behind it cannot be seen.
bool judge_portal(const scene& s, findings_list& found);

}  // namespace tharsis::sdt

#include "plugins/stn/server_blame.h"

#include <utility>

#include "sdk/abi/stn_server.h"

namespace tharsis::stn {
namespace {
// Is that what a server does, and not the way to it, or ourselves?
bool is_servers_doing(uint32_t why) {
  switch (why) {
    case THARSIS_STN_WHY_UNPROVED:
    case THARSIS_STN_WHY_DECODE:
    case THARSIS_STN_WHY_REMOTE_CLOSED:
    case THARSIS_STN_WHY_RESET: return true;
    default: return false;
  }
}
}  // namespace

void server_blame::on_up() {
  if (!dialer_.tunnelled()) ways_.on_server_good(dialer_.address());
}

void server_blame::on_down(const loss& why, bool excused) {
  if (std::exchange(spoke_, false) && !excused && is_servers_doing(why.why)) on_failure(why.text, {});
}

void server_blame::on_spared(const spared_server& s, bool up) {
  events_.on_server({settings_.name, dialer_.address_text(), s.reason, s.what, s.command, s.wait});
  if (s.what != THARSIS_STN_SERVER_BUSY || !up || !busy_.due(place_.now())) return;
  on_failure("it had too much to do", s.wait);
}

// Through a proxy nobody knows whose doing it is.
void server_blame::on_failure(const std::string& sentence, duration at_least) {
  if (dialer_.tunnelled() || dialer_.address().family == 0) return;
  const std::string words = ways_.on_server_failure(dialer_.address(), sentence, at_least);
  if (words.empty()) return;
  counts_.servers_left_alone.add();
  events_.on_server({settings_.name, dialer_.address_text(), words, THARSIS_STN_SERVER_LEFT_ALONE, 0, ways_.left_alone_for(dialer_.address())});
  host_.warning("link " + settings_.name + ": " + dialer_.address_text() + ": " + words);
}

}  // namespace tharsis::stn

#include "plugins/xlog/ship_configuration.h"

#include <algorithm>

#include "plugins/xlog/core/level.h"
#include "plugins/xlog/core/push_arguments.h"

namespace tharsis::xlog {
namespace {

error wrong_ship(const host& h, const std::string& name, const std::string& what) {
  const std::string path = "ship." + name;
  return {THARSIS_E_INVALID, h.where(path) + ": xlog." + path + ": " + what};
}

}  // namespace

result<ship_settings> read_ship_settings(const host& h) {
  ship_settings s;
  for (const std::string& word : h.texts("ship.when")) {
    s.always = s.always || word == "always";
    s.on_wifi = s.on_wifi || word == "wifi";
    s.on_error = s.on_error || word == "error";
    s.on_request = s.on_request || word == "request";
  }
  s.level = level_from(h.text("ship.level")).value_or(s.level);
  s.last = h.wait("ship.last", s.last);
  s.ask_every = h.wait("ship.ask_every", s.ask_every);
  s.source = h.text("ship.source");
  if (!s.source.empty() && !shipping::is_name(s.source)) return wrong_ship(h, "source", "'" + s.source + "' is no name for a source: letters, digits, '.', '_' and '-', up to 128");
  s.token = h.text("ship.token");
  s.token_file = h.text("ship.token_file");
  s.ca = h.text("ship.ca");
  s.plain_allowed = h.text("ship.plain") == "allowed";
  s.numbers.rate = static_cast<uint64_t>(h.whole("ship.rate", 0));
  const std::string to = h.text("ship.to");
  if (to.empty()) {
    if (s.any()) return wrong_ship(h, "when", "there is nobody to ship to; set ship.to");
    return s;
  }
  auto parsed = parse_url(to);
  if (!parsed) return wrong_ship(h, "to", parsed.failure().text);
  s.to = std::move(*parsed);
  const error allowed = may_ship_to(s.to, s.plain_allowed);
  if (allowed.status != THARSIS_OK) return wrong_ship(h, "to", allowed.text + ", or set ship.plain: allowed");
  return s;
}

}  // namespace tharsis::xlog

#include "plugins/dns/core/serve_settings.h"

namespace tharsis::dns {

result<tharsis_address> place_to_serve(std::string_view text, const std::string& what, bool open, std::string_view open_how) {
  std::string_view rest = text;
  for (const std::string_view scheme : {"udp+tcp://", "udp://", "tcp://", "https://"})
    if (rest.starts_with(scheme)) rest.remove_prefix(scheme.size());
  if (const size_t path = rest.find('/'); path != std::string_view::npos && rest.substr(path) == "/dns-query") rest = rest.substr(0, path);
  // Nobody is reached at port 0, so that parse_place() has none.
  const bool any = rest.ends_with(":0");
  auto at = parse_place(any ? std::string(rest.substr(0, rest.size() - 1)) + "1" : std::string(rest));
  if (at && any && at->port == 1) at->port = 0;
  else if (!at || at->port == 0) return error{THARSIS_E_INVALID, what + ": '" + std::string(text) + "' is no IP address with a port; write 127.0.0.1:5300"};
  if (!is_loopback(*at) && !open)
    return error{THARSIS_E_DENIED, what + ": other machines reach " + std::string(rest) + ", and whoever answers anybody over UDP is used against others; " + std::string(open_how) + " if that is wanted"};
  return *at;
}

}  // namespace tharsis::dns

// What links and the HTTP client have in common: how servers are dialled, who is trusted, which proxy.
#include "plugins/stn/configuration_parts.h"

namespace tharsis::stn {

error wrong(const host& from, const std::string& path, const std::string& what) {
  return {THARSIS_E_INVALID, from.where(path) + ": stn." + path + ": " + what};
}

dial_settings read_race(const host& from, const std::string& at) {
  dial_settings s;
  s.stagger = from.wait(at + ".stagger", s.stagger);
  s.stagger_min = from.wait(at + ".stagger_min", s.stagger_min);
  s.stagger_max = from.wait(at + ".stagger_max", s.stagger_max);
  s.by = from.text(at + ".rank") == "given" ? dial_settings::rank::given : dial_settings::rank::known;
  s.small_segments = from.text(at + ".small_segments", "auto") == "auto";
  return s;
}

std::optional<error> read_tls(const host& from, const std::string& at, tls_settings& s) {
  s.certificate = from.text(at + ".certificate");
  s.key = from.text(at + ".key");
  if (s.certificate.empty() != s.key.empty())
    return wrong(from, at + (s.key.empty() ? ".certificate" : ".key"), "a certificate and its key are named together, in certificate: and key:");
  s.from_1_2 = from.text(at + ".min_version", "1.3") == "1.2";
  s.resume = from.flag(at + ".resume", s.resume);
  s.early_data = from.text(at + ".early_data", "never") == "keyed";
  for (const std::string& text : from.texts(at + ".pins")) {
    const auto pin = parse_pin(text);
    if (!pin) return wrong(from, at + ".pins." + std::to_string(s.pins.size()), pin.failure().text);
    s.pins.push_back(*pin);
  }
  return {};
}

std::optional<error> read_proxy(const host& from, const std::string& at, proxy_settings& s) {
  const std::string text = from.text(at + ".proxy", "system");
  s.direct = from.text(at + ".proxy_fallback", "never") == "direct";
  s.pause = from.wait(at + ".proxy_pause", s.pause);
  if (text == "none" || text == "system") {
    s.from = text == "none" ? proxy_settings::source::none : proxy_settings::source::system;
    return {};
  }
  auto named = parse_proxy(text);
  if (!named) return wrong(from, at + ".proxy", named.failure().text + "; or system, or none");
  s.from = proxy_settings::source::named;
  s.named = std::move(*named);
  return {};
}

}  // namespace tharsis::stn

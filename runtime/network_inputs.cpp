#include "runtime/network_inputs.h"

#include <algorithm>
#include <iterator>
#include <vector>

#include "runtime/diagnostic.h"
#include "sdk/pure/address.h"
#include "sdk/pure/nearest.h"
#include "sdk/pure/utf8.h"

namespace tharsis::runtime {
namespace {

// Longer than any name of a person, a network or a device; it is copied to everybody who listens.
constexpr size_t text_most = 512;

error wrong(std::string text) { return {THARSIS_E_INVALID, std::move(text)}; }

std::optional<error> check_text(std::string_view name, std::string_view text) {
  if (text.size() > text_most)
    return wrong(std::string(name) + " has " + std::to_string(text.size()) + " bytes, at most " + std::to_string(text_most) + " are allowed");
  for (std::string_view left = text; !left.empty();) {
    const size_t size = utf8_size(left);
    if (size == 0) return wrong(std::string(name) + " is not UTF-8");
    if (static_cast<unsigned char>(left[0]) < ' ' || left[0] == 0x7F) return wrong(std::string(name) + " has a control character in it");
    left.remove_prefix(size);
  }
  return {};
}

// Where the name and password of a proxy stand; empty when there are none. The last @: they may hold one.
std::string_view secret_of(std::string_view proxy) {
  const size_t scheme = proxy.find("://");
  const size_t from = scheme == std::string_view::npos ? 0 : scheme + 3;
  const size_t at = proxy.rfind('@');
  return at == std::string_view::npos || at < from ? std::string_view() : proxy.substr(from, at - from);
}

std::string without(std::string_view proxy, std::string_view secret, std::string_view instead) {
  std::string text(proxy);
  if (!secret.empty()) text.replace(static_cast<size_t>(secret.data() - proxy.data()), secret.size() + 1, instead);
  return text;
}

std::optional<error> check_proxy(std::string_view proxy) {
  if (proxy.empty()) return {};
  const std::string form = "; write it like http://proxy.example.com:3128, https://... or socks5://...";
  const auto place = parse_endpoint(without(proxy, secret_of(proxy), ""));
  if (!place) return wrong("proxy: " + place.failure().text.substr(0, place.failure().text.find("; write")) + form);
  if (place->scheme != "http" && place->scheme != "https" && place->scheme != "socks5")
    return wrong("proxy: there are no proxies of the kind " + in_quotes(place->scheme) + form);
  if (place->port == 0) return wrong("proxy: the port 0 is nobody's" + form);
  return {};
}

std::optional<error> check_answer(std::string_view name, int32_t answer) {
  if (answer >= -1 && answer <= 1) return {};
  return wrong(std::string(name) + " is 1 for yes, -1 for no, 0 for as before, not " + std::to_string(answer));
}

// "1", "yes"; 0: neither yes nor no.
int32_t answer_of(const std::string& word) {
  if (word == "1" || word == "yes" || word == "true") return 1;
  return word == "0" || word == "no" || word == "false" ? -1 : 0;
}

}  // namespace

std::optional<error> add_inputs(network_inputs& into, const tharsis_runtime_inputs& given) {
  if (auto failure = check_answer("foreground", given.foreground)) return failure;
  if (auto failure = check_answer("metered", given.metered)) return failure;
  if (given.type >= std::size(network_type_names)) return wrong("there is no type of network with the number " + std::to_string(given.type));
  network_inputs next = into;
  if (given.network != nullptr && *given.network == '\0') next.type = THARSIS_NETWORK_UNKNOWN, next.metered = -1;
  const struct {
    std::string_view name;
    const char* given;
    std::string& told;
  } texts[] = {{"network", given.network, next.network},
               {"account", given.account, next.account},
               {"proxy", given.proxy, next.proxy},
               {"device", given.device, next.device}};
  for (const auto& t : texts) {
    if (t.given == nullptr) continue;
    if (auto failure = check_text(t.name, t.given)) return failure;
    t.told = t.given;
  }
  if (auto failure = check_proxy(next.proxy)) return failure;
  if (given.foreground != 0) next.foreground = given.foreground > 0;
  if (given.metered != 0) next.metered = given.metered > 0;
  if (given.type != THARSIS_NETWORK_UNKNOWN) next.type = given.type;
  into = std::move(next);
  return {};
}

std::optional<error> add_words(network_inputs& into, const std::map<std::string, std::string>& words) {
  tharsis_runtime_inputs given{};
  given.size = sizeof given;
  for (const auto& [key, value] : words) {
    if (key == "foreground" || key == "metered") {
      int32_t& answer = key == "foreground" ? given.foreground : given.metered;
      answer = answer_of(value);
      if (answer == 0) return wrong(key + " is 1 for yes or 0 for no, not " + in_quotes(value));
    } else if (key == "type") {
      const std::vector<std::string> known(std::next(std::begin(network_type_names)), std::end(network_type_names));
      const auto found = std::find(known.begin(), known.end(), value);
      if (found == known.end()) return wrong("there is no type of network " + in_quotes(value) + "; there are " + listed(known));
      given.type = static_cast<uint32_t>(found - known.begin() + 1);
    } else if (key == "network") {
      given.network = value.c_str();
    } else if (key == "account") {
      given.account = value.c_str();
    } else if (key == "proxy") {
      given.proxy = value.c_str();
    } else if (key == "device") {
      given.device = value.c_str();
    } else {
      const std::vector<std::string> known = {"foreground", "metered", "type", "network", "account", "proxy", "device"};
      const auto meant = nearest(key, known);
      return wrong("a runtime is not told of " + in_quotes(key) + (meant ? "; did you mean '" + *meant + "'?" : ", but of " + listed(known)));
    }
  }
  return add_inputs(into, given);
}

std::string proxy_without_secret(std::string_view proxy) { return without(proxy, secret_of(proxy), "***@"); }

}  // namespace tharsis::runtime

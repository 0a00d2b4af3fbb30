#include "plugins/stn/core/link_line.h"

#include <limits>

#include "sdk/pure/framing.h"
#include "sdk/pure/option_values.h"

namespace tharsis::stn {
namespace {

std::string take_codec(const std::string& name, link_line& line) {
  if (!is_codec_name(name)) return "is no codec's name, which is a lower-case word, like mars or length-prefixed";
  line.codec = name;
  return {};
}

std::string take_address(const std::string& text, link_line& line) {
  const auto address = parse_place(text);
  if (!address) return address.failure().text;
  line.addresses.push_back(*address);
  return {};
}

std::string take_pin(const std::string& text, link_line& line) {
  const auto pin = parse_pin(text);
  if (!pin) return pin.failure().text;
  line.pins.push_back(*pin);
  return {};
}

}  // namespace

std::string take_endpoint(const std::string& word, link_line& line) {
  const auto parsed = parse_endpoint(word);
  if (!parsed) return parsed.failure().text;
  if (parsed->scheme != "tcp" && parsed->scheme != "tcps") return "'" + word + "' is neither tcps:// nor tcp://";
  line.endpoints.push_back(*parsed);
  return {};
}

option_words::taker take_proxy(std::optional<proxy>& to) {
  return [&to](const std::string& text) -> std::string {
    auto through = parse_proxy(text);
    if (!through) return through.failure().text;
    to = std::move(*through);
    return {};
  };
}

void read_link_line(option_words& known, link_line& line) {
  known.words("an endpoint", [&line](const std::string& word) { return take_endpoint(word, line); });
  known.flag("--plain", line.plain);
  known.value("--ca", take_file(line.ca)).value("--cert", take_file(line.certificate)).value("--key", take_file(line.key));
  known.value("--user", take_text(line.user));
  known.value("--codec", [&line](const std::string& text) { return take_codec(text, line); });
  known.value("--client-version", take_whole(line.client_version, 0, std::numeric_limits<uint32_t>::max()));
  known.quiet_value("--address", [&line](const std::string& text) { return take_address(text, line); });
  known.quiet_value("--proxy", take_proxy(line.through));
  known.quiet_value("--pin", [&line](const std::string& text) { return take_pin(text, line); });
}

error mistake_in_link_line(const option_words& known, const link_line& line) {
  if (line.endpoints.empty()) return known.wrong_see_help("name at least one endpoint, like tcps://im.example.com:443.");
  if (line.certificate.empty() != line.key.empty()) return known.wrong("--cert FILE and --key FILE belong together");
  return fine();
}

const std::string_view link_line_help =
    "  --ca FILE           trust the authority in this PEM file, and no other\n"
    "  --pin sha256/BASE64 the server's key, or one of its issuers', must be this; several may be given\n"
    "  --cert FILE         show this certificate to the server; --key FILE: its private key\n"
    "  --proxy URL         go through http://[USER:PASSWORD@]HOST:PORT, https://... or socks5://...; others can read the\n"
    "                      password in the list of processes: --set links.main.proxy=... can, too\n"
    "  --address IP[:PORT] dial this address, whatever the endpoint's name resolves to; several may be given\n"
    "  --plain             tcp:// may leave this machine, unencrypted\n"
    "  --user NAME         say hello as NAME; without it a ping's pong proves that the server is there\n"
    "  --client-version N  stands in every frame (200)\n"
    "  --codec NAME        how messages stand on the wire: mars (the default), length-prefixed, or a plugin's; then\n"
    "                      --plugins DIR where that plugin is, unless it lies beside the others\n"
    "  --set KEY=VALUE     a setting of stn, like links.main.answer_timeout=2s or links.main.codec_settings.prefix=2\n";

}  // namespace tharsis::stn

#include "plugins/gateway/core/serve_arguments.h"

#include <algorithm>

#include "sdk/pure/option_values.h"

namespace tharsis::gateway {
namespace {

// "im.example.test,127.0.0.1"
std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  for (size_t at = 0; at <= text.size();) {
    const size_t comma = std::min(text.find(',', at), text.size());
    if (comma > at) parts.push_back(text.substr(at, comma - at));
    at = comma + 1;
  }
  return parts;
}

}  // namespace

result<serve_arguments> parse_serve_arguments(const std::vector<std::string>& words) {
  serve_arguments line;
  option_words known("stn serve");
  known.flag("--open", line.open).flag("--plain", line.plain).flag("--json", line.json).value("--for", take_wait(line.lasts));
  known.value("--identity", [&line](const std::string& text) { return line.identity = text, std::string(); });
  known.value("--http", take_text(line.http)).value("--streams", take_file(line.streams));
  known.value("--codec", [&line](const std::string& text) -> std::string {
    line.codec = text;
    return built_in_codec(text) == nullptr ? "is not what the gateway speaks: mars and length-prefixed" : "";
  });
  known.value("--names", [&line](const std::string& text) -> std::string {
    line.names = split(text);
    return line.names.empty() ? "names nobody; write host names and addresses, like im.example.test,127.0.0.1" : "";
  });
  known.words("where to listen", [&line](const std::string& text) -> std::string {
    if (line.listen) return "'" + text + "' is a second place to listen; there is one";
    line.listen = text;
    return {};
  });
  const error wrong = known.read(words);
  if (wrong.status != THARSIS_OK) return wrong;
  line.help = known.help();
  return line;
}

void serve_arguments::apply(settings& s) const {
  if (listen) s.listen = *listen;
  if (http) s.http.listen = *http;
  if (codec) s.codec = *codec;
  if (!names.empty()) s.names = names;
  s.open = s.open || open;
  s.plain_allowed = s.plain_allowed || plain;
}

const std::string_view serve_help =
    "tharsis stn serve [ENDPOINT] [OPTION]...\n"
    "  Runs the gateway alone, without a profile: the reference server for stn, for trying clients. It answers command 100\n"
    "  with the body that it got, and the messages of Mars' sample. ENDPOINT is tcps://ADDRESS:PORT or tcp://ADDRESS:PORT;\n"
    "  without it tcps://127.0.0.1:17443; port 0 takes any free one. Where it listens is printed first.\n"
    "  --http ENDPOINT  take tasks of short links too, as POSTs to http://ADDRESS:PORT/mars/echo and the like, or https://...\n"
    "  --streams DIR    take large bodies into this folder, and give them: tharsis stn upload, download\n"
    "  --codec NAME     how clients write their frames: mars (the default) or length-prefixed\n"
    "  --identity DIR   the folder with its certificates for tcps://; made there, and used again while they fit. Clients\n"
    "                   trust DIR/ca.pem (--ca). Without it: `gateway` in the state folder\n"
    "  --names LIST     what the certificate is for (localhost,127.0.0.1)\n"
    "  --for TIME       end after so long, like 10s; else Ctrl-C\n"
    "  --open           other machines may reach it; --plain: also without TLS\n"
    "  --json           print where it listens as a JSON object: listening, codec, ca, http where that is wished\n"
    "  --set KEY=VALUE  a setting of the gateway, like work=50ms or codec_settings.prefix=2\n"
    "  Exit codes: 0 it was stopped, 1 it could not listen, 2 the command is wrong.";

}  // namespace tharsis::gateway

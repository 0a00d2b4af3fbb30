#include "plugins/dns/serve_line.h"

#include "plugins/dns/server_options.h"
#include "sdk/pure/option_values.h"

namespace tharsis::dns {

const std::string_view serve_help =
    "usage: tharsis dns serve [OPTION...]\n"
    "Answers names on this machine, for programs and web views that cannot ask the plugin, until it is interrupted.\n"
    "  --listen IP:PORT  over UDP and TCP; 127.0.0.1:5300 where neither this nor --https is there\n"
    "  --https IP:PORT   as DNS over HTTPS at /dns-query, with HTTP/2 or 1.1; needs\n"
    "  --cert FILE       its certificate, then those between it and the authority, and\n"
    "  --key FILE        the key of it, both PEM\n"
    "  --open            other machines may ask, too: addresses other than of loopback are allowed above\n"
    "  --server SERVER   ask it, and nobody but those that are named so, as dns resolve does; without one those of the settings,\n"
    "                    or the system's resolver\n"
    "  --mode MODE       strict, guarded or open; see dns resolve\n"
    "  --ca FILE         who vouches for the servers, instead of those whom the system trusts\n"
    "  --for TIME        end after this: 10s\n"
    "What dns keeps in its state folder (--state) is read, and left as it is.\n"
    "  --json            one line of JSON with the places, once it listens\n"
    "exit code: 0 interrupted or time is over, 1 it could not listen, 2 the command is wrong";

result<serve_line> parse_serve_line(const std::vector<std::string>& words) {
  serve_line line;
  std::string listen, https;
  option_words known("dns serve");
  known.flag("--open", line.own.open).flag("--json", line.json);
  known.value("--listen", listen).value("--https", https);
  known.value("--cert", take_file(line.own.certificate)).value("--key", take_file(line.own.key)).value("--ca", take_file(line.ca));
  known.value("--for", take_wait(line.lasts));
  known.quiet_value("--server", take_server(line.servers)).value("--mode", take_mode(line.mode));
  if (const error wrong = known.read(words); wrong.status != THARSIS_OK) return wrong;
  line.help = known.help();
  if (line.help) return line;
  if (listen.empty() && https.empty()) listen = "127.0.0.1:5300";
  for (const auto& [text, to, name] : {std::tuple(&listen, &line.own.listen, "dns serve --listen"), std::tuple(&https, &line.own.https, "dns serve --https")}) {
    if (text->empty()) continue;
    const auto at = place_to_serve(*text, name, line.own.open, "add --open");
    if (!at) return at.failure();
    *to = *at;
  }
  if (line.own.https && (line.own.certificate.empty() || line.own.key.empty()))
    return known.wrong("--https needs a certificate that its clients trust: --cert FILE and --key FILE");
  if (!line.own.https && !(line.own.certificate.empty() && line.own.key.empty())) return known.wrong("--cert and --key are for --https, which is not there");
  return line;
}

}  // namespace tharsis::dns

#include "plugins/stn/core/fetch_arguments.h"

#include <utility>

#include "plugins/stn/core/link_line.h"
#include "sdk/pure/option_values.h"

namespace tharsis::stn {
namespace {

std::string take_url(const std::string& word, std::optional<url>& to) {
  if (to) return "one URL is fetched at a time; '" + word + "' is another";
  auto parsed = parse_url(word);
  if (!parsed) return parsed.failure().text;
  to = std::move(*parsed);
  return {};
}

std::string take_method(const std::string& text, std::optional<std::string>& to) {
  if (!http1::is_token(text) || text == "CONNECT") return http1::in_quotes(text) + " is no method to fetch with";
  to = text;
  return {};
}

std::string trimmed_value(std::string_view text) {
  while (!text.empty() && text.front() == ' ') text.remove_prefix(1);
  while (!text.empty() && text.back() == ' ') text.remove_suffix(1);
  return std::string(text);
}

// What it says of a field names it, and never shows its value: it may be a token.
std::string take_header(const std::string& text, http1::field_list& to) {
  const size_t colon = text.find(':');
  if (colon == std::string::npos) return "expected 'Name: value'; there is no colon";
  http1::field f{text.substr(0, colon), trimmed_value(std::string_view(text).substr(colon + 1))};
  if (!http1::is_token(f.name) || !http1::is_field_text(f.value)) return http1::in_quotes(f.name) + " cannot be sent so";
  if (http1::same_name(f.name, "Content-Length") || http1::same_name(f.name, "Transfer-Encoding"))
    return f.name + " is set by the client itself; leave it out";
  to.push_back(std::move(f));
  return {};
}

}  // namespace

result<fetch_arguments> parse_fetch_arguments(const std::vector<std::string>& words) {
  fetch_arguments line;
  std::optional<url> to;
  bool stay = false;
  option_words known("stn fetch");
  known.words("a URL", [&to](const std::string& word) { return take_url(word, to); });
  known.flag("--plain", line.plain).flag("--raw", line.raw).flag("--include", line.include).flag("--no-redirect", stay).flag("--json", line.json);
  known.flag("--http1.1", line.http1).flag("--http2", line.http2);
  known.quiet_value("--method", [&line](const std::string& text) { return take_method(text, line.method); });
  known.quiet_value("--header", [&line](const std::string& text) { return take_header(text, line.fields); });
  known.quiet_value("--proxy", take_proxy(line.through));
  known.value("--data", take_text(line.data)).value("--data-file", take_file(line.data_file));
  known.value("--output", take_file(line.output)).value("--ca", take_file(line.ca)).value("--timeout", take_patience(line.timeout));
  if (error wrong = known.read(words); wrong.status != THARSIS_OK) return wrong;
  line.help = known.help();
  if (line.help) return line;
  if (!to) return known.wrong_see_help("name a URL, like https://www.example.com/.");
  if (line.data && line.data_file) return known.wrong("--data and --data-file exclude each other");
  if (line.http1 && line.http2) return known.wrong("--http1.1 and --http2 exclude each other");
  line.to = std::move(*to);
  line.redirect = !stay;
  return line;
}

const std::string_view fetch_help =
    "tharsis stn fetch URL [OPTION]...\n"
    "  Sends one HTTP request as plugins do with tharsis.http/1, and prints the body of the answer.\n"
    "  --method NAME       GET, or POST where there is data, unless said\n"
    "  --header 'N: V'     a field of the request's head; as often as wanted\n"
    "  --data TEXT         the request's body\n"
    "  --data-file FILE    the same from a file\n"
    "  --output FILE       where the answer's body goes; the file is there only once it is whole\n"
    "  --include           print the answer's head too\n"
    "  --ca FILE           trust the authorities in this PEM file, and nobody else\n"
    "  --proxy URL         go through http://[USER:PASSWORD@]HOST:PORT, https://... or socks5://...; others can read the\n"
    "                      password in the list of processes: --set http.proxy=... can, too\n"
    "  --plain             http:// may leave this machine, unencrypted\n"
    "  --no-redirect       a redirect is the answer\n"
    "  --raw               no compressed body is asked for, and none is unpacked\n"
    "  --http1.1, --http2  speak that and nothing else; http:// with --http2: the server must know\n"
    "  --timeout T         for all together (5m)\n"
    "  --json              print one JSON object: url, status (ok, timeout ...), http_status, http_version,\n"
    "                      redirects, bytes, the times in microseconds, headers as [name, value] pairs, body where there is no --output, reason\n"
    "  --set KEY=VALUE     a setting of stn, like http.redirects=3\n"
    "  Exit codes: 0 an answer with a status below 400 came whole, 1 not so, 2 the command is wrong.\n";

}  // namespace tharsis::stn

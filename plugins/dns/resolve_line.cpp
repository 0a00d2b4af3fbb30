#include "plugins/dns/resolve_line.h"

#include "plugins/dns/core/findings.h"
#include "plugins/dns/server_options.h"
#include "sdk/pure/option_values.h"

namespace tharsis::dns {

const std::string_view resolve_help =
    "usage: tharsis dns resolve NAME... [OPTION...]\n"
    "The addresses of each name in the order to try them, where they came from, what was refused and how long it took.\n"
    "  --server SERVER   ask it, and nobody but those that are named so: udp://IP:PORT, tcp://IP:PORT, tls://IP:PORT#NAME,\n"
    "                    https://IP:PORT/dns-query#NAME, tencent://IP?token=FILE#NAME, aliyun://IP/ACCOUNT?secret=FILE#NAME,\n"
    "                    system; as often as you like\n"
    "  --mode MODE       strict: believe only servers that prove their name (tls, https); guarded: they decide, and where none\n"
    "                    answers what most others say counts, not proven; open: the first answer counts\n"
    "  --type TYPE       A, AAAA, or records: HTTPS, SVCB, TXT, CNAME, NS, MX, SOA, PTR, SRV\n"
    "  -4, -6            only addresses of this family\n"
    "  --ca FILE         who vouches for the servers, instead of those whom the system trusts\n"
    "  --table FILE      a signed table, whose names need no server; with --table-key PUB: who may have signed it\n"
    "  --hosts FILE      a file like /etc/hosts, whose names need no server\n"
    "  --deadline TIME   for the servers' answers to one name: 1500ms\n"
    "  --explain         wait for all servers, and tell what each has said\n"
    "  --json            one line of JSON for each name\n"
    "Without --server, --type and --explain it is the answer that a plugin gets: also from what dns keeps, and its last resort.\n"
    "exit code: 0 each name has what was asked for, 1 one has not, 2 the command is wrong";

const std::string_view trace_help =
    "usage: tharsis dns trace NAME... [OPTION...]\n"
    "How the answer for each name comes about: who is asked, who says what after how long, when enough is known, who gives\n"
    "which address, what is refused and why. All servers are waited for.\n"
    "Options are those of dns resolve: --server, --mode, --type, -4, -6, --ca, --deadline, --json\n"
    "exit code: 0 each name has what was asked for, 1 one has not, 2 the command is wrong";

result<resolve_line> parse_resolve_line(const std::vector<std::string>& words, const std::string& command) {
  resolve_line line;
  bool four = false, six = false;
  option_words known(command);
  known.flag("-4", four).flag("-6", six).flag("--json", line.json).flag("--explain", line.explain);
  known.words("a name", line.names);
  known.value("--ca", take_file(line.ca)).value("--table", take_file(line.table));
  const auto add_to = [](std::vector<std::string>& list) { return [&list](const std::string& f) { return f.empty() ? std::string("is no file's name") : (list.push_back(f), std::string()); }; };
  known.value("--table-key", add_to(line.table_keys)).value("--hosts", add_to(line.hosts));
  known.quiet_value("--server", take_server(line.servers)).value("--mode", take_mode(line.mode));
  known.value("--type", [&](const std::string& text) -> std::string {
    line.kind = type_number(text);
    return line.kind != 0 ? "" : "is no type of records that is known here; there are A, AAAA, HTTPS, SVCB, TXT, CNAME, NS, MX, SOA, PTR and SRV";
  });
  known.value("--deadline", [&](const std::string& text) { return line.deadline.emplace(), take_patience(*line.deadline)(text); });
  if (const error wrong = known.read(words); wrong.status != THARSIS_OK) return wrong;
  line.help = known.help();
  if (line.help) return line;
  if (line.names.empty()) return known.wrong_see_help("it needs a name.");
  if (line.table.empty() != line.table_keys.empty())
    return known.wrong(line.table.empty() ? "--table-key PUB needs --table FILE, the table that is to be signed with it" : "--table FILE needs --table-key PUB: whose signature would be good?");
  if (four && six) return known.wrong("-4 and -6 exclude each other; without them both families are asked for");
  line.family = four ? 4 : six ? 6 : 0;
  if (line.kind == type::a) line.family = 4, line.kind = 0;
  else if (line.kind == type::aaaa) line.family = 6, line.kind = 0;
  return line;
}

}  // namespace tharsis::dns
